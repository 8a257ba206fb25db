"""作业 1-1、4-1 用深度学习完成房价预测模型；4-2 用 Python 与用飞桨编写的异同: house prices, by hand and with Paddle.

./run.sh hw01                    both questions
./run.sh hw01 --lucky-record     judged as the notebook does, by one row; other mistakes: --leak, --sequential-split

On the course's split least squares has a test MSE of 32.8 (1000 dollars)², the mean price 93.3, the notebook's training
166.4 +- 125.2 and from zero weights 17.6 +- 0.3 (n = 10); over random splits mlp-128-64 has 9.9 +- 4.4, least squares
23.5 +- 5.6 (n = 20). The trainings took 11 minutes on one thread (2 cores AMD EPYC with AVX2, Paddle 3.3.1).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from paddle_course import answers, batches, runtime, training
from paddle_course.answers import Answer, Lab, Network, Result, Table
from paddle_course.batches import Split
from paddle_course.config import RunConfig, flag

if TYPE_CHECKING:
    from paddle import nn

TITLE = ("波士顿房价预测", "House prices in Boston")
DATA, METRIC = "Boston housing, 404 / 102", "test MSE in (1000 dollars)²"
COURSE, CHOOSING, LUCKY = 404, 323, -10  # where the course cuts; where that is cut to choose by; the notebook's row
BASELINES = {"mean price": training.baselines.mean, "least squares": training.baselines.least_squares}
CANDIDATES = {
    "mlp-64": Network((13, 64, 1), "adamw", 0.01, 100, 32),
    "mlp-64-32": Network((13, 64, 32, 1), "adamw", 0.01, 100, 32),
    "mlp-128-64": Network((13, 128, 64, 1), "adamw", 0.01, 100, 32),
}
SHOWN = {
    "linear, notebook": Network((13, 1), "sgd", 0.01, 10, 10, steady=True),
    "linear, from zero": Network((13, 1), "sgd", 0.01, 10, 10, steady=True, zero=True),
    "linear, longer": Network((13, 1), "sgd", 0.3, 100, 10),
    "mlp-64, sgd": Network((13, 64, 1), "sgd", 0.05, 100, 10),
}
RAW = {"linear, raw price": False, "linear, as UCIHousing": True}  # the notebook's; whether the features leak


@dataclass(frozen=True)
class Config(RunConfig):
    longer = False
    seeds: int = flag(10, "question 1: runs of each network on the course's split", least=1)
    splits: int = flag(20, "question 1: random splits that the best network is measured on", least=2)
    linear_epochs: int = flag(50, "question 2: epochs of the two linear models", least=1)
    lucky_record: bool = flag(False, "a mistake: judge by the one test row that the notebook shows")
    leak: bool = flag(False, "a mistake: scale the features with the statistics of all rows")
    sequential_split: bool = flag(False, "a mistake: choose and judge the best network in the order of the file, too")


def course(lab: Lab, seeds: range, leak: bool = False) -> list[Split]:
    """The course's split, in the order of the file, once for every seed."""
    return [batches.cut(lab.rows("housing"), COURSE, "course", seed, leak) for seed in seeds]


def random(lab: Lab, seeds: range, leak: bool = False) -> list[Split]:
    """Random splits of the same sizes."""
    return [batches.shuffle_and_cut(lab.rows("housing"), COURSE, seed, leak) for seed in seeds]


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


def raw_prices(lab: Lab) -> list[tuple]:
    """The notebook's training with the price as it stands in the file, as paddle.text.UCIHousing leaves it."""
    splits = {name: [batches.raw_targets(each) for each in course(lab, lab.seeds, leak)] for name, leak in RAW.items()}
    return [({name: SHOWN["linear, notebook"]}, each) for name, each in splits.items()]


