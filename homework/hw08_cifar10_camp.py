"""猫狗分类实验 (CIFAR-10), 百度技术学院机器学习训练营第二期: the camp's six questions, answered on CIFAR-10.

./run.sh hw08                    all six; --question 3 answers one, --full takes the published settings
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
DATA = "CIFAR-10, 50,000 / 10,000"
SHAPE, CAT, DOG = (3, 32, 32), 3, 5
# Each optimizer at a rate that suits it: a comparison at one rate for all only shows whom that rate was made for.
RATES = {"sgd": 0.1, "momentum": 0.02, "adagrad": 0.01, "adam": 1e-3}
# What the forum's most liked answer, 3,630, counts for each layer: one input channel everywhere, and no batch norm.
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
    seeds: int = flag(1, "runs of the camp network as the course trains it")
    batch_size: int = flag(128, "pictures per update")
    camp_epochs: int = flag(20, "epochs of the camp network as the course trains it (questions 1, 4, 5, 6)")
    short_epochs: int = flag(3, "epochs of each row in the comparisons (questions 1, 2, 6); 20 with --full")
    per_class: tuple[int, ...] = flag((10, 20, 50, 100, 200, 500, 1000), "question 3; up to 5000 with --full")
    curve_seeds: int = flag(3, "question 3: runs per number of pictures")
    deep_pictures: int = flag(2000, "question 5: what LeNet, VGG-16 and ResNet-18 are trained on; 50000 with --full")
    photos: str = flag("", "question 4: a folder with your own pictures; empty = pets/ among the data")


def epochs(lab: Lab, most: int) -> int:
    return 1 if lab.config.smoke else lab.config.epochs or most


def short(lab: Lab) -> int:
    return epochs(lab, 20 if lab.config.full else lab.config.short_epochs)


def pictures(lab: Lab, images: readers.Images, seed: int = 0, shuffle: bool = True) -> batches.Batches:
    """The camp's batches: no augmentation, pixels in -1..1."""
    return batches.Batches(images, lab.config.batch_size, seed=seed, shuffle=shuffle)


def adam(epochs: int, lr: float = 1e-3, optimizer: str = "adam") -> training.Phase:
    return training.Phase(epochs, optimizer, partial(training.schedules.constant, lr=lr))


def train(lab: Lab, name: str, phases: Sequence[training.Phase], model: str = "camp", **settings: Any) -> Trained:
    """Train a network on all of CIFAR-10, or on `images`; the rest of `settings` goes to `training.fit`."""
    seed = settings.pop("seed", lab.config.seed)
    images = settings.pop("images", None) or lab.images("cifar10", "train")
    held = settings.pop("held_out", None) or {"test": pictures(lab, lab.images("cifar10", "test"), shuffle=False)}
    net = models.build(model, seed=seed)
    data = pictures(lab, images, seed)
    return Trained(net, training.fit(lab.run(f"{name}-{seed}"), net, data, phases, held_out=held, **settings))


def camp(lab: Lab) -> list[Trained]:
    """The camp network as the course trains it, for every seed: the starting point of questions 1, 4, 5 and 6."""
    phases = [adam(epochs(lab, lab.config.camp_epochs))]
    return [train(lab, "camp", phases, seed=seed) for seed in lab.seeds]


