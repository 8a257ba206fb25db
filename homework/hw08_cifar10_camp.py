"""猫狗分类实验 (CIFAR-10), 百度技术学院机器学习训练营第二期: the camp's six questions, answered on CIFAR-10.

./run.sh hw08                    all six; --question 3 answers one, --full trains longer

The camp network has 89,910 values, not 3,630, and reaches 66.9 % ± 0.4 (n = 3) after 20 epochs of Adam, 10 minutes each
on one core of two (AMD EPYC with AVX2, Paddle 3.3.1) with another training beside it. The fast network, shown six views
of each test picture, has 94.2 % ± 0.1 (n = 3) after 11 epochs (--full --question 5 --networks fast --seeds 3), half an
hour of both cores; with half its channels it has 91.2 % ± 0.2 (n = 3) after six, in 6 minutes. All figures:
docs/results.md.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from paddle_course import answers, batches, models, onednn, readers, runtime, training
from paddle_course.answers import Answer, Lab, Recipe, Result, Trained
from paddle_course.config import RunConfig, flag

TITLE = ("猫狗分类实验（CIFAR-10）", "Cats, dogs and eight other things: the camp's experiment on CIFAR-10")
DATA, SHAPE, CAT, AXES = "CIFAR-10, 50,000 / 10,000", (3, 32, 32), 3, ("epoch", "accuracy")
# Epochs of all pictures for half an hour of two cores, more or less, with bfloat16 and with AVX2 alone, where those of
# the fast network take it to 94 %. MINUTES take one with half its channels to 90 %, and the others as long.
HALF_HOUR = {"camp": (170, 80), "lenet": (500, 270), "vgg16": (7, 4), "resnet18": (4, 2), "fast": (11, 11)}
MINUTES = {"fast-half": 6, "camp": 25, "lenet": 65}
COMPARED = ("camp", "lenet", "vgg11", "vgg16", "resnet18", "fast")  # by what the first updates bring
SIZES = {"lenet": {"channels": SHAPE[0], "side": SHAPE[1]}}  # of a network that is built for digits if nobody says
# Each optimizer at a usual rate of its own, as 0.001 is Adam's: one rate for all only shows whom it was made for.
RATES = {"sgd": 0.1, "momentum": 0.02, "adagrad": 0.01}
# What follows Adam. Adam itself at a low rate tells what the rate does from what the optimizer does.
TUNED = {"SGD": ("sgd", 0.01), "Momentum": ("momentum", 1e-3), "Adam at 1e-4": ("adam", 1e-4)}
# What the forum's most liked answer, 3,630, counts: one input channel everywhere, 5 x 5 and a bias, and no batch norm.
FORUM = {"conv1": 20 * 26, "norm1": 0, "conv2": 50 * 26, "norm2": 0, "conv3": 50 * 26, "fc": 50 * 10 + 10}


@dataclass(frozen=True)
class Config(RunConfig):
    seeds: int = flag(1, "runs of the camp network as the course trains it", least=1)
    batch_size: int = flag(128, "pictures per update", least=1)
    camp_epochs: int = flag(20, "epochs of the camp network as the course trains it (questions 1, 4, 6)", least=1)
    short_epochs: int = flag(2, "epochs of each row in the comparisons; 20 with --full, but for question 5", least=1)
    per_class: tuple[int, ...] = flag((10, 20, 50, 100, 200, 500, 1000, 2000, 5000), "question 3")
    curve_seeds: int = flag(3, "question 3: runs per number of pictures", least=1)
    deep_pictures: int = flag(1000, "question 5: pictures of the short rows that compare the networks", least=10)
    networks: tuple[str, ...] = flag((), "question 5: which of them are trained at length", tuple(HALF_HOUR))
    photos: str = flag("", "question 4: a folder of your pictures, dog.1.jpg and so on; empty = pets/ in the data")


def short(lab: Lab) -> int:
    return lab.epochs(lab.config.short_epochs, full=20)


def pictures(lab: Lab, images: readers.Images | None = None, seed: int = 0, shuffle: bool = False) -> batches.Batches:
    """The camp's batches, of the test pictures if of no others: no augmentation, pixels in -1..1."""
    return batches.Batches(images or lab.images("cifar10", "test"), lab.config.batch_size, seed=seed, shuffle=shuffle)


