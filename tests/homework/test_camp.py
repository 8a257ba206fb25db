"""Homework 8: what its sentences say of numbers that no smoke run happens to bring."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from paddle_course import answers, readers, runtime
from paddle_course.answers import Answer, Question, words
from paddle_course.answers.samples import sample_curve
from paddle_course.training.metrics import Moved
from tests.homework.test_smoke import load

SIZES = (10, 20, 50, 100, 200, 500, 1000)
MEASURED = (0.212, 0.215, 0.321, 0.375, 0.428, 0.482, 0.543)  # docs/results.md


def said(number: int, **numbers: Any) -> tuple[str, str]:
    """Question and summary in English and in Chinese."""
    template = words.load(runtime.ROOT / "homework/words/hw08_cifar10_camp.md.j2")
    found = words.said(template, {number: Question("问题", "question", Answer(numbers))})
    english, chinese = ("\n".join(found[part][tongue] for part in ("summary", f"q{number}")) for tongue in ("en", "zh"))
    for text in (english, chinese):
        assert "inf" not in text.lower().split() and "nan" not in text.lower().split() and "1 epochs" not in text
    return english, chinese


def curve(sizes: tuple[int, ...], mean: Any) -> tuple[str, str]:
    made_up = sample_curve({n: [each] for n, each in zip(sizes, mean, strict=True)}, "made up")
    return said(3, curve=made_up)


def test_the_published_curve_says_what_is_measured_and_what_is_extrapolated() -> None:
    english, chinese = curve(SIZES, MEASURED)
    assert (
        "has no bend of this curve behind it. Seen on a linear axis the elbow lies at 200 per class, and at" in english
    )
    assert "brings between 0.3 and 8.0 points" in english
    assert "50 % takes at most 1,000 (measured), 60 % takes some" in english and "(extrapolated)" in english
    assert "takes some 300,000,000 (extrapolated) of each" in english and "每类约需 300,000,000 张（外推）" in chinese
    both = "from 100,000 pictures per class, if the straight line went on, to 300,000,000, by the power law"
    assert both in english and "每类约需 100,000 张；按幂律则约需 300,000,000 张" in chinese
    assert "100,000 by the straight line, which fits" in english and "按直线外推则约为 100,000 张" in chinese


def test_few_pictures_do_not_mean_few_updates(monkeypatch: pytest.MonkeyPatch) -> None:
    homework, sizes = load(runtime.ROOT / "homework/hw08_cifar10_camp.py"), {}
    labels = np.repeat(np.arange(10), 1000)
    images = readers.Images(np.zeros((10_000, 2, 2, 3), np.uint8), labels, tuple("abcdefghij"), "made up")
    config = SimpleNamespace(smoke=False, per_class=(10, 100, 1000), seed=0, curve_seeds=1, batch_size=128)
    lab = SimpleNamespace(config=config, images=lambda *_: images, epochs=lambda usual: usual)

    def train(lab: object, name: str, epochs: int, **settings: Any) -> SimpleNamespace:
        sizes[name] = settings["size"]
        return answers.Trained(None, None)

    monkeypatch.setattr(homework, "train", train)
    monkeypatch.setattr(homework.training, "evaluate", lambda *_: {"accuracy": 0.1 + len(sizes) / 10})
    homework.sample_count(lab)
    assert sizes == {"count-10": 10, "count-100": 100, "count-1000": 128}  # of 80, 800 and 8,000 to fit


def test_an_elbow_at_500_is_granted_and_a_curve_that_does_not_rise_has_none() -> None:
    english, chinese = curve((*SIZES, 5000), (0.1, 0.11, 0.13, 0.16, 0.2, 0.6, 0.61, 0.65))
    assert '"At least 500" is where the elbow lies' in english and "拐点正在“至少 500 张”" in chinese
    assert "60 % takes at most 500 (measured)" in english and "60 % 最多需要 500 张（实测）" in chinese
    english, chinese = curve(SIZES, [0.1] * len(SIZES))
    assert "for it does not rise" in english and "R² 0.000" in english and "-0.0 " not in english
    assert "takes no realistic number of each" in english
    assert "no realistic number leads this network to 90 %" in english and "外推不出有意义的数量" in chinese


@pytest.mark.parametrize(
    ("told", "reasons", "english", "chinese"),
    [
        (4, {"low confidence": 0.9}, "(area under the ROC curve, 0.5 = a coin): low", "0.5 相当于抛硬币）：置信度低"),
        (3, {"low confidence": 0.9}, "0.5 = a coin), over the 3 named photos: low", "按写明内容的 3 张计算：置信度低"),
        (4, {}, "The named ones are all right or all wrong", "全部判对或全部判错"),
        (0, {}, "name the files after the class that they show: dog.1.jpg", "例如 dog.1.jpg、"),
    ],
)
def test_reasons_are_those_of_the_named_photos(told: int, reasons: dict, english: str, chinese: str) -> None:
    right = {"squashed": 0.5, "centre crop": 0.6, "crop, 1/2": 0.5} if told else {"squashed": None, "centre crop": None}
    shares = {"test": 0.7, "own_test": 0.6, "odd": 0.5, "odd_wrong": None, "fine_wrong": None, "distance_ratio": 2.0}
    same = answers.Paired({name: np.ones(told, bool) for name in right})
    shares |= {"count": 4, "told": told, "tested": 9, "best": "squashed", "right": right, "same": same}
    texts = said(4, study=SimpleNamespace(reasons=reasons, **shares))
    assert english in texts[0] and chinese in texts[1]


@pytest.mark.parametrize("sure", [True, False])
def test_a_way_of_cropping_is_better_where_chance_does_not_explain_it(sure: bool) -> None:
    ways = {"squashed": 20, "centre crop": 60 if sure else 22, "crop, 1/2": 20}
    same = answers.Paired({name: np.arange(100) < count for name, count in ways.items()})
    shares = {"test": 0.7, "own_test": 0.7, "odd": 0.5, "odd_wrong": None, "fine_wrong": None, "distance_ratio": 2.0}
    right = {name: count / 100 for name, count in ways.items()}
    about = {"count": 100, "told": 100, "tested": 9, "best": "centre crop", "right": right, "same": same, "reasons": {}}
    english, chinese = said(4, study=SimpleNamespace(**about, **shares))
    assert ("gains 40.0 points. Zooming" if sure else "gains 2.0 points, which chance may give. Zooming") in english
    assert ("what matters fills the photos already" in english) == sure == ("主体已经占满画面" in chinese)
    assert ("（可能只是偶然）" in chinese) != sure


def row(accuracy: Mapping[str, float], together: int) -> SimpleNamespace:
    """A comparison on 1,000 pictures; of every network's mistakes the first `together` are the same pictures."""
    right = {}
    for i, (name, share) in enumerate(accuracy.items()):
        wrong = round(1000 * (1 - share))
        places = np.r_[np.arange(together), np.roll(np.arange(together, 1000), 37 * i)[: wrong - together]]
        right[name] = ~np.isin(np.arange(1000), places)
    best, worst = (pick(accuracy, key=accuracy.__getitem__) for pick in (max, min))
    return SimpleNamespace(accuracy=dict(accuracy), best=best, worst=worst, same=answers.Paired(right))