def structure(lab: Lab) -> Answer:
    """网络结构：计算每层网络结构和输入输出尺寸和参数个数。不加 BN？更深？每层的尺寸变化？更多结构？
    Network structure: every layer's input, output and number of parameters. Without BN? Deeper? Other structures?"""
    rows = answers.layer_table(models.build("camp"), SHAPE)
    counted = [row for row in rows if row.values]
    wrong = [(row.name, row.formula, row.values, f) for row, f in zip(counted, FORUM.values(), strict=True)]
    names = ("camp", "camp-no-bn", "camp-deeper", "camp-wider")
    variants = {name: [train(lab, f"{name}-short", [adam(short(lab))], name)] for name in names}
    setting = f"Adam, {short(lab)} epochs"
    compared = answers.compare(f"Other structures, {setting}", variants, DATA, SHAPE, setting)
    course = answers.compare(
        "", {"camp network": camp(lab)}, DATA, setting=f"Adam, {len(camp(lab)[0].result.epochs)} epochs"
    )
    curves = answers.by_epoch(camp(lab)[0], "accuracy")
    return Answer(
        {
            "rows": {name: row.values for name, row in zip(FORUM, counted, strict=True)},
            "total": sum(row.values for row in rows),
            "trainable": sum(row.trainable for row in rows),
            "macs": sum(row.macs for row in rows),
            "forum": sum(FORUM.values()),
            "spatial": answers.sizes(rows),
            "epochs": len(camp(lab)[0].result.epochs),
            "short": short(lab),
            "course": course.results[0],
            "accuracy": compared.accuracy,
            "best": compared.best,
        },
        [
            answers.layers("The camp network, layer by layer", rows),
            Table("The forum's 3,630, term by term", ("layer", "worked out", "values", "forum's count"), tuple(wrong)),
            compared.table,
        ],
        [answers.curves("q1-camp", "The camp network, Adam", curves, "epoch", "accuracy", percent=True)],
        [Result("camp network", "values", sum(r.values for r in rows)), *course.results, *compared.results],
    )


