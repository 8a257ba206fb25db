"""作业 8 在眼底筛查数据集 iChallenge-PM 上将 LeNet 的 Sigmoid 换成 ReLU: what changes, and is the slope to blame?

./run.sh hw06                            both questions: five networks of 10 epochs, three runs of each
./run.sh hw06 --single-logit-accuracy    judged as the course's evaluation() does, which is a mistake

The course's settings; the pictures at hand were 224 x 224 already. After 10 epochs sigmoid is right on 52.75 % of the
test ones, as the same answer for all is, ReLU on 93.1 % ± 1.8, sigmoid - 1/2 on 90.8 % ± 0.4, sigmoid behind batch norm
on 93.4 % ± 1.5, with weights drawn four times as widely as Glorot's on 52.75 % (n = 3). A run took 3 to 6 minutes on
one core of two (AMD EPYC with AVX2, Paddle 3.3.1), others beside it; all fifteen leave 4.4 GB on the disk. The data lie
behind a login; see data/README.md.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from paddle_course import answers, batches, models, runtime, training
from paddle_course.answers import Answer, Figure, Lab, Result, Table, Trained
from paddle_course.config import RunConfig, flag
from paddle_course.training import plateau

if TYPE_CHECKING:
    from paddle import nn

TITLE = ("眼底筛查：LeNet 的 Sigmoid 与 ReLU", "Fundus pictures: LeNet with sigmoid and with ReLU")
DATA, RATE = "iChallenge-PM, 400 / 400", 0.001  # the course's rate, with a momentum of 0.9
PUBLISHED = {"sigmoid": (0.5725, 0.5725), "ReLU": (0.9075, 0.925)}  # students', after 5 and 10 epochs
COURSE: dict[str, dict[str, Any]] = {"sigmoid": {}, "ReLU": {"activation": "relu"}}
# One thing is changed at a time: where the outputs lie, what comes before them, how widely the weights are drawn.
ARMS = COURSE | {
    "centred sigmoid": {"activation": "centred-sigmoid"},
    "batch norm, sigmoid": {"norm": True},
    "sigmoid, Glorot × 4": {"gain": 4.0},
}


@dataclass(frozen=True)
class Config(RunConfig):
    longer = False
    batch_size: int = flag(10, "pictures per update", least=1)
    single_logit_accuracy: bool = flag(False, "a mistake: paddle.metric.accuracy of one logit, on training pictures")


def pictures(lab: Lab, split: str, seed: int = 0) -> batches.Batches:
    """The course's batches: pixels in -1..1, blue first; with --smoke only every fourth pixel."""
    images, learnt = lab.images("fundus", split).thinned(4 if lab.config.smoke else 1), split == "train"
    return batches.Batches(images, lab.config.batch_size if learnt else 50, seed, shuffle=learnt)


def lenet(lab: Lab, arm: str, seed: int) -> nn.Layer:
    return lab.model("fundus-lenet", seed, side=pictures(lab, "train").shape[1], **ARMS[arm])


def train(lab: Lab, arm: str, seed: int) -> Trained:
    """One network at a constant rate. Nothing is chosen: the last epoch counts, not the best on the test pictures."""
    phase = training.Phase(lab.epochs(10, smoke=2), "momentum", partial(training.schedules.constant, lr=RATE))
    settings = {"loss": training.losses.binary_cross_entropy, "held_out": {"test": pictures(lab, "validation")}}
    return lab.fit(
        f"{answers.slug(arm)}-{seed}", lenet(lab, arm, seed), pictures(lab, "train", seed), [phase], **settings
    )