@pytest.mark.parametrize(
    ("optimizers", "english", "chinese"),
    [
        ((0.4, 0.45, 0.5, 0.8), "All others are behind by more than chance gives. Adam scales", "幅度都超出偶然。Adam"),
        (
            (0.4, 0.79, 0.5, 0.8),
            "before momentum; the others are behind by more. A likely reason where it leads by more: Adam",
            "领先 momentum 的幅度可能只是偶然，领先其余算法的幅度则超出偶然。领先较多之处",
        ),
        ((0.4, 0.5, 0.79, 0.8), "from the first step (Adagrad does so, too", "适合所有层（Adagrad 也这样缩放"),
        ((0.8, 0.79, 0.795, 0.79), "before any of the others. Adam, the usual", "的幅度都可能只是偶然。通常"),
        ((0.79, 0.79, 0.795, 0.8), "before any of the others. What", "的幅度都可能只是偶然。是否"),
    ],
)
def test_what_is_first_by_chance_is_called_so(optimizers: tuple[float, ...], english: str, chinese: str) -> None:
    losses = row({"cross-entropy": 0.8, "mse": 0.795, "mae": 0.6, "focal": 0.79}, 150)
    tuned = {"Adam alone": 0.7, "Adam, then SGD": 0.8, "Adam, then Momentum": 0.79, "Adam, then Adam at 1e-4": 0.8}
    named = dict(zip(("sgd", "momentum", "adagrad", "adam"), optimizers, strict=True))
    numbers = {"losses": losses, "tuned": row(tuned, 150), "message": "no", "silent": 24, "epochs": 1, "more": 1}
    texts = said(2, optimizers=row(named, 150), **numbers)
    assert english in texts[0] and chinese in texts[1]
    assert "chance may be all that puts it before MSE and focal loss. MAE is 20.0 points behind" in texts[0]
    assert "to SGD, gains 10.0 points; changing the rate alone gains 10.0 points. Between these two" in texts[0]
    assert (
        "the lower rate alone does as much as the other optimizer." in texts[0] and "效果与换优化器相当。" in texts[1]
    )