def train(lab: Lab, name: str, epochs: int, optimizer: str = "adam", lr: float = 1e-3, **settings: Any) -> Trained:
    """Train the camp network, or a `model`, on all of CIFAR-10, or on `images`; other `settings` are those of `fit`."""
    seed, model = settings.pop("seed", lab.config.seed), settings.pop("model", "camp")
    images = settings.pop("images", None) or lab.images("cifar10", "train")
    held = settings.pop("held_out", None) or {"test": pictures(lab)}
    net, data = lab.model(model, seed), pictures(lab, images, seed, shuffle=True)
    data = replace(data, size=settings.pop("size", data.size))
    phase = training.Phase(epochs, optimizer, partial(training.schedules.constant, lr=lr))
    return lab.fit(f"{name}-{seed}", net, data, [phase], held_out=held, **settings)


def camp(lab: Lab) -> list[Trained]:
    """The camp network as the course trains it, once for every seed."""
    return [train(lab, "camp", lab.epochs(lab.config.camp_epochs), seed=seed) for seed in lab.seeds]


def structure(lab: Lab) -> Answer:
    """网络结构：计算每层网络结构和输入输出尺寸和参数个数。不加 BN？更深？每层的尺寸变化？更多结构？
    Network structure: every layer's input, output and number of parameters. Without BN? Deeper? Other structures?"""
    n, trained, names = short(lab), camp(lab), ("camp", "camp-no-bn", "camp-deeper", "camp-wider")
    others = {name: [train(lab, f"{name}-short", n, model=name)] for name in names}
    rows, story = answers.layer_table(models.build("camp"), SHAPE), answers.learning(trained[0])
    few, all_of_them = (f"Adam, {answers.plural(count, 'epoch')}" for count in (n, len(story.epochs)))
    return Answer.of(
        layers := answers.layers("The camp network, layer by layer", rows),
        deeper := answers.layers("The deeper one, layer by layer", answers.layer_table(models.build(names[2]), SHAPE)),
        forum := answers.recount("The forum's 3,630, term by term", rows, FORUM, "forum's count"),
        others := answers.compare("Other structures", others, DATA, few, SHAPE, pictures(lab)),
        course := answers.compare("As the course trains it", {"camp network": trained}, DATA, all_of_them),
        Result("camp network", "values", layers.total),
        answers.curves("camp", "The camp network", answers.by_epoch(trained[0], "accuracy"), *AXES, percent=True),
        layers=layers,
        deeper=deeper,
        forum=forum,
        course=course.results[0],
        story=story,
        others=others,
        short=n,
    )


