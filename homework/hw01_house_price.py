"""作业 1-1、4-1 用深度学习完成房价预测模型；4-2 用 Python 与用飞桨编写的异同: house prices, by hand and with Paddle.

./run.sh hw01                    both questions
./run.sh hw01 --lucky-record     judged as the notebook does, by one row; --leak and --random-split change other habits

On the course's split least squares has a test MSE of 32.8, the mean of the training prices one of 93.3; the unit is
(1000 dollars)² throughout.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from paddle_course import answers, batches, runtime, training
from paddle_course.answers import Answer, Figure, Lab, Result, Table, Trained
from paddle_course.batches import Split
from paddle_course.config import RunConfig, flag

if TYPE_CHECKING:
    from paddle import nn

TITLE = ("波士顿房价预测", "House prices in Boston")
DATA, UNIT = "Boston housing, 404 / 102", "test MSE in (1000 dollars)²"
COURSE, CHOOSING, LUCKY = 404, 323, -10  # where the course cuts; where that is cut to choose by; the notebook's row


class Network(NamedTuple):
    """Layer sizes and a training: SGD at a constant rate, AdamW down half a cosine wave."""

    sizes: tuple[int, ...]
    optimizer: str
    lr: float
    epochs: int
    batch: int

    def __str__(self) -> str:
        return f"{self.optimizer} {self.lr}, {self.epochs} epochs, batches of {self.batch}"


MEAN, SQUARES, NOTEBOOK, LONGER, MLP = "mean price", "least squares", "linear, notebook", "linear, longer", "mlp-64-32"
BASELINES = {MEAN: training.baselines.mean, SQUARES: training.baselines.least_squares}
NETWORKS = {
    NOTEBOOK: Network((13, 1), "sgd", 0.01, 10, 10),
    LONGER: Network((13, 1), "sgd", 0.1, 100, 10),
    "mlp-64": Network((13, 64, 1), "adamw", 0.01, 100, 32),
    MLP: Network((13, 64, 32, 1), "adamw", 0.01, 100, 32),
    "mlp-128-64": Network((13, 128, 64, 1), "adamw", 0.01, 100, 32),
}
LEARNING = "Test MSE while training; the band is one standard deviation over the runs"
SHOWN, CANDIDATES = (NOTEBOOK, LONGER, MLP), ("mlp-64", MLP, "mlp-128-64")


@dataclass(frozen=True)
class Config(RunConfig):
    seeds: int = flag(10, "question 1: runs of each network on the course's split", least=1)
    splits: int = flag(20, "question 1: random splits that the best network is measured on", least=2)
    linear_epochs: int = flag(50, "question 2: epochs of the two linear models", least=1)
    lucky_record: bool = flag(False, "a mistake: judge by the one test row that the notebook shows")
    leak: bool = flag(False, "a mistake: scale with the statistics of all rows, as paddle.text.UCIHousing does")
    random_split: bool = flag(False, "shuffle the rows before they are cut into 404 and 102")


def course(lab: Lab, leak: bool = False) -> list[Split]:
    """The course's split, once for every run."""
    return [batches.cut(lab.rows("housing"), COURSE, "course", seed, leak) for seed in lab.seeds]


def random(lab: Lab, leak: bool = False) -> list[Split]:
    """Random splits of the same sizes."""
    first, count = lab.config.seed, 2 if lab.config.smoke else lab.config.splits
    return [batches.shuffle_and_cut(lab.rows("housing"), COURSE, first + i, leak) for i in range(count)]


def train(lab: Lab, name: str, split: Split) -> Trained:
    """A network trained on one half of a split and tested on the other."""
    sizes, optimizer, lr, epochs, size = NETWORKS[name]
    epochs = 1 if lab.config.smoke else lab.config.epochs or epochs
    split = split._replace(learn=replace(split.learn, size=size))
    rate = partial(training.schedules.constant, lr=lr)
    if optimizer == "adamw":
        rate = partial(training.schedules.cosine, peak=lr, steps=epochs * len(split.learn))
    return answers.regression(lab, name.replace(", ", "-"), split, sizes, training.Phase(epochs, optimizer, rate))


def prices(lab: Lab, name: str, split: Split) -> np.ndarray:
    """What a baseline or a network says of the test rows, float64 (N, 1) in thousands of dollars."""
    if name in BASELINES:
        return BASELINES[name](split.learn.data, split.judge.data)
    return split.judge.unscaled(training.predict(train(lab, name, split).net, split.judge)[0])


def error(said: np.ndarray, split: Split, lucky: bool = False) -> float:
    """The mean squared error over the test rows, or that of the notebook's one row."""
    squares = (said - split.judge.data.targets) ** 2
    return float(squares[LUCKY, 0] if lucky else squares.mean())


def errors(lab: Lab, names: Iterable[str], splits: Sequence[Split], lucky: bool = False) -> dict[str, list[float]]:
    """The errors of each of these on each split."""
    return {name: [error(prices(lab, name, split), split, lucky) for split in splits] for name in names}


