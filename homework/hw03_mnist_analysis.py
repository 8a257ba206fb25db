"""作业 6-1 每层输出、准确率曲线、不同损失函数、训练集与测试集的 Loss 曲线、正则化权重: a look into a training on MNIST.

./run.sh hw03                       all five, on LeNet and on the notebook's networks
./run.sh hw03 --double-softmax      every training makes the notebook's mistake: softmax in the model and in the loss

Taken twice, softmax keeps the loss above -log(e / (e + 9)) = 1.4612, the plateau of the course's notebook (question 4):
the notebook's first network reads 84.2 % of the test digits after 10 epochs, and 97.4 % with softmax taken once. LeNet
reads 98.85 % (AMD EPYC with AVX2, Paddle 3.3.1, n = 1).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from paddle_course import answers, batches, models, readers, runtime, training
from paddle_course.answers import Answer, Lab, Network, Result, Trained
from paddle_course.config import RunConfig, flag

TITLE = ("MNIST：观察训练过程", "MNIST: a look into the training")
DATA, BATCH = "MNIST, 60,000 / 10,000", 32  # the notebook's batch
LOSSES = {"cross-entropy": "cross_entropy", "MSE": "mse", "MAE": "mae"}
SHALLOW, DEEP = (
    partial(Network, sizes, "sgd", epochs=10, batch=BATCH, steady=True)
    for sizes in ((784, 500, 10), (784, 512, 256, 10))
)
# The notebook's networks, and what it publishes of each: with softmax twice, on validation digits.
LADDER = {
    "784-500-10, sigmoid, rate 0.1": (SHALLOW(lr=0.1, activation="sigmoid"), 0.8503),
    "784-500-10, sigmoid, rate 1": (SHALLOW(lr=1.0, activation="sigmoid"), 0.9587),
    "784-500-10, ReLU, rate 0.1": (SHALLOW(lr=0.1), 0.9618),
    "784-512-256-10, ReLU, rate 0.1": (DEEP(lr=0.1), 0.9710),
    "784-512-256-10, ReLU, rate 0.1, decay 0.0005": (DEEP(lr=0.1, decay=5e-4), 0.9718),
}


@dataclass(frozen=True)
class Config(RunConfig):
    batch_size: int = flag(64, "digits per update", least=1)
    long_epochs: int = flag(10, "questions 1, 2 and 4: epochs of LeNet and of the notebook's networks", least=1)
    short_epochs: int = flag(3, "question 3: epochs; 10 with --full", least=1)
    few: int = flag(1000, "question 5: digits to learn from, few enough to be learnt by heart", least=10)
    decay_epochs: int = flag(40, "question 5: epochs; 100 with --full", least=1)
    decays: tuple[float, ...] = flag((0.0, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1), "question 5: weight decays")
    double_softmax: bool = flag(False, "a mistake, in every training: softmax in the model and again in the loss")


def digits(
    lab: Lab, split: str, seed: int = 0, images: readers.Images | None = None, size: int | None = None
) -> batches.Batches:
    """MNIST's digits, or `images` of them, with pixels in -1..1; training ones in batches of `size` or --batch-size."""
    learning, images = split == "train", images or lab.images("mnist", split)
    return batches.Batches(images, (size or lab.config.batch_size) if learning else 500, seed, shuffle=learning)


def train(lab: Lab, name: str, phase: training.Phase, seed: int, twice: bool | None = None, **given: Any) -> Trained:
    """Train LeNet, or the `net` that is given, on MNIST, or the `images`, by cross-entropy, or the `loss` of that name.

    Softmax is taken `twice`, which is the notebook's mistake, where that is asked for or the switch is on.
    """
    twice = lab.config.double_softmax if twice is None else twice
    loss = getattr(training.losses, given.get("loss", "cross_entropy"))
    loss = partial(training.losses.after_softmax, loss=loss) if twice else loss
    net = given.get("net") or lab.model("lenet", seed)
    data = digits(lab, "train", seed, given.get("images"), given.get("size"))
    run, held = f"{name}{'-double-softmax' * twice}-{seed}", {"test": digits(lab, "test")}
    return lab.fit(run, net, data, [phase], loss=loss, held_out=held)


def phase(count: int, optimizer: str = "adam", lr: float = 1e-3, decay: float = 0.0) -> training.Phase:
    return training.Phase(count, optimizer, partial(training.schedules.constant, lr=lr), {"weight_decay": decay})


def setting(lab: Lab, count: int) -> str:
    """What the trainings of a table share, with the mistake if they all make it."""
    return f"{count} epochs" + ", --double-softmax" * lab.config.double_softmax


def long(lab: Lab, twice: bool | None = None) -> Trained:
    """LeNet, trained until it knows its digits by heart: what questions 1, 2 and 4 look at."""
    return train(lab, "long", phase(lab.epochs(lab.config.long_epochs, smoke=2)), lab.config.seed, twice)


def rung(lab: Lab, name: str, twice: bool) -> Trained:
    """A network of the notebook's."""
    (each, _), seed, epochs = LADDER[name], lab.config.seed, lab.epochs(lab.config.long_epochs, smoke=2)
    net = lab.model("mlp", seed, activation=each.activation, sizes=each.sizes)
    how = each.phase(epochs, epochs * len(digits(lab, "train", size=each.batch)))
    return train(lab, answers.slug(name), how, seed, twice, net=net, size=each.batch)