def optimizers(lab: Lab) -> Answer:
    """尝试不同的 Loss 函数和优化算法（SGD、Momentum、Adagrad、Adam），观察效果的变化，最好的选择是什么？为什么？
    Try different losses and optimizers (SGD, Momentum, Adagrad, Adam): what changes, what is best, and why?"""
    n, more, judge = short(lab), max(1, short(lab) // 3), partial(answers.compare, data=DATA, judged=pictures(lab))
    few, adam = answers.plural(n, "epoch"), [train(lab, "camp-short", n)]
    by_optimizer = {k: [train(lab, f"camp-{k}-short", n, k, lr)] for k, lr in RATES.items()} | {"adam": adam}
    by_loss = {k: [train(lab, f"camp-{k}-short", n, loss=getattr(training.losses, k))] for k in ("mse", "mae", "focal")}
    start, tuned = adam[0].result.params, {"Adam alone": [train(lab, "camp-adam-longer", n + more)]}
    for name, how in TUNED.items():
        tuned[f"Adam, then {name}"] = [train(lab, f"camp-adam-{answers.slug(name)}", more, *how, start=start)]
    curves = {name: answers.by_epoch(row[0], "accuracy")["test"] for name, row in by_optimizer.items()}
    tuning = f"fine-tuning from saved params, {n} + {more} epochs"
    return Answer.of(
        by_optimizer := judge("Camp network", by_optimizer, setting=f"optimizers, {few}"),
        by_loss := judge("Camp network", {"cross-entropy": adam} | by_loss, setting=f"losses with adam, {few}"),
        tuned := judge("Camp network (minutes without the Adam before)", tuned, setting=tuning),
        answers.curves("optimizers", "Test accuracy by optimizer", curves, *AXES, percent=True),
        epochs=n,
        more=more,
        optimizers=by_optimizer,
        losses=by_loss,
        tuned=tuned,
        message=answers.refusal(adam[0], "sgd"),
        silent=answers.taken_in_silence(adam[0]),
    )


def sample_count(lab: Lab) -> Answer:
    """尝试不同的样本数量：准确率变化的曲线是怎样的？每个类别至少有多少张图片可支撑一个准确率尚可的模型？识别万事万物是否可行？
    More and more pictures per class: what is the curve, how many are enough, and could a model recognise everything?"""
    config, images, test = lab.config, lab.images("cifar10", "train"), pictures(lab)
    sizes = (4, 8, 16) if config.smoke else config.per_class
    seeds = range(config.seed, config.seed + (1 if config.smoke else config.curve_seeds))

    def accuracy(size: int, seed: int, fitting: readers.Images, validating: readers.Images) -> float:
        held = {"images": fitting, "held_out": {"validation": pictures(lab, validating)}, "patience": 3}
        held["size"] = min(config.batch_size, max(1, len(fitting) // 8))  # few pictures must not mean few updates
        net, _ = train(lab, f"count-{size}", lab.epochs(60), seed=seed, **held)
        return training.evaluate(net, test, training.losses.cross_entropy)["accuracy"]

    scores = answers.by_count(images, sizes, seeds, accuracy, "--per-class")
    curve = answers.sample_curve(scores, "CIFAR-10, balanced subsets / 10,000")
    return Answer.of(curve, curve=curve)


def own_photos(lab: Lab) -> Answer:
    """使用模型实践：拍一些身边宠物狗的照片，处理成 32*32 尺寸后试试模型效果，准或不准的原因是什么？
    Photograph some dogs around you, shrink the pictures to 32 x 32 and try the model: why is it right or wrong?"""
    folder = lab.config.photos or readers.folder("pets", lab.config.data_root or None, lab.config.data)
    photos, learnt = readers.pictures(folder), pictures(lab, lab.images("cifar10", "train"))
    study = answers.study(camp(lab)[0].net, learnt, lab.images("cifar10", "test").take(slice(2000)), photos)
    return Answer.of(study, study=study)


def deep_networks(lab: Lab) -> Answer:
    """VGGNet，ResNet 如何搭建？在预测效果和训练时间上有怎样的差异？原因是什么？
    How are VGG and ResNet built, how do they differ in accuracy and training time, and why?"""
    config, n = lab.config, lab.epochs(lab.config.short_epochs)
    slow = onednn.precision(lab.model("camp")) != "bf16"
    budgets = {name: n[slow] for name, n in HALF_HOUR.items()} if config.full or config.networks else MINUTES
    few = (2, 50) if config.smoke else (config.deep_pictures // 10, 1000)
    epochs = {name: lab.epochs(budgets[name]) for name in config.networks or budgets}
    long, of = answers.long(lab, "cifar10", epochs, DATA, SHAPE, SIZES), answers.portions(lab, "cifar10", *few)
    alike = Recipe("camp", size=config.batch_size, optimizer="adam", lr=1e-3)
    first = answers.short(lab, COMPARED, alike, of, n, SHAPE, SIZES)
    tables = {name: answers.layer_table(models.build(name), SHAPE) for name in ("vgg16", "resnet18")}
    built = {name: answers.layers(f"{name}, layer by layer", table) for name, table in tables.items()}
    return Answer.of(first, long, *built.values(), short=first, long=long, built=built)


def scores(lab: Lab) -> Answer:
    """top-5 错误率、macro-F1、mAP 和 acc、交叉熵有什么关系？系统用于召回时要改 loss 吗？
    How do top-5 error, macro-F1, mAP, accuracy and cross-entropy relate? Should the loss change when recall matters?"""
    n, losses, data = short(lab), training.losses, pictures(lab)
    weighted = partial(losses.cross_entropy, weight=tuple(3.0 if i == CAT else 1.0 for i in range(10)))
    nets = {
        "cross-entropy": train(lab, "camp-short", n).net,
        "cat weighs 3": train(lab, "camp-cat-short", n, loss=weighted).net,
        "focal": train(lab, "camp-focal-short", n, loss=losses.focal).net,
    }
    return Answer.of(
        found := answers.scores("camp network", camp(lab)[0].net, data, DATA),
        cats := answers.one_class("Cats by loss", "loss", nets, data, CAT, answers.plural(n, "epoch"), DATA),
        found=found,
        cats=cats,
        epochs=n,
    )


QUESTIONS = {1: structure, 2: optimizers, 3: sample_count, 4: own_photos, 5: deep_networks, 6: scores}
HEADLINES = {  # the first stands for the whole homework
    5: "fast, 11 epochs, six views",
    1: "camp network",
    2: "adam, optimizers, 2 epochs",
    3: "5000 per class",
    4: "photos, centre crop",
    6: "camp network, macro-F1",
}
FIRST_ZH = "fast 网络，11 轮，六个视角：测试准确率"

main = partial(answers.homework, Config, TITLE, QUESTIONS)

if __name__ == "__main__":
    sys.exit(runtime.run(main))