def trainings(
    lab: Lab, arms: Mapping[str, object], name: str
) -> tuple[dict[str, list[Trained]], answers.Readings, Figure]:
    """Each arm once for every seed, read after half of the epochs and after all, and their curves."""
    runs = {arm: [train(lab, arm, seed) for seed in lab.seeds] for arm in arms}
    last, flat, charts = len(runs["ReLU"][0].result.epochs), "always the same answer", []
    epochs, published = sorted({(last + 1) // 2, last}), PUBLISHED if last == 10 else None
    found = answers.read_at("LeNet on the fundus pictures", runs, epochs, DATA, published)
    for what, level in zip(("test_accuracy", "train_loss"), blind(lab), strict=True):
        series = {arm: answers.mean_by_epoch(trained, what) for arm, trained in runs.items()}
        series[flat] = ((1, last), (level, level))
        title = what.replace("_", " ")
        charts.append(answers.Chart(series, "epoch", title, percent="accuracy" in what, dashed=[flat]))
    return runs, found, answers.panels(name, "Epoch by epoch; the band is one standard deviation", charts)


def blind(lab: Lab) -> tuple[float, float]:
    """Test accuracy and training loss of whoever says the same of every picture."""
    return training.binary.blind(*(pictures(lab, split).data.labels for split in ("train", "validation")))


def outcome(lab: Lab) -> Answer:
    """作业 8 将 LeNet 中间层的激活函数 Sigmoid 换成 ReLU，在眼底筛查数据集上会得到什么样的结果？Loss 是否能收敛？
    Replace sigmoid by ReLU in LeNet: what comes out on the fundus pictures, and does the loss converge?"""
    (runs, found, figure), (same, entropy) = trainings(lab, COURSE, "outcome"), blind(lab)
    last, learnt = max(found.loss["ReLU"]), pictures(lab, "train")
    printed = {arm: training.scores.single_logit(*training.predict(runs[arm][0].net, learnt)) for arm in runs}
    shares = {arm: [runs[arm][0].result.final[f"{half}_accuracy"] for half in ("train", "test")] for arm in runs}
    rows = tuple((arm, f"{printed[arm]:.4f}", *(f"{share:.4f}" for share in shares[arm])) for arm in runs)
    header = ("first run of", "evaluation() prints", "right, training pictures", "right, test pictures")
    wrong = [Result(f"{arm}, --single-logit-accuracy", "accuracy", value, data=DATA) for arm, value in printed.items()]
    layers = answers.layers("LeNet for 224 × 224", answers.layer_table(models.build("fundus-lenet"), (3, 224, 224)))
    return Answer.of(
        *(wrong if lab.config.single_logit_accuracy else [found]),
        Table("--single-logit-accuracy: what evaluation() prints, and what is right", header, rows),
        figure,
        layers,
        found=found,
        same=same,
        entropy=entropy,
        epochs=tuple(found.loss["ReLU"]),
        last=last,
        runs=len(lab.seeds),
        count=len(pictures(lab, "validation").data),
        learnt={arm: found.loss[arm][last] < 0.9 * entropy for arm in runs},
        settled=plateau.rests(answers.mean_by_epoch(runs["sigmoid"], "train_loss")[1], entropy),
        printed=printed,
        published=training.metrics.wilson(PUBLISHED["sigmoid"][1], 400),
        negative=float((learnt.data.labels == 0).mean()),
        switch=lab.config.single_logit_accuracy,
        layers=layers,
    )


def cause(lab: Lab) -> Answer:
    """ReLU 和 Sigmoid 之间的区别是引起结果不同的原因吗？
    Is the difference between ReLU and sigmoid what makes the results differ?"""
    (runs, found, figure), (same, _) = trainings(lab, ARMS, "arms"), blind(lab)
    first, last = {arm: trained[0] for arm, trained in runs.items()}, max(found.loss["ReLU"])
    learnt, test = pictures(lab, "train", lab.config.seed), pictures(lab, "validation")
    fc1 = {arm: answers.signal(lenet(lab, arm, lab.config.seed).features, learnt, 4) for arm in runs}
    said = {arm: training.features(each.net, test) for arm, each in first.items()}
    spread, norms, rows = {arm: float(logits.std()) for arm, (logits, _) in said.items()}, {}, []
    for arm, each in first.items():
        conv, full = (answers.by_step(each, layer, "gradients")[1] for layer in ("features.conv1", "head.fc1"))
        norms[arm], share = (full[0], conv[0], conv[-1]), f"{100 * fc1[arm].common:.2f} %"
        rows.append((arm, round(fc1[arm].squares), share, *(f"{number:.3g}" for number in (*norms[arm], spread[arm]))))
    header = ("", "sum of squares", "in common", "fc1, step 1", "conv1, step 1", "conv1, last", "sd of the logit")
    return Answer.of(
        found,
        Table("What fc1 sees at first, norms of gradients, and the logit on the test pictures", header, tuple(rows)),
        figure,
        gradients := answers.layer_gradients(first),
        found=found,
        same=same,
        last=last,
        learnt={arm: found.interval[arm][last][0] > same for arm in runs},
        fc1=fc1,
        norms=norms,
        spread=spread,
        slope=float((4 * said["sigmoid"][1] * (1 - said["sigmoid"][1])).mean()),
        gradients=gradients,
        rate=RATE,
    )


QUESTIONS = {1: outcome, 2: cause}
HEADLINES = {1: "ReLU, 10 epochs", 2: "centred sigmoid, 10 epochs"}
FIRST_ZH = "ReLU，10 轮：测试准确率"

main = partial(answers.homework, Config, TITLE, QUESTIONS)

if __name__ == "__main__":
    sys.exit(runtime.run(main))
