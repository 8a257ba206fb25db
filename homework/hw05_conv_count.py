"""作业 7-1 计算卷积中一共有多少次乘法和加法操作；7-2 激活函数 Sigmoid 换成 ReLU: what a convolution costs, and sigmoid.

./run.sh hw05                                         both questions; the second trains LeNet on MNIST
./run.sh hw05 --question 1 --kernel 5 --padding 2     the first for other shapes

The course's convolution takes 867,041,280 multiplications and, with its bias, as many additions. After 2 epochs of SGD
LeNet reads 98.8 % +- 0.1 of the test digits with ReLU and 81.5 % +- 1.7 with sigmoid, by Adam 98.8 and 97.1 % (n = 3);
all twelve trainings took 8 minutes on one thread (2 cores AMD EPYC with AVX2, Paddle 3.3.1).
"""

from __future__ import annotations

import contextlib
import io
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from paddle_course import answers, batches, runtime, training
from paddle_course.answers import Answer, Convolution, Lab, Result, Table, Trained
from paddle_course.config import RunConfig, flag

TITLE = ("卷积的运算次数；Sigmoid 与 ReLU", "What a convolution costs, and what sigmoid does to gradients")
DATA = "MNIST, 60,000 / 10,000"
# Small enough to be counted one by one: the one that was asked for comes before them, in little.
SMALL = (
    Convolution(2, 3, 6, 6, 4, 3, 1, 1),
    Convolution(1, 1, 6, 6, 2, 3, 1, 1),
    Convolution(1, 3, 7, 7, 2, 5, 2, 2),
    Convolution(1, 2, 5, 8, 3, 1),
    Convolution(1, 8, 5, 5, 2, 3, 2),
)
MOST = 1_000_000  # multiplications that are counted one by one: two or three seconds
COUNTED = ("convolution", "×", "+ with bias", "+ without", "× by padding", "off Paddle's by")
LUCK = ("channels C", "kernel k", "with bias", "C × (k² − 1 + 1)", "without bias", "C × (k² − 1)")
NETS, RATES = {"ReLU": "lenet", "sigmoid": "lenet-sigmoid"}, {"sgd": 0.1, "adam": 1e-3}


@dataclass(frozen=True)
class Config(RunConfig):
    longer = False
    batch: int = flag(10, "question 1: pictures", least=1)
    in_channels: int = flag(3, "question 1: channels of a picture", least=1)
    height: int = flag(224, "question 1: rows of a picture", least=1)
    width: int = flag(224, "question 1: columns of a picture", least=1)
    out_channels: int = flag(64, "question 1: kernels", least=1)
    kernel: int = flag(3, "question 1: side of a kernel", least=1)
    stride: int = flag(1, "question 1: pixels from one place of a kernel to the next", least=1)
    padding: int = flag(1, "question 1: rows and columns of zeros around the picture")
    batch_size: int = flag(64, "question 2: digits per update", least=1)
    seeds: int = flag(3, "question 2: runs of each network", least=1)


def digits(lab: Lab, split: str, seed: int = 0) -> batches.Batches:
    """MNIST's digits, pixels in -1..1."""
    return batches.Batches(lab.images("mnist", split), lab.config.batch_size, seed, shuffle=split == "train")


def train(lab: Lab, activation: str, optimizer: str, seed: int) -> Trained:
    """LeNet on MNIST at a rate that comes down to 0 in the last epoch, so that no spike at its end is what counts."""
    data, held, epochs = digits(lab, "train", seed), {"test": digits(lab, "test")}, lab.epochs(2)
    settings = {"lr": RATES[optimizer], "steps": epochs * len(data), "down": len(data)}
    phase = training.Phase(epochs, optimizer, partial(training.schedules.level_then_down, **settings))
    net = lab.model(NETS[activation], seed)
    return lab.fit(f"{activation.lower()}-{optimizer}-{seed}", net, data, [phase], held_out=held)


def flops(form: Convolution, wrapped: bool) -> str:
    """What paddle.flops says of one picture through this layer, alone or in a Sequential. It computes the layer."""
    import paddle

    layer = paddle.nn.Conv2D(form.in_channels, form.out_channels, form.kernel, form.stride, form.padding)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            net = paddle.nn.Sequential(layer) if wrapped else layer
            return f"{paddle.flops(net, [1, form.in_channels, form.height, form.width]):,}"
    except TypeError as error:  # NumPy 2.4 makes no number of an array of one, as Paddle 3.3 wants it to
        return f"TypeError: {error}"