@pytest.mark.parametrize(
    ("moved", "english", "chinese"),
    [
        (Moved(0.5, 0.7, 0.5, 1400), "no more than chance gives: for this recall", "不超出偶然"),
        (Moved(0.5, 0.7, 0.6, 1200), "10.0 points more than the weighted model", "高 10.0 个百分点"),
        (Moved(0.5, 0.7, 0.4, 1800), "10.0 points less than the weighted model", "低 10.0 个百分点"),
        (None, "With the weight no cat is found", "一只猫也没有找到"),
    ],
)
def test_the_weight_is_set_beside_an_offset_of_the_plain_model(moved: Moved | None, english: str, chinese: str) -> None:
    rows = {"cross-entropy": (0.5, 0.6, 0.5, 0.6), "cat weighs 3": (0.7, 0.5, 0.5, 0.6), "focal": (0.5, 0.6, 0.5, 0.6)}
    cats = SimpleNamespace(rows=rows, moved={"cat weighs 3": moved} if moved else {})
    classes = [{"class": name, "recall": share, "cross-entropy": 1.5} for name, share in (("cat", 0.4), ("ship", 0.8))]
    found = SimpleNamespace(measured={"accuracy": 0.5}, pair=("cat", "dog"), mistaken=3, classes=classes)
    texts = said(6, found=found, cats=cats, epochs=1)
    assert english in texts[0] and chinese in texts[1] and "把猫认成狗" in texts[1]
    assert "least recall is that of cat (recall 0.400, cross-entropy 1.500), the greatest that of ship (" in texts[0]
    assert "召回率最低的是猫（召回率 0.400，交叉熵 1.500），最高的是船（" in texts[1]


def networks(accuracy: Mapping[str, float], train: Mapping[str, float], **macs: int) -> tuple[str, str]:
    """Question 5 for long rows such as "camp, 100 epochs"; a network has 10 multiplications or those of `macs`."""
    names = ("camp", "lenet", "vgg11", "vgg16", "resnet18", "fast")
    costs = {name: 10**place for place, name in enumerate(names)}
    compared = SimpleNamespace(accuracy=dict.fromkeys(names, 0.3), macs=costs, best="camp")
    compared.same = answers.Paired({name: np.arange(100) < (90 if name == "fast" else 50) for name in names})
    compared.speed = {name: 1e7 / cost for name, cost in costs.items()}
    short = SimpleNamespace(compared=compared, epochs=1, pictures=1000, updates=7)
    both = row(accuracy, 10)
    both.train, both.results = train, [SimpleNamespace(minutes=minutes) for minutes in (7.5, 8.25)]
    long = SimpleNamespace(compared=both, names={name.partition(",")[0]: name for name in accuracy}, fast=None)
    both.macs = {name: macs.get(model, 10) for model, name in long.names.items()}
    long.epochs = {name: int(name.split()[1]) for name in accuracy}
    built = {name: SimpleNamespace(sides="32-32-16-1", total=1_000_000) for name in ("vgg16", "resnet18")}
    return said(5, short=short, long=long, built=built)


