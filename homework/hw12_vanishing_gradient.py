"""清华青年 AI 自强作业 hw4 Part 2 梯度消失实验: why the first layers of a chain of sigmoids hardly learn.

./run.sh hw12                    all four questions, in about half a minute
./run.sh hw12 --data stand-in    on a made-up table, as where hw4_data.xls (.xlsx, .csv) is not among the data

On the course's table of 50 rows the mean |dW| of layers 1 to 5 is 2.28e-6, 5.10e-5, 4.81e-4, 5.69e-3 and 3.89e-2
(2 cores AMD EPYC, Paddle 3.3.1; nothing in it is random).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from paddle_course import answers, batches, models, runtime, training
from paddle_course.answers import Answer, Lab, Result, Table, Trained
from paddle_course.config import RunConfig, flag
from paddle_course.models import Chain

if TYPE_CHECKING:
    from paddle import nn

TITLE = ("梯度消失实验", "Vanishing gradients, in a chain of sigmoids and in a real network")
COURSE, STEEP = Chain(), Chain(weight=4.0, bias=-2.0, lr=0.5)  # 4 sigmoid(z) - 2 is 0 at z = 0, and its slope there 1
IDENTITY = Chain(bias=0.0, lr=0.1, relu=True, first_bias=1.0)  # rows add up to more than -1: alive at the start
ARMS = {
    "sigmoid, all 1": COURSE,
    "sigmoid, w = 4, b = -2": STEEP,
    "ReLU, all 1": replace(COURSE, relu=True),
    "ReLU, all 1, rate 0.1": replace(COURSE, relu=True, lr=0.1),
    "ReLU, w = 1, b = 0, in layer 1 b = 1": IDENTITY,
    "a single sigmoid": Chain(depth=1, bias=0.0),
}
NETS = {"sigmoid": "lenet-sigmoid", "ReLU": "lenet"}


@dataclass(frozen=True)
class Config(RunConfig):
    longer, without, apart = False, ("seeds",), ("steps",)
    passes: int = flag(10, "times that every row is learnt from, which are the --epochs of questions 1 to 3", least=2)
    deepest: int = flag(20, "question 2: layers of the longest chain", least=7)
    steps: int = flag(200, "question 4: updates of LeNet on MNIST, where no training of homework 6 is found", least=1)


def table(lab: Lab) -> tuple[np.ndarray, np.ndarray]:
    """Height and pay of every row, (x - mean) / (max - min), float64 (N, 2); yes or no as 1 or 0, (N, 1)."""
    rows = lab.rows("hw4")
    shift, scale = (np.array(each[:-1]) for each in batches.spans(rows))
    if rows.inputs.shape[1] != 2 or not scale.all() or not np.ptp(rows.targets):
        raise runtime.UserError(f"{rows.source}: wanted are two columns of numbers that vary, and both answers")
    return (rows.inputs - shift) / scale, rows.targets.astype(np.int64)


def passes_of(lab: Lab) -> int:
    """At least two, for the first is compared with the last."""
    return max(2, lab.epochs(lab.config.passes, smoke=2))


def ones(depth: int) -> nn.Layer:
    """The course's chain in Paddle; its last sigmoid is in the loss."""
    net = models.build("mlp", sizes=(2, *[1] * depth), activation="sigmoid").to(dtype="float64")
    for each in net.parameters():
        each.set_value(np.ones(each.shape))
    return net


def with_paddle(net: nn.Layer, x: np.ndarray, y: np.ndarray, passes: int, lr: float) -> Iterator[list[np.ndarray]]:
    """Learn from one row at a time, with Paddle's gradients: dW of every layer, update by update."""
    import paddle

    optimizer = paddle.optimizer.SGD(lr, parameters=net.parameters())
    for row in np.tile(np.arange(len(x)), passes)[:, None]:
        loss = training.losses.binary_cross_entropy(net(paddle.to_tensor(x[row])), paddle.to_tensor(y[row, 0]))
        loss.backward()
        yield [each.grad.numpy().copy() for name, each in net.named_parameters() if name.endswith("weight")]
        optimizer.step()
        optimizer.clear_grad()