def predict_prices(lab: Lab) -> Answer:
    """作业 1-1、4-1 用深度学习完成房价预测模型
    Predict house prices with deep learning: how good are the predictions really?"""
    config, seeds, leak, sequential = lab.config, lab.seeds, lab.config.leak, lab.config.sequential_split
    switches = ["--lucky-record"] * config.lucky_record + ["--leak"] * leak + ["--sequential-split"] * sequential
    trials = range(config.seed, config.seed + (2 if config.smoke else config.splits))
    filed, judged = course(lab, seeds, leak), (course if sequential else random)(lab, trials, leak)
    inner = [batches.cut(s.learn.data, CHOOSING, f"{s.name}-choosing", s.seed, leak) for s in judged]
    chosen = answers.errors(lab, (CANDIDATES, inner))
    best = min(chosen, key=lambda name: float(np.mean(chosen[name])))
    shown = SHOWN | {best: CANDIDATES[best]}
    on_filed = [(BASELINES, filed[:1]), (shown, filed), *raw_prices(lab)]
    on_judged = [(BASELINES | {best: shown[best]}, judged)]
    kinds = {"row": LUCKY if config.lucky_record else None}, {"learnt": True}
    found, honest = ([answers.errors(lab, *arms, **kind) for kind in kinds] for arms in (on_filed, on_judged))
    where = "runs in the order of the file" if sequential else "random splits"
    names = [", ".join([name, *switches]) for name in ("course's split", f"{len(judged)} {where}")]
    trained = "; ".join(f"{name}: {network}" for name, network in shown.items()) + "."
    held = "; ".join(f"{name} {answers.mean_sd(each)}" for name, each in chosen.items())
    held = f"Chosen by rows held out of the training half: {held}."
    on_course = answers.compare_errors(names[0], *found, "mean price", METRIC, DATA, trained)
    on_random = answers.compare_errors(names[1], *honest, "least squares", METRIC, DATA, held)
    parts = course(lab, seeds), course(lab, seeds, leak=True), random(lab, seeds)
    alike = {name: shown[name] for name in ("linear, notebook", "linear, from zero", best)}
    wrong = answers.switches(lab, alike, *parts, LUCKY, METRIC, "thousand dollars")
    return Answer.of(
        on_course,
        on_random,
        wrong,
        shift := answers.covariate_shift(filed[0].learn.data, filed[0].judge.data),
        wrong.one,
        answers.error_curves(lab, shown, filed, BASELINES),
        course=on_course,
        random=on_random,
        best=best,
        runs=len(filed),
        splits=len(judged),
        changed=wrong,
        shift=shift,
        switches=switches,
        span=filed[0].learn.scale[-1],
    )


def compare_programs(lab: Lab) -> Answer:
    """作业 4-2 Python 编写的模型和基于飞桨编写的模型在哪些方面存在异同（程序结构、编写难易度、预测效果、训练耗时）
    How do the model in plain Python and the one in Paddle compare: structure, difficulty, quality, time?"""
    (split, *_), net = course(lab, lab.seeds), partial(lab.model, "mlp", lab.config.seed)
    epochs = lab.epochs(lab.config.linear_epochs, smoke=2)
    rate, learn, deep = 0.1, replace(split.learn, size=10), net(sizes=(13, 64, 1))
    start = [each.numpy() for each in net(sizes=(13, 1)).parameters()]
    hand, by_hand_seconds = answers.timed(lambda: by_hand(*start, learn, epochs, rate), times=3)
    same, paddle_seconds = answers.timed(lambda: with_paddle(net(sizes=(13, 1)), learn, epochs, rate), times=3)
    _, deep_seconds = answers.timed(lambda: with_paddle(deep, learn, epochs, rate))
    apart = [max(np.abs(a - b).max() for a, b in zip(*pair, strict=True)) for pair in zip(hand, same, strict=True)]
    x = np.concatenate([inputs for inputs, _ in split.judge.epoch(0)])
    said = [x @ weight + bias for weight, bias in (hand[-1], same[-1])] + [training.predict(deep, split.judge)[0]]
    mse = [answers.squared_error(split.judge.unscaled(each), split.judge.data) for each in said]
    took, updates = (by_hand_seconds, paddle_seconds, deep_seconds), epochs * len(learn)
    lines = [answers.code_lines(each) for each in (by_hand, with_paddle, with_paddle)]
    bases = {name: each[0] for name, each in answers.errors(lab, (BASELINES, [split])).items()}
    rows = (
        ("lines of code", *lines),
        ("gradients worked out by hand", 2, 0, 0),
        (f"seconds, {epochs} epochs", *(f"{each:.2f}" for each in took)),
        ("microseconds per update", *(round(1e6 * each / updates) for each in took)),
        (METRIC, *(f"{each:.2f}" for each in mse)),
    )
    header = ("", "NumPy by hand", "Paddle", "Paddle, hidden 64")
    note = "; ".join(f"{name}: {each:.1f}" for name, each in bases.items())
    series = {"difference": (np.arange(1, epochs + 1), apart)}
    caption = "Largest difference between the params of the two linear models"
    return Answer.of(
        Table("Linear regression twice, and what a hidden layer changes", header, rows, note),
        answers.curves("apart", caption, series, "epoch", "difference", logy=True),
        Result("NumPy and Paddle, params after each epoch", "largest difference", float(max(apart)), data=DATA),
        apart=float(max(apart)),
        epochs=epochs,
        updates=updates,
        lines=lines,
        took=took,
        mse=mse,
        bases=bases,
    )


QUESTIONS = {1: predict_prices, 2: compare_programs}
HEADLINES = {1: "mlp-128-64, 20 random splits", 2: "NumPy and Paddle, params after each epoch"}
FIRST_ZH = "MLP 128-64，20 次随机划分：测试均方误差（千美元²）"

main = partial(answers.homework, Config, TITLE, QUESTIONS)

if __name__ == "__main__":
    sys.exit(runtime.run(main))