def layers(lab: Lab) -> Answer:
    """将普通神经网络模型的每层输出打印，观察内容
    Print what every layer of the network gives: what is to be seen?"""
    seed, some = lab.config.seed, batches.Batches(lab.images("mnist", "test"), 500, shuffle=False).batch(0, 0)[0]
    net, untrained = models.build("lenet", seed), models.build("lenet", seed)  # Paddle's own layers, to look between
    training.load_params(long(lab).result.params, net)
    found = answers.layer_outputs(net, untrained, some)
    about = setting(lab, lab.epochs(lab.config.long_epochs, smoke=2))
    silent = Result(f"LeNet, {about}, channels and neurons that stay 0", "count", found.silent, data=DATA)
    return Answer.of(found, silent, found=found, pictures=len(some), twice=lab.config.double_softmax)


def accuracy(lab: Lab) -> Answer:
    """将分类准确率的指标用 PLT 库画图表示
    Draw the accuracy with matplotlib."""
    trained, name = long(lab), setting(lab, lab.epochs(lab.config.long_epochs, smoke=2))
    end, (_, batch) = trained.result.final["test_accuracy"], answers.by_step(trained, "accuracy")
    return Answer.of(
        answers.accuracies("accuracy", "Accuracy of LeNet on MNIST", trained),
        Result(f"LeNet, {name}", "test accuracy", end, minutes=trained.result.minutes, data=DATA),
        epochs=trained.result.epochs,
        size=lab.config.batch_size,
        low=min(batch[len(batch) // 2 :]),
        run=trained.result.run.name,
        twice=lab.config.double_softmax,
    )


def loss_functions(lab: Lab) -> Answer:
    """通过分类准确率，判断以采用不同损失函数训练模型的效果优劣
    Judge by the accuracy which loss function (cross-entropy, MSE, MAE) trains the model best."""
    count = lab.epochs(lab.config.short_epochs, smoke=2, full=10)
    runs = {k: [train(lab, f"loss-{v}", phase(count), seed, loss=v) for seed in lab.seeds] for k, v in LOSSES.items()}
    series = {name: answers.mean_by_epoch(each, "test_accuracy") for name, each in runs.items()}
    test = digits(lab, "test")
    caption = "Test accuracy by loss function, mean of the runs; the band is one standard deviation"
    return Answer.of(
        compared := answers.compare("Loss functions", runs, DATA, f"Adam, {setting(lab, count)}"),
        answers.curves("losses", caption, series, "epoch", "test accuracy", percent=True),
        compared=compared,
        first={name: float(mean[0]) for name, (_, mean, _) in series.items()},
        ignored={name: sum(answers.unanswered(each.net, test) for each in found) for name, found in runs.items()},
        sd={name: each.sd for name, each in zip(runs, compared.results, strict=True)},
        epochs=count,
        twice=lab.config.double_softmax,
    )


def loss_curves(lab: Lab) -> Answer:
    """作图比较：随着训练进行，模型在训练集和测试集上的 Loss 曲线
    Draw the loss on training and test pictures as the training goes on."""
    networks = {name: (rung(lab, name, True), rung(lab, name, False)) for name in LADDER}
    networks["LeNet, Adam, rate 0.001"] = long(lab, True), long(lab, False)
    published = dict.fromkeys(networks) | {name: accuracy for name, (_, accuracy) in LADDER.items()}
    trained, count = long(lab), lab.epochs(lab.config.long_epochs, smoke=2)
    return Answer.of(
        answers.curves("loss", "Loss of LeNet on MNIST", answers.by_epoch(trained, "loss"), "epoch", "loss", logy=True),
        found := answers.plateau(networks, published, 10, DATA, f"{count} epochs"),
        found=found,
        curve=trained.result.epochs,
        batch=BATCH,
        epochs=count,
        twice=lab.config.double_softmax,
    )


def weight_decay(lab: Lab) -> Answer:
    """调节正则化权重，观察 4 的作图曲线的变化，并分析原因
    Change the weight decay: how do the curves of question 4 change, and why?"""
    config, count = lab.config, lab.epochs(lab.config.decay_epochs, smoke=2, full=100)
    decays, images = sorted(set(config.decays))[:: 5 if config.smoke else 1], lab.images("mnist", "train")
    each = min(20 if config.smoke else config.few // 10, int(np.bincount(images.labels).min()))
    some = {seed: images.take(readers.balanced(images, each, seed)) for seed in lab.seeds}
    runs = {
        decay: [train(lab, f"decay-{decay:g}", phase(count, decay=decay), seed, images=some[seed]) for seed in some]
        for decay in decays
    }
    data, name = f"MNIST, {10 * each:,} / 10,000", f"{10 * each:,} pictures, {setting(lab, count)}"
    found = answers.compare_decays(runs, data, name)
    return Answer.of(found, found=found, pictures=10 * each, epochs=count, twice=config.double_softmax)


QUESTIONS = {1: layers, 2: accuracy, 3: loss_functions, 4: loss_curves, 5: weight_decay}
HEADLINES = {  # the first stands for the whole homework
    2: "LeNet, 10 epochs",
    1: "LeNet, 10 epochs, channels and neurons that stay 0",
    3: "cross-entropy, Adam, 3 epochs",
    4: "784-500-10, sigmoid, rate 0.1, softmax once, 10 epochs",
    5: "weight decay 0.01, 1,000 pictures, 40 epochs",
}
FIRST_ZH = "LeNet，10 轮：测试准确率"

main = partial(answers.homework, Config, TITLE, QUESTIONS)

if __name__ == "__main__":
    sys.exit(runtime.run(main))