def by_hand(weight: np.ndarray, bias: np.ndarray, data: batches.RowBatches, epochs: int, lr: float) -> Iterator:
    """Linear regression in NumPy: weight (13, 1) and bias (1,) after every epoch."""
    for epoch in range(epochs):
        for x, y in data.epoch(epoch):
            difference = x @ weight + bias - y  # (B, 1)
            weight_gradient = 2 * x.T @ difference / len(x)  # of the mean of difference²
            bias_gradient = 2 * difference.mean(0)
            weight = weight - lr * weight_gradient
            bias = bias - lr * bias_gradient
        yield weight, bias


def with_paddle(net: nn.Layer, data: batches.RowBatches, epochs: int, lr: float) -> Iterator:
    """The same in Paddle, for a network of any depth: its params after every epoch."""
    import paddle

    optimizer = paddle.optimizer.SGD(lr, parameters=net.parameters())
    for epoch in range(epochs):
        for x, y in data.epoch(epoch):
            loss = paddle.nn.functional.mse_loss(net(paddle.to_tensor(x)), paddle.to_tensor(y))
            loss.backward()
            optimizer.step()
            optimizer.clear_grad()
        yield tuple(each.numpy().copy() for each in net.parameters())


def predict_prices(lab: Lab) -> Answer:
    """作业 1-1、4-1 用深度学习完成房价预测模型
    Predict house prices with deep learning: how good are the predictions really?"""
    leak, lucky, many = lab.config.leak, lab.config.lucky_record, random(lab, lab.config.leak)
    splits = many[: len(lab.seeds)] if lab.config.random_split else course(lab, leak)
    different = splits if lab.config.random_split else splits[:1]  # on one split a baseline has one error
    found = errors(lab, BASELINES, different, lucky) | errors(lab, SHOWN, splits, lucky)
    worse = {name: int(np.sum(np.array(found[name]) > found[MEAN])) for name in SHOWN}
    inner = [batches.cut(s.learn.data, CHOOSING, f"{s.name}-choosing", s.seed, leak) for s in many]
    chosen = errors(lab, CANDIDATES, inner)
    best = min(CANDIDATES, key=lambda name: float(np.mean(chosen[name])))
    honest = errors(lab, (*BASELINES, best), many, lucky)
    curves = {name: answers.mean_by_epoch([train(lab, name, s) for s in splits], "test_mse") for name in SHOWN}
    flat = {name: np.mean(each) for name, each in errors(lab, BASELINES, different).items()}
    flat = {name: ((1, NETWORKS[MLP].epochs), (each, each)) for name, each in flat.items()}
    shift = answers.covariate_shift(*(half.data for half in course(lab)[0][2:]))
    habits, ways = measured_otherwise(lab)
    switches = [
        name.replace("_", "-") for name in ("lucky_record", "leak", "random_split") if getattr(lab.config, name)
    ]
    results = {f"{name}, {splits[0].name} split": each for name, each in found.items()}
    results |= {f"{name}, random splits": each for name, each in honest.items()}
    rows = [
        (name, str(NETWORKS.get(name, "–")), answers.mean_sd(each), worse.get(name)) for name, each in found.items()
    ]
    note = "Chosen by rows held out of the training half: " + "; ".join(
        f"{n} {answers.mean_sd(e)}" for n, e in chosen.items()
    )
    lines = tuple((name, answers.mean_sd(each), min(each), max(each)) for name, each in honest.items())
    options = {"logx": True, "logy": True, "dashed": tuple(flat)}
    return Answer.of(
        Table(
            f"The {splits[0].name} split, {UNIT}",
            ("model", "trained with", "error", "runs above the mean price"),
            tuple(rows),
        ),
        Table(f"{len(many)} random splits, {UNIT}", ("model", "error", "best split", "worst split"), lines, note),
        *habits,
        shift,
        answers.curves("epochs", LEARNING, curves | flat, "epoch", "test MSE", **options),
        *(
            Result(name, "test MSE", *answers.spread(e), len(e), data=DATA)
            for name, e in results.items()
            if not switches
        ),
        mean={name: float(np.mean(each)) for name, each in found.items()},
        text={name: answers.mean_sd(each) for name, each in found.items()},
        honest={name: float(np.mean(each)) for name, each in honest.items()},
        honest_text={name: answers.mean_sd(each) for name, each in honest.items()},
        worse=worse[NOTEBOOK],
        best=best,
        runs=len(splits),
        splits=len(many),
        shift=shift,
        ways=ways,
        switches=switches,
    )


