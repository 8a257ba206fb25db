"""作业 9-1 ResNet 在 iChallenge-PM 上的分段衰减: at which step should the rate decay, and what does it bring?

./run.sh hw07                      ResNet-18 for 16 epochs and ResNet-50 for 14, without decay and with it
./run.sh hw07 --networks ResNet-18 --seeds 3       three runs of the faster one alone
./run.sh hw07 --full --seeds 3     40 epochs of both, three runs each

Unlike in the course the training pictures are mirrored at random; --plain leaves them as they are. ResNet-18's loss,
the mean of three runs, has not levelled off after 16 epochs, so that its rate decays half-way, at step 320; it is right
on 97.1 % ± 0.4 of the 400 test pictures, without decay on 95.3 % ± 0.9 (n = 3), and in the mean of the epochs after the
decay, at most five, on 97.0 against 96.3 %. ResNet-50 was trained once, with decay at step 440: 95.5 against 94.25 %,
in the later epochs 95.5 against 95.5. In float32 on one thread (2 cores AMD EPYC with AVX2, Paddle 3.3.1), others
beside it, a run of ResNet-18 took 31 to 44 minutes, of ResNet-50 69 and 109. The pictures at hand were 224 x 224
already. The data lie behind a login; data/README.md says where they go.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from paddle_course import answers, batches, runtime, training
from paddle_course.answers import Answer, Lab, Result, Table, Trained
from paddle_course.config import RunConfig, flag
from paddle_course.training import plateau

TITLE = ("眼底筛查：ResNet 的分段学习率衰减", "Fundus pictures: ResNet, and when its rate should decay")
DATA, RATE, FACTOR = "iChallenge-PM, 400 / 400", 0.001, 0.1  # the course's rate, with a momentum of 0.9
NETS = {"ResNet-18": ("resnet18-imagenet", 16), "ResNet-50": ("resnet50-imagenet", 14)}  # and their epochs
PUBLISHED = {
    "AlexNet": 0.925,
    "VGG": 0.9475,
    "GoogLeNet, last epoch": 0.8575,
    "GoogLeNet, best epoch": 0.94,
    "the course's ResNet-50": 0.93,
    "a student's ResNet": 0.9675,
}
# The rule once more with one of its settings changed: if the step moves a lot, it is no property of the curve.
RULES = {
    "the rule": {},
    "no median": {"window": 1},
    "median of five": {"window": 5},
    "two epochs": {"patience": 2},
    "four epochs": {"patience": 4},
    "2 %": {"least": 0.02},
    "10 %": {"least": 0.1},
}
STEADY, DECAY, SMOOTH, LAST = "constant rate", "decay", "median of three epochs", 5


@dataclass(frozen=True)
class Config(RunConfig):
    seeds: int = flag(1, "runs of each setting", least=1)
    batch_size: int = flag(10, "pictures per update", least=1)
    networks: tuple[str, ...] = flag((), "which of them; empty = both", tuple(NETS))
    plain: bool = flag(False, "no mirrored pictures in the training, as in the course")


def networks(lab: Lab) -> list[str]:
    """Those asked for by --networks."""
    return [name for name in NETS if name in (lab.config.networks or NETS)]


def pictures(lab: Lab, split: str, seed: int = 0) -> batches.Batches:
    """Pixels in -1..1, blue first; a left eye mirrored is a right eye. With --smoke only every fourth pixel."""
    images, learnt = lab.images("fundus", split).thinned(4 if lab.config.smoke else 1), split == "train"
    change = (batches.flip,) if learnt and not lab.config.plain else ()
    return batches.Batches(images, lab.config.batch_size if learnt else 50, seed, change, shuffle=learnt)


def rate(boundaries: Sequence[int]) -> training.schedules.Schedule:
    """A tenth of the course's rate from the first boundary on, a hundredth from the second."""
    values = [RATE * FACTOR**i for i in range(len(boundaries) + 1)]
    return partial(training.schedules.piecewise, boundaries=boundaries, values=values)


def train(lab: Lab, name: str, seed: int, boundaries: Sequence[int] = ()) -> Trained:
    """One network, once. The last epoch counts, not the best on the test pictures."""
    model, own = NETS[name]
    epochs = lab.epochs(own, smoke=4, full=40)
    kind = "-".join(["decay", *map(str, boundaries)]) if boundaries else "constant"
    settings = {"loss": training.losses.binary_cross_entropy, "held_out": {"test": pictures(lab, "validation")}}
    net, phase = lab.model(model, seed, classes=1), training.Phase(epochs, "momentum", rate(boundaries))
    return lab.fit(f"{name.lower()}-{kind}-{seed}", net, pictures(lab, "train", seed), [phase], **settings)


class Steady(NamedTuple):
    """A network at a constant rate, once for every seed, and what its mean loss by epoch tells."""

    trained: list[Trained]
    loss: np.ndarray  # of each epoch
    still: int | None  # epochs after which it has levelled off
    epochs: tuple[int, int]  # after which the rate decays
    per: int  # steps in an epoch

    @property
    def boundaries(self) -> list[int]:
        """The same in steps."""
        return [self.per * epoch for epoch in self.epochs]


