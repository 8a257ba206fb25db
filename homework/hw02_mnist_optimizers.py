"""作业 5-1、5-3 不同优化算法、不同学习率的效果；5-2 常见的卷积神经网络有哪些: five optimizers at five rates on MNIST.

./run.sh hw02                          all three; the grid is 25 trainings of about a minute each
./run.sh hw02 --question 3 --rates 0.1,0.01          the grid for other rates
./run.sh hw02 --full                   24 epochs a training in place of 8
./run.sh board runs/hw02/real          the same trainings on VisualDL's page for hyper-parameters

The network is LeNet: small enough for 25 trainings, good enough for 99 %: at its best rate Adam reads 99.20 % ± 0.04 of
the test digits, AdamW 99.20 ± 0.06, momentum 99.17 ± 0.05, SGD 98.93 ± 0.09, Adagrad 98.79 ± 0.16 (n = 3). The grid was
meant to take 15 minutes and took 27 on two cores with AVX2 alone, other work beside it (AMD EPYC, Paddle 3.3.1). At the
speeds of docs/cpu.md its 10.8 million digits take 19 minutes there and 9 on two cores with AVX-512, where it was not
measured.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np

from paddle_course import answers, batches, models, readers, runtime, training
from paddle_course.answers import Answer, Grid, Lab, Result, Table, Trained
from paddle_course.config import RunConfig, flag

TITLE = ("MNIST：不同优化算法与不同学习率", "MNIST: optimizers and learning rates")
DATA = "MNIST, 54,000 / 6,000 / 10,000"
PARTS = ("train", "validation", "test")
OPTIMIZERS = ("sgd", "momentum", "adagrad", "adam", "adamw")
SAID = (0.001, 0.01)  # where students found the best rates


@dataclass(frozen=True)
class Config(RunConfig):
    rates: tuple[float, ...] = flag((0.1, 0.03, 0.01, 0.003, 0.001), "learning rates of the grid")
    batch_size: int = flag(128, "digits per update", least=1)
    seeds: int = flag(1, "runs of each optimizer's best cell", least=1)


def digits(lab: Lab, part: str, seed: int = 0) -> batches.Batches:
    """The digits of one of PARTS, pixels in -1..1; validation is a tenth of the training pictures, held out of them."""
    images = lab.images("mnist", "test" if part == "test" else "train")
    if part != "test":
        halves = readers.stratified_split(images.labels, 0.9, 0)
        images = images.take(halves[part == "validation"])
    learning = part == "train"
    return batches.Batches(images, lab.config.batch_size if learning else 500, seed, shuffle=learning)


def epochs(lab: Lab) -> tuple[int, int]:
    """Of every training: all of them, and those at the end in which the rate comes down."""
    count = lab.epochs(8, smoke=2, full=24)
    return count, max(1, round(3 / 8 * count))


def train(lab: Lab, optimizer: str, lr: float, seed: int, run: training.Run) -> Trained:
    """LeNet by one optimizer at one rate. It never meets the test pictures."""
    data, (count, down) = digits(lab, "train", seed), epochs(lab)
    rate = partial(training.schedules.level_then_down, lr=lr, steps=count * len(data), down=down * len(data))
    net, held = lab.model("lenet", seed), {"validation": digits(lab, "validation")}
    return lab.fit(run.name, net, data, [training.Phase(count, optimizer, rate)], held_out=held)


def cell(lab: Lab, optimizer: str, lr: float, seed: int) -> answers.Cell:
    labels, (count, down) = digits(lab, "validation").data.labels, epochs(lab)
    run, chance = lab.run(f"{optimizer}-{lr:g}-{seed}"), np.bincount(labels).max() / len(labels)
    return answers.attempt(run, partial(train, lab, optimizer, lr, seed), max(1, count - down), float(chance))


def grid(lab: Lab) -> Grid:
    """Every optimizer at every rate."""
    config, (count, down) = lab.config, epochs(lab)
    rates = sorted(set(config.rates), reverse=True)
    if not rates or rates[-1] <= 0:
        raise runtime.UserError(f"--rates {','.join(map(str, config.rates))}: name at least one, all above 0")
    if config.smoke:
        rates = rates[:: max(1, len(rates) - 1)]  # the highest and the lowest
    cells = {(name, lr): cell(lab, name, lr, config.seed) for name, lr in product(OPTIMIZERS, rates)}
    return answers.grid("Optimizers and rates", cells, DATA, f"{count} epochs, the last {down} down to 0")


def optimizers(lab: Lab) -> Answer:
    """作业 5-1 不同优化算法（SGD、Momentum、Adagrad、Adam、AdamW）的效果
    Optimizers: which is best, each at the rate that suits it?"""
    found, test = grid(lab), digits(lab, "test")
    chosen = {name: lr for name in OPTIMIZERS if (lr := found.best(name)) is not None}
    best = {name: found.cells[name, lr] for name, lr in chosen.items()}
    rows, results, tested, right, curves = [], [], {}, {}, {}
    for name, lr in chosen.items():
        runs = [one for seed in lab.seeds if (one := cell(lab, name, lr, seed)).trained]
        seen = [answers.right(each.trained.net, test) for each in runs]
        mean, sd = answers.spread([float(each.mean()) for each in seen])
        tested[name], right[name], interval = mean, seen[0], training.metrics.wilson(mean, len(test.data))
        minutes = float(np.mean([each.trained.result.minutes for each in runs]))
        shares = [f"{100 * each:.2f}" for each in (best[name].held, best[name].curve[-1], mean, *interval)]
        shares[2] += f" ± {100 * sd:.2f} (n = {len(runs)})" if sd is not None else ""
        rows.append((name, f"{lr:g}", *shares[:3], " to ".join(shares[3:]), round(minutes, 2)))
        results.append(Result(f"{name}, best rate", "learning rate", lr, data=DATA))
        results.append(Result(f"{name} at its best rate", "test accuracy", mean, sd, len(runs), minutes, DATA))
        curves[f"{name} {lr:g}"] = best[name].errors
    header = ("optimizer", "rate", "validation, rate held", "in the end", "test", "95 % interval", "minutes")
    note = "The rates were chosen by the last validation accuracy; of all cells only these ever met the test pictures."
    options = {"logy": True, "percent": True, "marks": {"down to 0": max(1, epochs(lab)[0] - epochs(lab)[1])}}
    caption = "Each optimizer at its best rate: share of wrong answers on the validation pictures"
    return Answer.of(
        Table("Each optimizer at its best rate, accuracies in %", header, tuple(rows), note),
        *([answers.curves("best", caption, curves, "epoch", "validation error", **options)] if curves else []),
        *results,
        chosen=chosen,
        tested=tested,
        same=answers.Paired(right),
        runs=len(lab.seeds),
        best=best,
        ended={name: each.curve[-1] for name, each in best.items()},
        failed=[name for name in OPTIMIZERS if name not in chosen],
    )


def shown(smoke: bool) -> list[str]:
    """The networks of question 2: all; in a smoke run the first of each kind, for the largest take seconds each."""
    kinds = {}
    for name, entry in models.MODELS.items():
        kinds.setdefault(entry.model, name)
    return list(kinds.values() if smoke else models.MODELS)


def networks(lab: Lab) -> Answer:
    """作业 5-2 常见的卷积神经网络有哪些
    The usual convolutional networks: how deep, how large, how costly, and what is the idea of each?"""
    found = answers.catalogue(shown(lab.config.smoke))
    counted = (Result(f"{name}, parameters", "parameters", count) for name, count in found.parameters.items())
    return Answer.of(found, *counted, found=found)


def rates(lab: Lab) -> Answer:
    """作业 5-3 不同学习率的效果
    Learning rates: which are good, where does a training oscillate, and where does it diverge?"""
    found = grid(lab)
    high, best = found.columns[0], {name: found.best(name) for name in OPTIMIZERS}
    judge, (count, down) = digits(lab, "validation"), epochs(lab)
    sides = {name: found.side(name, SAID, judge) for name in OPTIMIZERS}
    adams = [each for (name, _), each in found.cells.items() if name == "adam" and not each.mark]
    where = lab.directory.relative_to(runtime.ROOT) if lab.directory.is_relative_to(runtime.ROOT) else lab.directory
    return Answer.of(
        found,
        found=found,
        best=best,
        inside=[name for name in OPTIMIZERS if sides[name] == "inside"],
        outside={name: best[name] for name in OPTIMIZERS if sides[name] == "outside"},
        either=[name for name in OPTIMIZERS if sides[name] == "either"],
        judged=len(judge.data),
        constant=count > down,
        high=high,
        at_high={name: found.cells[name, high] for name in OPTIMIZERS},
        adam=max((each.held for each in adams), default=None),
        adam_end=max((each.curve[-1] for each in adams), default=None),
        command=f"./run.sh board {where}",
    )


QUESTIONS = {1: optimizers, 2: networks, 3: rates}
HEADLINES = {
    1: "adamw at its best rate",
    2: "resnet50-imagenet, parameters",
    3: "adam, 0.003, 8 epochs, the last 3 down to 0",
}
FIRST_ZH = "AdamW，取最佳学习率：测试准确率"

main = partial(answers.homework, Config, TITLE, QUESTIONS)

if __name__ == "__main__":
    sys.exit(runtime.run(main))