def updates(lab: Lab) -> Answer:
    """Part 2 五层、每层一个 Sigmoid 神经元，权重和偏置都从 1 开始，学习率 2，逐行训练 10 轮：各层权重的更新有多大？
    Five layers of one sigmoid, weights and biases 1, rate 2, ten passes row by row: how large is each dW?"""
    (x, y), passes, data = table(lab), passes_of(lab), lab.rows("hw4").source
    done, same = answers.trial(COURSE, x, y, passes), with_paddle(ones(COURSE.depth), x, y, passes, COURSE.lr)
    pairs = zip(done.gradients, zip(*same, strict=True), strict=True)
    apart = max(float(np.abs(np.stack(paddle)[..., 0] / hand - 1).max()) for hand, paddle in pairs)
    mean, by_pass, signed = done.sizes.mean(0), done.by_pass, [float(each.mean()) for each in done.gradients]
    header = ("layer", "mean |dW|", "mean dW, signed", "|dW|, first pass", "|dW|, last pass", "weights at the end")
    after = [", ".join(f"{each:.4f}" for each in weight[:, 0]) for weight in done.weights]
    columns = ([f"{each:.2e}" for each in column] for column in (mean, signed, by_pass[0], by_pass[-1]))
    note = f"Means over all {len(done.sizes)} updates, without the rate; of the first layer over both weights."
    share = float(y.mean())
    charts = [done.chart("each update", "update"), done.chart("mean of each pass")]
    return Answer.of(
        Table("A chain of five sigmoids", header, tuple(zip(range(1, 6), *columns, after, strict=True)), note),
        answers.panels("chain", "How large the gradient of each layer's weight is", charts),
        *(Result(f"layer {n} of 5, mean |dW|", "gradient", float(each), data=data) for n, each in enumerate(mean, 1)),
        Result("dW by hand and by Paddle", "largest relative difference", apart, data=data),
        done=done,
        mean=mean.tolist(),
        signed=signed,
        apart=apart,
        passes=passes,
        moved=float(np.abs(done.weights[0] - 1).max()),
        share=share,
        entropy=training.binary.blind(y, y)[1],
    )


def depths(lab: Lab) -> Answer:
    """链从 2 层加深到 20 层，第一层的梯度如何变化？为什么？
    From 2 to 20 layers: how does the gradient of the first layer change, and why?"""
    kinds = {name: each for name, each in ARMS.items() if each in (COURSE, STEEP, IDENTITY)}
    sweep, data = answers.depth_sweep(kinds, *table(lab), lab.config.deepest), lab.rows("hw4").source
    factor = Result("one more sigmoid, w = b = 1", "factor of the first layer's gradient", sweep.factor, data=data)
    return Answer.of(sweep, factor, sweep=sweep, deepest=lab.config.deepest)


def remedies(lab: Lab) -> Answer:
    """换成 ReLU 并合理初始化，梯度还会消失吗？
    With ReLU and a sensible initialisation, do the gradients still vanish?"""
    (x, y), passes = table(lab), passes_of(lab)
    longer = {f"{name}, longer": ARMS[name] for name in ("sigmoid, all 1", "ReLU, all 1, rate 0.1")}
    times = dict.fromkeys(ARMS, passes) | dict.fromkeys(longer, 10 * passes)
    found, data = answers.compare_chains(ARMS | longer, x, y, times), lab.rows("hw4").source
    ratios = {name: found.first[name][1] / found.first[name][0] for name, chain in ARMS.items() if chain.depth > 1}
    metric = "ratio of gradients, last layer to first"
    return Answer.of(
        found,
        *(Result(f"{name}, first pass", metric, ratio, data=data) for name, ratio in ratios.items()),
        found=found,
        rates={name: chain.lr for name, chain in ARMS.items()},
        passes=passes,
        majority=float(max(y.mean(), 1 - y.mean())),
    )


def lenet(lab: Lab, name: str) -> Trained:
    """One epoch of SGD on some of MNIST's digits."""
    size, images = 16 if lab.config.smoke else 64, lab.images("mnist", "train")
    some = images.take(np.arange(min(lab.config.steps * size, len(images))))
    phase = training.Phase(1, "sgd", partial(training.schedules.constant, lr=0.1))
    data, net = batches.Batches(some, size, lab.config.seed), lab.model(NETS[name])
    return lab.fit(f"lenet-{name.lower()}", net, data, [phase])


def real_network(lab: Lab) -> Answer:
    """真实网络也是这样吗？以作业 8 的眼底 LeNet（没有训练结果时用 MNIST 的 LeNet）画出各层梯度的范数
    Does a real network show the same? The norms of the gradients in the LeNet of the fundus homework, layer by layer"""
    found = answers.finished(lab, "hw06", (*NETS, "centred sigmoid"))
    found = found if "sigmoid" in found else {}
    gradients = answers.layer_gradients(runs := found or {name: lenet(lab, name) for name in NETS})
    early = {name: list(norms.values()) for name, norms in gradients.early.items()}
    shown = runs["sigmoid"].result
    data = shown.plan["train"]["source"].removesuffix(" train")
    if found:
        data += f", networks of ./run.sh hw06 at commit {shown.run.environment()['commit']}"
    return Answer.of(
        gradients,
        *(Result(f"{k}, last layer to first", "ratio of gradients", gradients.ratio(k), data=data) for k in runs),
        fundus=bool(found),
        layers=gradients.layers,
        early=early,
        gradients=gradients,
    )


QUESTIONS = {1: updates, 2: depths, 3: remedies, 4: real_network}
HEADLINES = {
    1: "layer 1 of 5, mean |dW|",
    2: "one more sigmoid, w = b = 1",
    3: "ReLU, w = 1, b = 0, in layer 1 b = 1, first pass",
    4: "sigmoid, last layer to first",
}
FIRST_ZH = "5 层中的第 1 层：平均 |dW|"

main = partial(answers.homework, Config, TITLE, QUESTIONS)

if __name__ == "__main__":
    sys.exit(runtime.run(main))
