"""猫狗分类实验 (CIFAR-10), 百度技术学院机器学习训练营第二期: the camp's six questions, answered on CIFAR-10.

./run.sh hw08                    all six; --question 3 answers one, --full takes the published settings

The camp network has 89,910 values, not 3,630, and reaches 67.0 % +- 0.5 (n = 3) after 20 epochs of Adam, 13 minutes
each on one core of two (AMD EPYC, Paddle 3.3.1) with another training beside it. All figures: docs/results.md.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from paddle_course import answers, batches, models, readers, runtime, training
from paddle_course.answers import Answer, Lab, Result, Table, Trained
from paddle_course.config import RunConfig, flag

TITLE = ("猫狗分类实验（CIFAR-10）", "Cats, dogs and eight other things: the camp's experiment on CIFAR-10")
DATA, SHAPE, CAT = "CIFAR-10, 50,000 / 10,000", (3, 32, 32), 3
# Epochs of all pictures: what half an hour on two cores carries each network through, and what eight minutes do.
HALF_HOUR, MINUTES = {"fast": 13, "vgg16": 7, "resnet18": 4}, {"fast": 4}
# Each optimizer at a rate that suits it: a comparison at one rate for all only shows whom that rate was made for.
RATES = {"sgd": 0.1, "momentum": 0.02, "adagrad": 0.01, "adam": 1e-3}
# What the forum's most liked answer, 3,630, counts: one input channel everywhere, and no batch norm.
FORUM = {
    "conv1": 20 * 25 + 20,
    "norm1": 0,
    "conv2": 50 * 25 + 50,
    "norm2": 0,
    "conv3": 50 * 25 + 50,
    "fc": 50 * 10 + 10,
}


@dataclass(frozen=True)
class Config(RunConfig):
    seeds: int = flag(1, "runs of the camp network as the course trains it", least=1)
    batch_size: int = flag(128, "pictures per update", least=1)
    camp_epochs: int = flag(20, "epochs of the camp network as the course trains it (questions 1, 4, 6)", least=1)
    short_epochs: int = flag(2, "epochs of each row in the comparisons (questions 1, 2, 5, 6); 20 with --full", least=1)
    per_class: tuple[int, ...] = flag((10, 20, 50, 100, 200, 500, 1000), "question 3; up to 5000 with --full")
    curve_seeds: int = flag(3, "question 3: runs per number of pictures", least=1)
    deep_pictures: int = flag(1000, "question 5: pictures of the short rows that compare the networks", least=10)
    networks: tuple[str, ...] = flag((), "question 5: which of fast, vgg16, resnet18 get half an hour")
    photos: str = flag("", "question 4: a folder with your own pictures; empty = pets/ among the data")


def epochs(lab: Lab, most: int) -> int:
    return 1 if lab.config.smoke else lab.config.epochs or most


def short(lab: Lab) -> int:
    return epochs(lab, 20 if lab.config.full else lab.config.short_epochs)


def pictures(lab: Lab, images: readers.Images, seed: int = 0, shuffle: bool = False) -> batches.Batches:
    """The camp's batches: no augmentation, pixels in -1..1."""
    return batches.Batches(images, lab.config.batch_size, seed=seed, shuffle=shuffle)


def phase(epochs: int, optimizer: str = "adam", lr: float = 1e-3) -> training.Phase:
    return training.Phase(epochs, optimizer, partial(training.schedules.constant, lr=lr))


def train(lab: Lab, name: str, phases: Sequence[training.Phase], model: str = "camp", **settings: Any) -> Trained:
    """Train a network on all of CIFAR-10, or on `images`; other `settings` are those of `fit`."""
    seed = settings.pop("seed", lab.config.seed)
    images = settings.pop("images", None) or lab.images("cifar10", "train")
    held = settings.pop("held_out", None) or {"test": pictures(lab, lab.images("cifar10", "test"))}
    net, data = lab.model(model, seed), pictures(lab, images, seed, shuffle=True)
    return Trained(net, training.fit(lab.run(f"{name}-{seed}"), net, data, phases, held_out=held, **settings))