def test_networks_that_had_as_many_minutes_stand_with_their_epochs() -> None:
    accuracy = {"lenet, 200 epochs": 0.7, "vgg16, 7 epochs": 0.8, "resnet18, 4 epochs": 0.801}
    train = dict(zip(accuracy, (0.68, 0.85, 0.84), strict=True))
    english, chinese = networks(accuracy, train, lenet=1, resnet18=20)
    assert "resnet18 for 4 epochs comes to **80.1 %**, the highest of 3 networks." in english
    assert "resnet18（4 轮）的测试准确率为 **80.1 %**，是 3 个网络中最高的。" in chinese
    assert "its side goes 32-16-1." in english and "边长减半：32-16-1。" in chinese
    assert "a picture takes VGG-16 1,000.0 times as long as the camp network and ResNet-18 10,000.0 times" in english
    assert "That is 7 updates: it says what the first updates bring" in english and "这只是 7 次更新" in chinese
    assert "camp is ahead, though chance may be all that puts it before lenet and vgg11 and vgg16 and resnet" in english
    assert "camp 领先（领先 lenet、vgg11、vgg16、resnet18 的幅度可能只是偶然）。" in chinese
    assert "shifted: lenet (200 epochs) 70.0 %, vgg16 (7 epochs) 80.0 %" in english
    assert "took 7.5 to 8.2 minutes each. resnet18 (4 epochs) comes 10.1 points further than lenet (200" in english
    assert "so it is not short of time, but of size: it has 0.050 times the multiplications" in english
    assert "Between resnet18 (4 epochs) and vgg16 (7 epochs) chance may decide." in english
    assert "resnet18（4 轮）比lenet（200 轮）高 10.1 个百分点。" in chinese and "缺的不是时间，而是规模" in chinese
    assert "resnet18（4 轮）与vgg16（7 轮）的差别可能只是偶然。" in chinese


@pytest.mark.parametrize(
    ("names", "train", "macs", "english", "chinese"),
    [
        ("vgg16, 7 epochs; resnet18, 4 epochs", 0.7, 20, "less often, as every picture takes it 2.0", "次数是 2.0 倍"),
        ("vgg16, 7 epochs; resnet18, 9 epochs", 0.7, 20, "worse, so it is not short of time.", "缺的不是时间。"),
        ("vgg16, 7 epochs; resnet18, 4 epochs", 0.9, 20, "no worse, but carries less over", "推广到其他图片的较少。"),
        ("vgg16, 7 epochs; resnet18, 7 epochs", 0.7, 5, "as often, and the second has 0.500 times", "的次数相同，后者"),
        (
            "resnet18, 1 epoch; vgg16, 2 epochs",
            0.9,
            5,
            "how fast each begins to learn, and nothing",
            "看不出最终能到多少",
        ),
    ],
)
def test_why_a_network_is_behind(names: str, train: float, macs: int, english: str, chinese: str) -> None:
    good, bad = names.split("; ")
    texts = networks({good: 0.8, bad: 0.6}, {good: 0.85, bad: train}, resnet18=macs)
    assert english in texts[0] and chinese in texts[1]
    assert ("In their last epochs" in texts[0]) == ("7 epochs" in names)
    assert texts[0].count("points further") == 1  # the best and the worst are VGG and ResNet themselves