def steady(lab: Lab, name: str) -> Steady:
    if lab.config.epochs == 1:
        raise runtime.UserError("--epochs 1: in a single epoch the rate cannot decay; name 2 or more")
    trained = [train(lab, name, seed) for seed in lab.seeds]
    _, loss, _ = answers.mean_by_epoch(trained, "train_loss")
    still = plateau.start(loss)
    return Steady(trained, loss, still, plateau.decays(still, len(loss)), trained[0].result.epochs[0]["step"])


def when(lab: Lab) -> Answer:
    """作业 9-1 使用分段衰减的方式，衰减系数为 0.1，根据 ResNet 目前的训练情况，应该在训练到多少步的时候设置衰减合适？
    Piecewise decay by 0.1: judging from the training so far, at which step should the rate decay?"""
    nets = networks(lab)
    found, rows, charts, beyond = {name: steady(lab, name) for name in nets}, [], [], {}
    for name, each in found.items():
        smooth, (first, second) = plateau.smoothed(each.loss), each.boundaries
        there = [round(float(smooth[place]), 4) for place in (0, each.epochs[0] - 1, -1)]
        beyond[name] = there[1:]
        rows.append((name, len(each.loss), each.still, first, second, *there))
        steps = each.per * np.arange(1, len(each.loss) + 1)
        series = {"training loss": (steps, each.loss), SMOOTH: (steps, smooth)}
        charts.append(answers.Chart(series, "step", "loss", name, dashed=[SMOOTH], marks={"decay": first}))
    header = ("", "epochs", "level after", "first decay, step", "second", "loss at first", "at the decay", "at the end")
    others = {rule: [plateau.start(each.loss, **RULES[rule]) for each in found.values()] for rule in RULES}
    return Answer.of(
        Table("Where the training loss levels off at a constant rate", header, tuple(rows), f"Losses: {SMOOTH}."),
        answers.panels("still", "Training loss at a constant rate, and the first decay", charts),
        Table(
            "Level after so many epochs, by other rules",
            ("", *nets),
            tuple((rule, *each) for rule, each in others.items()),
        ),
        *(Result(f"{name}, first decay", "step", each.boundaries[0], data=DATA) for name, each in found.items()),
        found=found,
        runs=len(lab.seeds),
        beyond=beyond,
        others={name: [each[i] for each in list(others.values())[1:]] for i, name in enumerate(nets)},
    )


def retrain(lab: Lab) -> Answer:
    """请设置好学习率衰减方式，在眼疾识别数据集 iChallenge-PM 上重新训练 ResNet 模型。
    Set the decay of the rate and train ResNet on iChallenge-PM again."""
    nets, runs, figures, same, late = networks(lab), {}, [], {}, {}
    for name in nets:
        before = steady(lab, name)
        after = [train(lab, name, seed, before.boundaries) for seed in lab.seeds]
        runs |= {f"{name}, {STEADY}": before.trained, f"{name}, {DECAY}": after}
        late[name] = min(LAST, len(before.loss) - before.epochs[0])  # what was before the decay tells nothing of it
        pair, caption = {STEADY: before.trained[0], DECAY: after[0]}, f"{name} at a constant rate and with decay"
        rates, marks = {STEADY: rate(()), DECAY: rate(before.boundaries)}, {"decay": before.boundaries[0]}
        figures.append(answers.with_rates(name.lower(), caption, pair, rates, marks))
        both, until = (before.trained, after), before.epochs[0]
        one, other = ([answers.by_epoch(each, "loss")["train"][1][:until] for each in trained] for trained in both)
        same[name] = one == other
    test = pictures(lab, "validation")
    screening = answers.screen("As a test for pathologic myopia", runs, test, DATA)
    ours = {name: screening.means[f"{name}, {DECAY}"]["test accuracy"] for name in nets}
    only = {name: screening.only(f"{name}, {DECAY}", f"{name}, {STEADY}") for name in nets}
    wrong = screening.mistakes(shown := f"{nets[0]}, {DECAY}")
    titles = [f"{test.data.classes[test.data.labels[i]]}\n{100 * p:.0f} %" for i, p in wrong]
    return Answer.of(
        screening,
        *figures,
        endings := answers.endings(
            "Test accuracy by the epoch that one believes", runs, {run: late[run.partition(",")[0]] for run in runs}
        ),
        against := answers.against("Published accuracies beside ours", ours, len(test.data), PUBLISHED, 400),
        answers.pictures(
            "mistakes",
            f"The surest mistakes of {shown}: what is true (PM: pathologic myopia), how probable it held PM",
            [test.data.images[i][..., ::-1] for i, _ in wrong],
            titles,
        ),
        screening=screening,
        endings=endings,
        against=against,
        ours=ours,
        only=only,
        luck={name: training.metrics.sign_test(*each) for name, each in only.items()},
        same=same,
        late=late,
        runs=len(lab.seeds),
        plain=lab.config.plain,
    )


QUESTIONS = {1: when, 2: retrain}
HEADLINES = {2: "ResNet-18, decay, test accuracy", 1: "ResNet-18, first decay"}  # the first stands for all
FIRST_ZH = "ResNet-18，分段学习率衰减：测试准确率"

main = partial(answers.homework, Config, TITLE, QUESTIONS)

if __name__ == "__main__":
    sys.exit(runtime.run(main))