def count(lab: Lab) -> Answer:
    """作业 7-1 计算卷积中一共有多少次乘法和加法操作（输入 [10, 3, 224, 224]，卷积核 3×3，输出通道 64，步幅 1，填充 1）
    How many multiplications and additions does this convolution take? Begin with a single output pixel."""
    of = lab.config
    form = Convolution(of.batch, of.in_channels, of.height, of.width, of.out_channels, of.kernel, of.stride, of.padding)
    counted, luck, off, little = [], {}, [], form.little()
    small = (little, *SMALL) if little.multiplications <= MOST else SMALL
    for each in small:
        (biased, one), (plain, other) = answers.recounted(each), answers.recounted(each, bias=False)
        additions, channels, cells = (biased.additions, plain.additions), each.in_channels, each.kernel**2
        counted.append((str(each), biased.multiplications, *additions, biased.on_padding, max(one, other)))
        true, short = (number // each.outputs for number in additions)
        luck[channels, each.kernel] = true, (cells - 1 + 1) * channels, short, (cells - 1) * channels
        off.append(max(one, other))
    lucky = tuple((*of, *sums) for of, sums in luck.items())
    alone, wrapped = (flops(small[0], each) for each in (False, True))
    said = (("nn.Conv2D alone", alone), ("nn.Sequential(nn.Conv2D)", wrapped))
    costs = {
        "multiplications": form.multiplications,
        "additions with bias": form.additions(),
        "additions without bias": form.additions(bias=False),
    }
    return Answer.of(
        Table(f"Step by step: {form}", ("what", "worked out", "number"), tuple(form.steps())),
        Table("Counted in loops, one by one; on paper it is the same every time", COUNTED, tuple(counted)),
        Table("Additions for one output value: counted, and by the formula that circulates", LUCK, lucky),
        Table(f"paddle.flops for one picture: {small[0]}", ("network", "says"), said),
        *(Result(f"{form}, {name}", "count", number) for name, number in costs.items()),
        form=form,
        small=len(counted),
        little=little in small,
        off=max(off),
        alone=alone,
        wrapped=wrapped,
    )


def activations(lab: Lab) -> Answer:
    """作业 7-2 将 MNIST 网络中的激活函数 Sigmoid 换成 ReLU，准确率和各层的梯度有什么变化？
    Replace sigmoid by ReLU in the MNIST network: how do the accuracy and the gradients of each layer change?"""
    arms = [(name, optimizer) for optimizer in RATES for name in NETS]
    runs = {f"{arm[0]}, {arm[1]}": [train(lab, *arm, seed) for seed in lab.seeds] for arm in arms}
    first = {name: trained[0] for name, trained in runs.items()}
    losses = {name: answers.by_step(trained, "loss") for name, trained in first.items()}
    epochs = len(first["ReLU, sgd"].result.epochs)
    setting = answers.plural(epochs, "epoch")
    return Answer.of(
        compared := answers.compare("LeNet on MNIST, the rate down to 0 in the last epoch", runs, DATA, setting),
        gradients := answers.layer_gradients(first),
        answers.curves("loss", "Loss of the batches while training", losses, "step", "cross-entropy", logy=True),
        compared=compared,
        gradients=gradients,
        epochs=epochs,
        runs=len(lab.seeds),
        rates=RATES,
        asleep={name: asleep(*points) for name, points in losses.items()},
        steps=losses["ReLU, sgd"][0][-1],
    )


def asleep(steps: Sequence[int], losses: Sequence[float]) -> int | None:
    """The first recorded step whose loss is a tenth below guessing's, log 10; None where there is none."""
    return next((step for step, loss in zip(steps, losses, strict=True) if loss < 0.9 * math.log(10)), None)


QUESTIONS = {1: count, 2: activations}
HEADLINES = {1: "[10, 3, 224, 224], 64 of 3 × 3, stride 1, padding 1, multiplications", 2: "ReLU, sgd, 2 epochs"}
FIRST_ZH = "输入 [10, 3, 224, 224]，64 个 3 × 3 卷积核，步长 1，填充 1：乘法次数"

main = partial(answers.homework, Config, TITLE, QUESTIONS)

if __name__ == "__main__":
    sys.exit(runtime.run(main))