def optimizers(lab: Lab) -> Answer:
    """尝试不同的 Loss 函数和优化算法（SGD、Momentum、Adagrad、Adam），观察效果的变化，最好的选择是什么？为什么？
    Try different losses and optimizers (SGD, Momentum, Adagrad, Adam): what changes, what is best, and why?"""
    n = short(lab)
    by_optimizer = {
        name: [train(lab, f"camp-{name}-short" if name != "adam" else "camp-short", [adam(n, lr, name)])]
        for name, lr in RATES.items()
    }
    losses = {
        "cross-entropy": None,
        "mse": training.losses.mse,
        "mae": training.losses.mae,
        "focal": training.losses.focal,
    }
    by_loss = {
        name: [train(lab, f"camp-{name}-short", [adam(n)], loss=loss)] if loss else by_optimizer["adam"]
        for name, loss in losses.items()
    }
    extra = max(1, n // 3)
    tuned = {
        "Adam alone": [train(lab, "camp-adam-longer", [adam(n + extra)])],
        "Adam, then SGD": [train(lab, "camp-adam-sgd", [adam(n), adam(extra, 0.01, "sgd")])],
        "Adam, then Momentum": [train(lab, "camp-adam-momentum", [adam(n), adam(extra, 1e-3, "momentum")])],
    }
    one, two, three = (
        answers.compare(f"{caption}, {setting}", rows, DATA, setting=f"{caption.lower()}, {setting}")
        for caption, rows, setting in (
            ("Optimizers", by_optimizer, f"{n} epochs"),
            ("Losses with Adam", by_loss, f"{n} epochs"),
            ("Fine-tuning from saved params", tuned, f"{n} + {extra} epochs"),
        )
    )
    curves = {name: answers.by_epoch(rows[0], "accuracy")["test"] for name, rows in by_optimizer.items()}
    return Answer(
        {
            "epochs": n,
            "extra": extra,
            "optimizers": one.accuracy,
            "best": one.best,
            "worst": one.worst,
            "losses": two.accuracy,
            "best_loss": two.best,
            "tuned": three.accuracy,
            "message": refusal(by_optimizer["adam"][0]),
        },
        [one.table, two.table, three.table],
        [answers.curves("q2-optimizers", "Test accuracy by optimizer", curves, "epoch", "accuracy", percent=True)],
        [*one.results, *two.results, *three.results],
    )


def refusal(trained: Trained) -> str:
    """What the library says to somebody who loads Adam's persistables into SGD."""
    sgd = training.optimizers.build("sgd", trained.net)
    try:
        training.load_persistables(trained.result.params.parent, trained.net, sgd)
    except runtime.UserError as error:
        return str(error).replace(str(trained.result.run.directory), trained.result.run.name)
    raise AssertionError("SGD took the persistables of Adam")


def sample_count(lab: Lab) -> Answer:
    """尝试不同的样本数量：准确率变化的曲线是怎样的？每个类别至少有多少张图片可支撑一个准确率尚可的模型？识别万事万物是否可行？
    More and more pictures per class: what is the curve, how many are enough, and could a model recognise everything?"""
    config = lab.config
    sizes = (5, 10, 20) if config.smoke else config.per_class + ((2000, 5000) if config.full else ())
    test, scores = pictures(lab, lab.images("cifar10", "test"), shuffle=False), []
    for size in sizes:
        for seed in range(config.seed, config.seed + (1 if config.smoke else config.curve_seeds)):
            images = lab.images("cifar10", "train")
            some = images.take(readers.balanced(images, size, seed))
            fitting, validating = (some.take(part) for part in readers.stratified_split(some.labels, 0.8, seed))
            held = {"validation": pictures(lab, validating, shuffle=False)}
            name = f"count-{size}"
            net, result = train(
                lab, name, [adam(epochs(lab, 60))], images=fitting, held_out=held, patience=3, seed=seed
            )
            scores.append(
                (size, training.evaluate(net, test, training.losses.cross_entropy)["accuracy"], len(result.epochs))
            )
    every = {size: [accuracy for n, accuracy, _ in scores if n == size] for size in sizes}
    n, mean = np.array(sizes), np.array([answers.spread(values)[0] for values in every.values()])
    sd = np.array([answers.spread(values)[1] or 0.0 for values in every.values()])
    intercept, slope, line_r2 = answers.line(n, mean)
    a, b, power_r2 = answers.power_law(n, mean)
    series = {
        "measured": (n, mean, sd),
        "straight line": (n, intercept + slope * np.log10(n)),
        "power law": (n, 1 - a * n**-b),
    }
    chart = {"logx": True, "percent": True, "dashed": ("straight line", "power law")}
    stops = [round(float(np.mean([e for m, _, e in scores if m == size])), 1) for size in sizes]
    table = tuple(
        (size, answers.score(m, s or None, len(every[size])), stop)
        for size, m, s, stop in zip(sizes, mean, sd, stops, strict=True)
    )
    return Answer(
        {
            "sizes": sizes,
            "first": mean[0],
            "last": mean[-1],
            "slope": slope,
            "line_r2": line_r2,
            "a": a,
            "b": b,
            "power_r2": power_r2,
            "elbow": answers.elbow(n, mean),
            "shorter_elbow": answers.elbow(n[:-1], mean[:-1]),
            "for_90": answers.needed(a, b, 0.9),
            "doubling": slope * np.log10(2),
            "runs": len(every[sizes[0]]),
        },
        [
            Table(
                "Test accuracy by pictures per class",
                ("pictures per class", "test accuracy", "epochs until it stopped"),
                table,
            )
        ],
        [
            answers.curves(
                "q3-samples",
                "Accuracy against the number of pictures",
                series,
                "pictures per class",
                "test accuracy",
                **chart,
            )
        ],
        [
            Result(f"{size} per class", "test accuracy", m, s or None, len(every[size]), data=DATA)
            for size, m, s in zip(sizes, mean.tolist(), sd.tolist(), strict=True)
        ],
    )


def own_photos(lab: Lab) -> Answer:
    """使用模型实践：拍一些身边宠物狗的照片，处理成 32*32 尺寸后试试模型效果，准或不准的原因是什么？
    Photograph some dogs around you, shrink the pictures to 32 x 32 and try the model: why is it right or wrong?"""
    folder = lab.config.photos or readers.folder("pets", lab.config.data_root or None, lab.config.data)
    paths, photos = zip(*readers.pictures(folder), strict=True)
    train, test = lab.images("cifar10", "train"), lab.images("cifar10", "test")
    labels = np.array([answers.label_of(path, train.classes) for path in paths])
    told = labels >= 0
    view = answers.Viewer(camp(lab)[0].net, pictures(lab, train))
    known = view(test.images[:2000])
    least, farthest = answers.limits(known, test.labels[:2000])
    ways = {"squashed": (False, 1.0), "centre crop": (True, 1.0), "crop, 3/4": (True, 0.75), "crop, 1/2": (True, 0.5)}
    sights = {name: view(answers.shrink(photos, 32, *way)) for name, way in ways.items()}
    right = {
        name: float((sight.guess == labels)[told].mean()) if told.any() else None for name, sight in sights.items()
    }
    seen = sights["centre crop"]
    odd = answers.strange(seen, least, farthest)
    rows = tuple(
        (n, right[n], float(s.confidence.mean()), float(np.median(s.distance)), float(s.contrast.mean()))
        for n, s in sights.items()
    )
    of_test = (
        "CIFAR-10's own test",
        float((known.guess == test.labels[:2000]).mean()),
        float(known.confidence.mean()),
        float(np.median(known.distance)),
        float(known.contrast.mean()),
    )
    shown = np.random.default_rng(lab.config.seed).permutation(len(photos))[:12]
    some = [array[shown] for array in (seen.images, train.images[seen.nearest])]
    return Answer(
        {
            "count": len(photos),
            "told": int(told.sum()),
            "right": right,
            "best": max(right, key=lambda n: right[n] or 0),
            "own_test": float((known.guess == test.labels[:2000])[np.isin(test.labels[:2000], (CAT, DOG))].mean()),
            "odd": float(odd.mean()),
            "odd_wrong": wrong_share(seen, labels, odd & told),
            "fine_wrong": wrong_share(seen, labels, ~odd & told),
            "reasons": answers.reasons(seen, labels) if told.all() else {},
            "ratio": rows[1][3] / of_test[3],
        },
        [
            Table(
                "What the network makes of the photos",
                ("prepared as", "right", "mean confidence", "median distance to training pictures", "contrast"),
                (*rows, of_test),
            )
        ],
        [
            answers.pictures(
                "q4-photos",
                "The photos at 32 x 32 (centre crop) with three guesses",
                list(some[0]),
                [answers.captions(seen, train.classes, least, farthest)[i] for i in shown],
                columns=4,
            ),
            answers.pictures(
                "q4-nearest",
                "The training picture that the network finds most similar to each",
                list(some[1]),
                [train.classes[train.labels[i]] for i in seen.nearest[shown]],
                columns=4,
            ),
        ],
        [
            Result(f"photos, {name}", "accuracy", share, n=int(told.sum()), data=f"{len(photos)} photos")
            for name, share in right.items()
            if share is not None
        ],
    )


def wrong_share(sight: Any, labels: np.ndarray, which: np.ndarray) -> float | None:
    return float((sight.guess != labels)[which].mean()) if which.any() else None


def deep_networks(lab: Lab) -> Answer:
    """VGGNet，ResNet 如何搭建？在预测效果和训练时间上有怎样的差异？原因是什么？
    How are VGG and ResNet built, how do they differ in accuracy and training time, and why?"""
    config = lab.config
    count = 100 if config.smoke else 50000 if config.full else config.deep_pictures
    train_images, test_images = lab.images("cifar10", "train"), lab.images("cifar10", "test")
    images = train_images.take(readers.balanced(train_images, min(count, len(train_images)) // 10, config.seed))
    held = {"test": pictures(lab, test_images.take(np.arange(min(1000, len(test_images)))), shuffle=False)}
    settings = {"images": images, "held_out": held}
    rows = {
        name: [train(lab, f"deep-{name}", [adam(short(lab))], name, **settings)]
        for name in ("camp", "vgg11", "vgg16", "resnet18")
    }
    setting = f"{len(images):,} pictures, {short(lab)} epochs"
    compared = answers.compare(f"Networks after {setting}: a short run", rows, DATA, SHAPE, f"short run, {setting}")
    speed = {name: len(images) * len(row[0].result.epochs) / row[0].result.minutes / 60 for name, row in rows.items()}
    macs = {name: answers.counts(row[0].net, SHAPE)[2] for name, row in rows.items()}
    speeds = tuple(
        (name, macs[name], speed[name], 6 * macs[name] * speed[name] / 1e9, 50000 / speed[name] / 60) for name in rows
    )
    return Answer(
        {
            "pictures": len(images),
            "epochs": short(lab),
            "accuracy": compared.accuracy,
            "speed": speed,
            "macs": macs,
            "night": {name: 50000 * 20 / each / 3600 for name, each in speed.items()},
        },
        [
            compared.table,
            Table(
                "What training costs",
                ("network", "MACs", "pictures/s", "GFLOP/s", "minutes per epoch of 50,000"),
                speeds,
                "6 floating-point operations per MAC: 2 forward, 4 backward",
            ),
        ],
        [
            answers.bars(
                "q5-speed",
                "Pictures per second while training",
                list(speed),
                list(speed.values()),
                xlabel="pictures per second",
            )
        ],
        compared.results,
    )


def scores(lab: Lab) -> Answer:
    """top-5 错误率、macro-F1、mAP 和 acc、交叉熵有什么关系？系统用于召回时要改 loss 吗？
    How do top-5 error, macro-F1, mAP, accuracy and cross-entropy relate? Should the loss change when recall matters?"""
    test = lab.images("cifar10", "test")
    data = pictures(lab, test, shuffle=False)
    logits, labels = training.predict(camp(lab)[0].net, data)
    weight = tuple(3.0 if i == CAT else 1.0 for i in range(10))
    weighted = {
        "cross-entropy": training.losses.cross_entropy,
        "cat weighs 3": partial(training.losses.cross_entropy, weight=weight),
        "focal": training.losses.focal,
    }
    rows = []
    for name, loss in weighted.items():
        folder = {"cross-entropy": "camp-short", "focal": "camp-focal-short"}.get(name, "camp-cat-short")
        net, _ = train(lab, folder, [adam(short(lab))], **({} if name == "cross-entropy" else {"loss": loss}))
        found = training.predict(net, data)[0]
        each = training.metrics.per_class(found, labels)
        rows.append(
            (
                name,
                float(each.recall[CAT]),
                float(each.precision[CAT]),
                float(each.ap[CAT]),
                training.metrics.accuracy(found, labels),
            )
        )
    measured = answers.measures(logits, labels)
    matrix = training.metrics.confusion(logits, labels)
    off = matrix - np.diag(np.diag(matrix))
    one, other = np.unravel_index(off.argmax(), off.shape)
    return Answer(
        {
            "measured": measured,
            "pair": (test.classes[one], test.classes[other]),
            "mistaken": int(off.max()),
            "rows": {row[0]: row[1:] for row in rows},
            "epochs": short(lab),
        },
        [
            Table("One model, all scores", tuple(measured), (tuple(measured.values()),)),
            answers.each_class("Class by class", logits, labels, test.classes),
            Table(
                "Recall of cats by loss",
                ("loss", "recall of cat", "precision of cat", "average precision", "accuracy"),
                tuple(rows),
            ),
        ],
        [
            answers.confusion(
                "q6-confusion", "Confusion matrix of the camp network on the test pictures", matrix, test.classes
            )
        ],
        [Result(f"camp network, {name}", name, value, data=DATA) for name, value in measured.items()],
    )


QUESTIONS = {1: structure, 2: optimizers, 3: sample_count, 4: own_photos, 5: deep_networks, 6: scores}


def main(argv: Sequence[str] | None = None) -> None:
    answers.homework(Config, TITLE, QUESTIONS, argv)


if __name__ == "__main__":
    sys.exit(runtime.run(main))