def camp(lab: Lab) -> list[Trained]:
    """The camp network as the course trains it, once for every seed."""
    return [train(lab, "camp", [phase(epochs(lab, lab.config.camp_epochs))], seed=seed) for seed in lab.seeds]


def structure(lab: Lab) -> Answer:
    """网络结构：计算每层网络结构和输入输出尺寸和参数个数。不加 BN？更深？每层的尺寸变化？更多结构？
    Network structure: every layer's input, output and number of parameters. Without BN? Deeper? Other structures?"""
    rows = answers.layer_table(models.build("camp"), SHAPE)
    counted = dict(zip(FORUM, (row for row in rows if row.values), strict=True))
    wrong = tuple((name, row.formula, row.values, FORUM[name]) for name, row in counted.items())
    names, setting, trained = (
        ("camp", "camp-no-bn", "camp-deeper", "camp-wider"),
        f"Adam, {short(lab)} epochs",
        camp(lab),
    )
    others = {name: [train(lab, f"{name}-short", [phase(short(lab))], name)] for name in names}
    layers = answers.layers("The camp network, layer by layer", rows)
    course = answers.compare(
        "As the course trains it", {"camp network": trained}, DATA, f"Adam, {len(trained[0].result.epochs)} epochs"
    )
    return Answer.of(
        layers,
        Table("The forum's 3,630, term by term", ("layer", "worked out", "values", "forum's count"), wrong),
        others := answers.compare("Other structures", others, DATA, setting, SHAPE),
        course,
        Result("camp network, values", "count", layers.total),
        answers.curves(
            "camp", "The camp network", answers.by_epoch(trained[0], "accuracy"), "epoch", "accuracy", percent=True
        ),
        layers=layers,
        values={name: row.values for name, row in counted.items()},
        forum=sum(FORUM.values()),
        course=course.results[0],
        final=trained[0].result.final,
        peak=max(trained[0].result.epochs, key=lambda each: each["test_accuracy"]),
        epochs=len(trained[0].result.epochs),
        others=others,
        short=short(lab),
    )