def measured_otherwise(lab: Lab) -> tuple[list[Table | Figure], dict[str, Any]]:
    """What each switch makes of the same model, before and after, whichever of them are on."""
    splits = course(lab)
    said = [prices(lab, NOTEBOOK, each) for each in splits]
    luckiest = min(said, key=lambda each: error(each, splits[0], lucky=True))
    one, everywhere = error(luckiest, splits[0], lucky=True), error(luckiest, splits[0])
    plain, leak = (errors(lab, [NOTEBOOK], each)[NOTEBOOK] for each in (splits, course(lab, leak=True)))
    filed, shuffled = (errors(lab, [SQUARES], each)[SQUARES] for each in (splits[:1], random(lab)))
    luck = (f"{everywhere:.1f}", f"{one:.3f}")
    rows = (
        ("--lucky-record", "judge by the notebook's one row", f"{NOTEBOOK}, luckiest run", *luck),
        ("--leak", "scale with the statistics of all rows", NOTEBOOK, answers.mean_sd(plain), answers.mean_sd(leak)),
        (
            "--random-split",
            "shuffle the rows before cutting",
            SQUARES,
            answers.mean_sd(filed),
            answers.mean_sd(shuffled),
        ),
    )
    true = splits[0].judge.data.targets
    order = np.argsort(true[:, 0], kind="stable")
    ranks, row = np.arange(1, 1 + len(order)), 1 + int(np.flatnonzero(order == len(order) + LUCKY)[0])
    series = {"true price": (ranks, true[order, 0]), f"{NOTEBOOK}, luckiest run": (ranks, luckiest[order, 0])}
    axes = ("test rows, from the cheapest to the dearest", "thousand dollars")
    ways = {"one": one, "everywhere": everywhere, "said": luckiest[LUCKY, 0], "true": true[LUCKY, 0]}
    ways |= {"plain": answers.mean_sd(plain), "leak": answers.mean_sd(leak), "leaked": np.mean(leak) - np.mean(plain)}
    ways |= {"filed": filed[0], "shuffled": np.mean(shuffled), "shuffled_text": answers.mean_sd(shuffled)}
    table = Table(f"What the switches change, {UNIT}", ("switch", "what it does", "model", "before", "after"), rows)
    return [
        table,
        answers.curves("lucky", "What the one row hides", series, *axes, marks={"the notebook's row": row}),
    ], ways


def compare_programs(lab: Lab) -> Answer:
    """作业 4-2 Python 编写的模型和基于飞桨编写的模型在哪些方面存在异同（程序结构、编写难易度、预测效果、训练耗时）
    How do the model in plain Python and the one in Paddle compare: structure, difficulty, quality, time?"""
    split, linear, net = course(lab)[0], NETWORKS[LONGER], partial(lab.model, "mlp", lab.config.seed)
    epochs = 2 if lab.config.smoke else lab.config.epochs or lab.config.linear_epochs
    learn, timed = replace(split.learn, size=linear.batch, seed=split.seed), answers.timed
    start = [each.numpy() for each in net(sizes=linear.sizes).parameters()]
    hand, by_hand_seconds = timed(lambda: by_hand(*start, learn, epochs, linear.lr), times=3)
    same, paddle_seconds = timed(lambda: with_paddle(net(sizes=linear.sizes), learn, epochs, linear.lr), times=3)
    deep = net(sizes=NETWORKS["mlp-64"].sizes)
    _, deep_seconds = timed(lambda: with_paddle(deep, learn, epochs, linear.lr))
    apart = [max(np.abs(a - b).max() for a, b in zip(*pair, strict=True)) for pair in zip(hand, same, strict=True)]
    x = np.concatenate([inputs for inputs, _ in split.judge.epoch(0)])
    said = [x @ weight + bias for weight, bias in (hand[-1], same[-1])] + [training.predict(deep, split.judge)[0]]
    mse = [error(split.judge.unscaled(each), split) for each in said]
    took, lines = (
        (by_hand_seconds, paddle_seconds, deep_seconds),
        [answers.code_lines(each) for each in (by_hand, with_paddle, with_paddle)],
    )
    bases = {name: each[0] for name, each in errors(lab, BASELINES, [split]).items()}
    rows = (
        ("lines of code", *lines),
        ("gradients worked out by hand", 2, 0, 0),
        (f"seconds, {epochs} epochs", *(f"{each:.2f}" for each in took)),
        ("microseconds per update", *(round(1e6 * each / epochs / len(learn)) for each in took)),
        (UNIT, *(f"{each:.2f}" for each in mse)),
    )
    note = "; ".join(f"{name}: {each:.1f}" for name, each in bases.items())
    return Answer.of(
        Table(
            "Linear regression twice, and what a hidden layer changes",
            ("", "NumPy by hand", "Paddle", "Paddle, hidden 64"),
            rows,
            note,
        ),
        answers.curves(
            "apart",
            "Largest difference between the params of the two linear models",
            {"difference": (np.arange(1, epochs + 1), apart)},
            "epoch",
            "difference",
            logy=True,
        ),
        Result("NumPy and Paddle, params after each epoch", "largest difference", float(max(apart)), data=DATA),
        apart=float(max(apart)),
        epochs=epochs,
        updates=epochs * len(learn),
        lines=lines,
        took=took,
        mse=mse,
        bases=bases,
    )


QUESTIONS = {1: predict_prices, 2: compare_programs}


def main(argv: Sequence[str] | None = None) -> None:
    answers.homework(Config, TITLE, QUESTIONS, argv)


if __name__ == "__main__":
    sys.exit(runtime.run(main))
