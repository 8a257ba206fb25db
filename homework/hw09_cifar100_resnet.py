"""Resnet 实现图像分类 (CIFAR-100), 华为云: train a ResNet, explain what one trains with, and make it better.

./run.sh hw09                                             all three, about half an hour on two cores; one run of each
./run.sh hw09 --question 3 --seeds 3 --rung-epochs 24     the ladder at length, its two ends three times
./run.sh hw09 --question 3 --full                         and its last recipe on all the training pictures there are
./run.sh hw09 --question 3 --long                         that, wider and longer

The ladder trains on 200 pictures of each class; 20 of them are held off, and decide what stays.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import numpy as np

from paddle_course import answers, batches, models, readers, runtime, training
from paddle_course.answers import FAST, Answer, Lab, Recipe, Result, Rung, Trained
from paddle_course.config import RunConfig, flag

TITLE = ("Resnet 实现图像分类（CIFAR-100）", "A hundred kinds of pictures, told apart by a ResNet")
SHAPE, ALL = (3, 32, 32), 50_000
# As it is published, with the stem for 224 x 224 pictures and nothing against overfitting; but with a quarter of the
# channels, so that two cores can climb a ladder of such trainings.
PUBLISHED = Recipe("resnet18", {"stem": "imagenet", "width": 16})


def net(**settings: Any) -> dict[str, Any]:
    return {"settings": {**PUBLISHED.settings, **settings}}


def lenet(activation: str) -> dict[str, Any]:
    return {"model": "lenet", "settings": {"channels": 3, "side": 32, "activation": activation}, "lr": 0.05}


def fast(width: float, size: int = 256) -> dict[str, Any]:
    """The fast network and the recipe made for it, in batches that leave it enough updates on few pictures."""
    return vars(replace(FAST, settings={"width": width}, size=size))


# The concepts that are shown by trainings which differ in one thing; the rate grows with the batch.
CONCEPTS = {
    "batch size": {f"batches of {n}": {"size": n, "lr": 0.1 * n / 128} for n in (16, 128, 1024)},
    "shortcuts": {
        "18 layers": {},
        "18 layers, plain": net(shortcuts=False),
        "34 layers": net(depth=34),
        "34 layers, plain": net(depth=34, shortcuts=False),
    },
    "activation": {name: lenet(name) for name in ("relu", "gelu", "tanh", "sigmoid")},
    "optimizer": {
        "sgd": {"optimizer": "sgd"},
        "nesterov": {},
        "adagrad": {"optimizer": "adagrad", "lr": 0.01},
        "adam": {"optimizer": "adam", "lr": 0.001},
    },
    "learning rate": {f"rate {lr}": {"lr": lr} for lr in (0.001, 0.01, 0.1, 1.0)},
}
RUNGS = {
    "3 × 3 stem": net(stem="cifar"),
    "crop and flip": {"crop": 4, "flip": "random"},
    "falling rate": {"falling": True},
    "weight decay": {"weight_decay": 5e-4},
    "label smoothing": {"smoothing": 0.1},
    "cutout": {"cutout": 8},
    "mixup": {"mixup": 0.2},
    "averaging": {"average": True},
    "fast network": fast(0.5),  # as many multiplications as the ResNet
    "twice as wide": fast(1.0),
    "six views": {"views": "six_views"},
}
WIDE = "twice as wide"
# 255 and 445 million multiply-accumulates a picture: two cores, which reach 390 GFLOP/s in training, are expected to
# take 72 minutes for 22 epochs of 50,000 pictures, and four hours for 40.
WHOLE = {"full": (fast(1.5, 512), 22), "long": (fast(2.0, 512), 40)}


@dataclass(frozen=True)
class Config(RunConfig):
    seeds: int = flag(1, "question 3: runs of the first rung and of the last that stays", least=1)
    per_class: int = flag(200, "training pictures of each class; --full and --long end with all there are", least=10)
    overfit_epochs: int = flag(40, "epochs of the network that learns its pictures by heart", least=1)
    concept_epochs: int = flag(5, "question 2: epochs of each training in a comparison", least=1)
    rung_epochs: int = flag(8, "question 3: epochs of each rung", least=1)
    long: bool = flag(False, "question 3: as --full, but wider and longer")


def epochs(lab: Lab, most: int) -> int:
    return 1 if lab.config.smoke else lab.config.epochs or most


@lru_cache(maxsize=1)
def pictures(lab: Lab) -> dict[str, readers.Images]:
    """`learn`: per_class of each class; the ladder's are `fit`, nine tenths of it, and `validation`; `few` is half."""
    images, test, seed = lab.images("cifar100", "train"), lab.images("cifar100", "test"), lab.config.seed
    each = min(3 if lab.config.smoke else lab.config.per_class, np.bincount(images.labels).min())
    learn, few = (images.take(readers.balanced(images, count, seed)) for count in (each, -(-each // 2)))
    fit, validation = (learn.take(part) for part in readers.stratified_split(learn.labels, 0.9, seed))
    test = test.take(slice(100 if lab.config.smoke else None))
    return {"learn": learn, "few": few, "fit": fit, "validation": validation, "test": test}


def data(lab: Lab, which: str) -> str:
    """What a result was measured on."""
    return f"CIFAR-100, {len(pictures(lab)[which]):,} / {len(pictures(lab)['test']):,}"


def overfit(lab: Lab) -> Trained:
    """The published training in little: no augmentation, no weight decay, a rate that never falls."""
    of, count = pictures(lab), epochs(lab, lab.config.overfit_epochs)
    return answers.train(lab, "overfit", PUBLISHED, of["learn"], {"test": of["test"]}, count, lab.config.seed)


def by_heart(lab: Lab) -> Answer:
    """训练模型，打印每个 epoch 的训练集 loss、测试集 loss 和测试集准确率
    Train the model and print its training loss, test loss and test accuracy for each epoch"""
    found = overfit(lab)
    story, (trainable, running, macs) = answers.learning(found), answers.counts(found.net, SHAPE)
    final, minutes = story.final["test_accuracy"], found.result.minutes
    return Answer.of(
        story.figure("training", "Without anything against overfitting"),
        story.table,
        Result("the published training in little", "test accuracy", final, None, 1, minutes, data(lab, "learn")),
        story=story,
        n=len(pictures(lab)["learn"]),
        values=trainable + running,
        macs=macs,
    )


def concepts(lab: Lab) -> Answer:
    """解释七个概念：batch size、epoch、过拟合、残差块为什么有效、激活函数、优化器、学习率
    Explain seven concepts: batch size, epoch, overfitting, residual blocks, activation, optimizer, learning rate"""
    of, n, some = pictures(lab), epochs(lab, lab.config.concept_epochs), pictures(lab)["few"]
    trained = partial(answers.variants, lab, "concept", PUBLISHED, images=some, held_out={"test": of["test"]}, epochs=n)
    rows = {concept: trained(changes=changes) for concept, changes in CONCEPTS.items()}
    setting = f"{n} epoch{'s' * (n > 1)}"
    tables = {
        concept: answers.compare(concept.capitalize(), row, data(lab, "few"), setting) for concept, row in rows.items()
    }
    base, sizes = rows["optimizer"]["nesterov"][0], (8, 32) if lab.config.smoke else (16, 64, 256, 1024)
    noise = answers.gradient_noise(base.net, answers.as_they_are(some, some), sizes)
    depths = answers.by_depth({name: row[0] for name, row in rows["shortcuts"].items()})
    picture, slopes = answers.activation_slopes(tuple(rows["activation"]))
    story = answers.learning(overfit(lab))
    charts = [
        answers.Chart(
            {name: answers.by_step(row[0], "loss") for name, row in rows[concept].items()}, "step", "loss", title
        )
        for concept, title in (("optimizer", "Optimizers"), ("learning rate", "Learning rates"))
    ]
    return Answer.of(
        *(tables["batch size"], noise, story.figure("overfitting", "Epoch after epoch"), tables["shortcuts"], depths),
        *(tables["activation"], picture, tables["optimizer"], tables["learning rate"]),
        answers.panels("steps", "The loss of the batches, step by step", charts),
        epochs=n,
        n=len(some),
        tables=tables,
        noise=noise,
        steps={
            name: len(row[0].result.epochs) and row[0].result.epochs[-1]["step"]
            for name, row in rows["batch size"].items()
        },
        story=story,
        depths=depths,
        slopes=slopes,
        losses={name: row[0].result.final["train_loss"] for name, row in rows["shortcuts"].items()},
    )


def improve(lab: Lab) -> Answer:
    """尝试对以上模型进行修改，以提高基于 CIFAR-100 数据集的分类精度（数据增强、模型结构、训练策略）
    Change the model to make it more accurate on CIFAR-100: data augmentation, structure, training strategy"""
    of, n, whole = pictures(lab), epochs(lab, lab.config.rung_epochs), lab.config.full or lab.config.long
    held, setting = {name: of[name] for name in ("validation", "test")}, f"{n} epoch{'s' * (n > 1)}"

    def train(name: str, recipe: Recipe, seed: int) -> Trained:
        return answers.train(lab, name, recipe, of["fit"], held, n, seed)

    def look(trained: Trained, recipe: Recipe) -> dict[str, float]:
        return answers.accuracies(trained, recipe, of["fit"], held)

    ladder = answers.ladder(PUBLISHED, RUNGS, train, look, lab.seeds, len(of["test"]), setting, data(lab, "fit"))
    top, first = ladder.highest, overfit(lab)
    views = getattr(batches, top.recipe.views)
    logits, labels = training.predict(top.trained.net, answers.as_they_are(of["test"], of["fit"]), views)
    related = answers.superclasses(logits, labels, readers.COARSE_OF_FINE, readers.COARSE, data(lab, "fit"))
    stories = answers.learning(first, "By heart: "), answers.learning(top.trained, "The last rung: ")
    heart = answers.by_heart({"by heart": (first, of["learn"]), top.name: (top.trained, of["fit"])}, of["test"])
    last = everything(lab, next(rung for rung in ladder.rungs if rung.name == WIDE)) if whole else []
    return Answer.of(
        ladder,
        answers.panels("ends", "The foot and the top of the ladder", [c for s in stories for c in s.charts], columns=2),
        *(heart, related, *last),
        ladder=ladder,
        epochs=n,
        n=len(of["fit"]),
        validation=len(of["validation"]),
        runs=len(lab.seeds),
        heart=heart.rows,
        smoothing=top.recipe.smoothing,
        related=related,
        last_runs=last,
    )


def everything(lab: Lab, rung: Rung) -> list[Result]:
    """The last recipe, wider and longer, on all training pictures; how long it will take is said before it begins."""
    images, test = lab.images("cifar100", "train"), pictures(lab)["test"]
    name = "long" if lab.config.long else "full"
    recipe, count = replace(FAST, **WHOLE[name][0]), epochs(lab, WHOLE[name][1])
    macs = [
        answers.counts(models.build("fast", classes=100, **each.settings), SHAPE)[2] for each in (recipe, rung.recipe)
    ]
    minutes = count * len(images) / rung.trained.result.speed * macs[0] / macs[1] / 60
    of = "all of CIFAR-100" if len(images) == ALL else f"what there is of CIFAR-100's {ALL:,}"
    print(f"{name}: {count} epochs of {len(images):,} pictures, {of}: about {minutes:.0f} minutes", file=sys.stderr)
    trained = answers.train(lab, name, recipe, images, {"test": test}, count, lab.config.seed)
    views = answers.viewed(trained, test, images, "six_views")
    measured, about = {"one view": trained.result.final["test_accuracy"], "six views": views}, trained.result.minutes
    on = f"CIFAR-100, {len(images):,} / {len(test):,}"
    return [
        Result(f"{name}, {count} epochs, {what}", "test accuracy", v, None, 1, about, on)
        for what, v in measured.items()
    ]


QUESTIONS = {1: by_heart, 2: concepts, 3: improve}
HEADLINES = {
    1: "the published training in little",
    2: "34 layers, shortcuts, 5 epochs",
    3: "top of the ladder",
}


def main(argv: Sequence[str] | None = None) -> None:
    answers.homework(Config, TITLE, QUESTIONS, argv)


if __name__ == "__main__":
    sys.exit(runtime.run(main))