def optimizers(lab: Lab) -> Answer:
    """尝试不同的 Loss 函数和优化算法（SGD、Momentum、Adagrad、Adam），观察效果的变化，最好的选择是什么？为什么？
    Try different losses and optimizers (SGD, Momentum, Adagrad, Adam): what changes, what is best, and why?"""
    n, more, losses = short(lab), max(1, short(lab) // 3), training.losses
    adam = [train(lab, "camp-short", [phase(n)])]
    rates = {name: lr for name, lr in RATES.items() if name != "adam"}
    by_optimizer = {name: [train(lab, f"camp-{name}-short", [phase(n, name, lr)])] for name, lr in rates.items()}
    by_loss = {name: getattr(losses, name) for name in ("mse", "mae", "focal")}
    by_loss = {name: [train(lab, f"camp-{name}-short", [phase(n)], loss=loss)] for name, loss in by_loss.items()}
    tuned = {
        "Adam alone": [train(lab, "camp-adam-longer", [phase(n + more)])],
        "Adam, then SGD": [train(lab, "camp-adam-sgd", [phase(more, "sgd", 0.01)], start=adam[0].result.params)],
        "Adam, then Momentum": [
            train(lab, "camp-adam-momentum", [phase(more, "momentum")], start=adam[0].result.params)
        ],
    }
    curves = {
        name: answers.by_epoch(row[0], "accuracy")["test"] for name, row in (by_optimizer | {"adam": adam}).items()
    }
    return Answer.of(
        by_optimizer := answers.compare("Optimizers", by_optimizer | {"adam": adam}, DATA, f"{n} epochs"),
        by_loss := answers.compare("Losses with Adam", {"cross-entropy": adam} | by_loss, DATA, f"{n} epochs of Adam"),
        tuned := answers.compare(
            "Fine-tuning from saved params (minutes without the Adam before)", tuned, DATA, f"{n} + {more} epochs"
        ),
        answers.curves("optimizers", "Test accuracy by optimizer", curves, "epoch", "accuracy", percent=True),
        epochs=n,
        more=more,
        optimizers=by_optimizer,
        losses=by_loss,
        tuned=tuned,
        message=refusal(adam[0]),
    )


def refusal(trained: Trained) -> str:
    """What the library says to somebody who loads Adam's persistables into SGD."""
    try:
        training.load_persistables(
            trained.result.params.parent, trained.net, training.optimizers.build("sgd", trained.net)
        )
    except runtime.UserError as error:
        return str(error).replace(str(trained.result.run.directory), trained.result.run.name)
    raise AssertionError("SGD took the persistables of Adam")


def sample_count(lab: Lab) -> Answer:
    """尝试不同的样本数量：准确率变化的曲线是怎样的？每个类别至少有多少张图片可支撑一个准确率尚可的模型？识别万事万物是否可行？
    More and more pictures per class: what is the curve, how many are enough, and could a model recognise everything?"""
    config, images, test = lab.config, lab.images("cifar10", "train"), pictures(lab, lab.images("cifar10", "test"))
    sizes = (5, 10, 20) if config.smoke else config.per_class + ((2000, 5000) if config.full else ())
    sizes = tuple(size for size in sorted(set(sizes)) if size <= np.bincount(images.labels).min())
    if len(sizes) < 3:
        raise runtime.UserError(f"--per-class {config.per_class}: a curve needs three sizes that {images.source} has")
    seeds = range(config.seed, config.seed + (1 if config.smoke else config.curve_seeds))

    def accuracy(size: int, seed: int) -> float:
        some = images.take(readers.balanced(images, size, seed))
        fitting, validating = (some.take(part) for part in readers.stratified_split(some.labels, 0.8, seed))
        held = {"images": fitting, "held_out": {"validation": pictures(lab, validating)}, "patience": 3}
        net, _ = train(lab, f"count-{size}", [phase(epochs(lab, 60))], seed=seed, **held)
        return training.evaluate(net, test, training.losses.cross_entropy)["accuracy"]

    curve = answers.sample_curve(
        {size: [accuracy(size, seed) for seed in seeds] for size in sizes}, "CIFAR-10, balanced subsets / 10,000"
    )
    return Answer.of(curve, curve=curve, runs=len(seeds))


def own_photos(lab: Lab) -> Answer:
    """使用模型实践：拍一些身边宠物狗的照片，处理成 32*32 尺寸后试试模型效果，准或不准的原因是什么？
    Photograph some dogs around you, shrink the pictures to 32 x 32 and try the model: why is it right or wrong?"""
    folder = lab.config.photos or readers.folder("pets", lab.config.data_root or None, lab.config.data)
    photos, test = readers.pictures(folder), lab.images("cifar10", "test")
    test = test.take(np.arange(min(2000, len(test))))
    study = answers.study(camp(lab)[0].net, pictures(lab, lab.images("cifar10", "train")), test, photos)
    return Answer.of(study, study=study)


def deep_networks(lab: Lab) -> Answer:
    """VGGNet，ResNet 如何搭建？在预测效果和训练时间上有怎样的差异？原因是什么？
    How are VGG and ResNet built, how do they differ in accuracy and training time, and why?"""
    config = lab.config
    budgets = HALF_HOUR if config.full or config.networks else MINUTES
    if unknown := [name for name in config.networks if name not in budgets]:
        raise runtime.UserError(f"--networks {unknown[0]}: question 5 trains {', '.join(budgets)} on all pictures")
    long = {name: epochs(lab, budgets[name]) for name in config.networks or budgets}
    images, test = lab.images("cifar10", "train"), lab.images("cifar10", "test")
    count, n = 2 if config.smoke else config.deep_pictures // 10, epochs(lab, config.short_epochs)
    some = images.take(readers.balanced(images, min(count, np.bincount(images.labels).min()), config.seed))
    held = {"test": pictures(lab, test.take(np.arange(min(50 if config.smoke else 1000, len(test)))))}
    names = ("camp", "vgg11", "vgg16", "resnet18")
    rows = {name: [train(lab, f"deep-{name}", [phase(n)], name, images=some, held_out=held)] for name in names}
    setting, data = f"{len(some):,} pictures, {n} epochs", f"CIFAR-10, {len(some):,} / {len(held['test'].data):,}"
    deep = answers.compare("Networks", rows, data, setting, SHAPE)
    seeds = {name: lab.seeds if name == "fast" else [config.seed] for name in long}
    real = {
        f"{name}, {n} epochs": [answers.augmented(lab, "cifar10", name, n, seed) for seed in seeds[name]]
        for name, n in long.items()
    }
    curves = {name: answers.by_minute(trained[0], "test_accuracy") for name, trained in real.items()}
    fast = {name: looked_at(lab, name, trained) for name, trained in real.items() if name.startswith("fast")}
    return Answer.of(
        deep,
        answers.bars("speed", "Pictures per second while training", names, list(deep.speed.values())),
        real := answers.compare("All pictures", real, DATA, "augmented", SHAPE),
        answers.curves("minutes", "Test accuracy by minutes of training", curves, "minutes", "accuracy", percent=True),
        *fast.values(),
        deep=deep,
        pictures=len(some),
        epochs=n,
        hours={n: 1e6 / s / 3600 for n, s in deep.speed.items()},
        real=real,
        fast=next(iter(fast.values()), None),
    )


def looked_at(lab: Lab, name: str, trained: Sequence[Trained]) -> Result:
    """The test accuracy of networks of one kind when they look at six views of each picture."""
    views = answers.spread([answers.six_views(lab, "cifar10", each) for each in trained])
    minutes = float(np.mean([each.result.minutes for each in trained]))
    return Result(f"{name}, six views", "test accuracy", *views, len(trained), minutes, DATA)


def scores(lab: Lab) -> Answer:
    """top-5 错误率、macro-F1、mAP 和 acc、交叉熵有什么关系？系统用于召回时要改 loss 吗？
    How do top-5 error, macro-F1, mAP, accuracy and cross-entropy relate? Should the loss change when recall matters?"""
    losses, phases, data = training.losses, [phase(short(lab))], pictures(lab, lab.images("cifar10", "test"))
    weighted = partial(losses.cross_entropy, weight=tuple(3.0 if i == CAT else 1.0 for i in range(10)))
    nets = {
        "cross-entropy": train(lab, "camp-short", phases).net,
        "cat weighs 3": train(lab, "camp-cat-short", phases, loss=weighted).net,
        "focal": train(lab, "camp-focal-short", phases, loss=losses.focal).net,
    }
    rows = {name: answers.class_scores(*training.predict(net, data), CAT) for name, net in nets.items()}
    logits, labels = training.predict(camp(lab)[0].net, data)
    measured, classes = answers.measures(logits, labels), data.data.classes
    matrix = training.metrics.confusion(logits, labels)
    one, other = np.unravel_index((matrix - np.diag(np.diag(matrix))).argmax(), matrix.shape)
    header = ("loss", "recall of cat", "precision of cat", "average precision", "accuracy")
    return Answer.of(
        Table("One model, all scores", tuple(measured), (tuple(measured.values()),)),
        answers.each_class("Class by class", logits, labels, classes),
        Table(f"Cats by loss, {short(lab)} epochs", header, tuple((name, *row) for name, row in rows.items())),
        answers.confusion("confusion", "The camp network on the test pictures", matrix, classes),
        *(Result(f"camp network, {name}", name, value, data=DATA) for name, value in measured.items()),
        measured=measured,
        rows=rows,
        pair=(classes[one], classes[other]),
        mistaken=int(matrix[one, other]),
        epochs=short(lab),
    )


QUESTIONS = {1: structure, 2: optimizers, 3: sample_count, 4: own_photos, 5: deep_networks, 6: scores}
HEADLINES = {
    1: "camp network",
    2: "adam, optimizers, 3 epochs",
    3: "1000 per class",
    4: "photos, centre crop",
    5: "vgg16, short run, 2,000 pictures, 3 epochs",
    6: "camp network, macro-F1",
}


def main(argv: Sequence[str] | None = None) -> None:
    answers.homework(Config, TITLE, QUESTIONS, argv)


if __name__ == "__main__":
    sys.exit(runtime.run(main))
