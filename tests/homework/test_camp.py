"""Homework 8: what its sentences say of numbers that no smoke run happens to bring."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from paddle_course import answers, runtime
from paddle_course.answers import Answer, Question, words
from paddle_course.answers.samples import sample_curve
from paddle_course.training.metrics import Moved

SIZES = (10, 20, 50, 100, 200, 500, 1000)
MEASURED = (0.145, 0.185, 0.274, 0.373, 0.434, 0.482, 0.541)  # docs/results.md


def said(number: int, **numbers: Any) -> tuple[str, str]:
    """Question and summary in English and in Chinese."""
    template = words.load(runtime.ROOT / "homework/words/hw08_cifar10_camp.md.j2")
    found = words.said(template, {number: Question("问题", "question", Answer(numbers))})
    english, chinese = ("\n".join(found[part][tongue] for part in ("summary", f"q{number}")) for tongue in ("en", "zh"))
    for text in (english, chinese):
        assert "inf" not in text.lower().split() and "nan" not in text.lower().split() and "1 epochs" not in text
    return english, chinese


def curve(sizes: tuple[int, ...], mean: Any, full: bool = False) -> tuple[str, str]:
    made_up = sample_curve({n: [each] for n, each in zip(sizes, mean, strict=True)}, "made up")
    return said(3, curve=made_up, full=full)


def test_the_published_curve_says_what_is_measured_and_what_is_extrapolated() -> None:
    english, chinese = curve(SIZES, MEASURED)
    assert (
        "has no bend of this curve behind it. Seen on a linear axis the elbow lies at 200 per class, and at" in english
    )
    assert "brings between 3.6 and 9.9 points" in english
    assert "50 % takes at most 1,000 (measured), 60 % takes some" in english and "(extrapolated)" in english
    assert "takes some 60,000,000 (extrapolated) of each" in english and "每类约需 60,000,000 张（外推）" in chinese
    assert "With `--full` the curve goes on" in english and "加上 `--full`" in chinese
    assert all("--full" not in text for text in curve(SIZES, MEASURED, full=True))


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
    study = SimpleNamespace(count=4, told=told, tested=9, best="squashed", right=right, reasons=reasons, **shares)
    texts = said(4, study=study)
    assert english in texts[0] and chinese in texts[1]


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
        ((0.4, 0.79, 0.5, 0.8), "before momentum; the others are behind by more. Adam", "领先 momentum 的幅度可能"),
        ((0.8, 0.79, 0.795, 0.79), "before any of the others. Adam, the usual", "的幅度都可能只是偶然。通常"),
        ((0.79, 0.79, 0.795, 0.8), "before any of the others. What", "的幅度都可能只是偶然。是否"),
    ],
)
def test_what_is_first_by_chance_is_called_so(optimizers: tuple[float, ...], english: str, chinese: str) -> None:
    losses = row({"cross-entropy": 0.8, "mse": 0.795, "mae": 0.6, "focal": 0.79}, 150)
    tuned = {"Adam alone": 0.7, "Adam, then SGD": 0.8, "Adam, then Momentum": 0.79, "Adam, then Adam at 1e-4": 0.8}
    named = dict(zip(("sgd", "momentum", "adagrad", "adam"), optimizers, strict=True))
    numbers = {"losses": losses, "tuned": row(tuned, 150), "message": "no", "epochs": 1, "more": 1}
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


def test_networks_that_had_half_an_hour_stand_with_their_epochs() -> None:
    names = ("camp", "lenet", "vgg11", "vgg16", "resnet18")
    compared = SimpleNamespace(accuracy=dict.fromkeys(names, 0.3), macs=dict.fromkeys(names, 9), best="camp")
    compared.speed = dict.fromkeys(names, 100.0)
    short = SimpleNamespace(compared=compared, epochs=1, pictures=1000)
    both = row({"fast, 13 epochs": 0.935, "vgg16, 7 epochs": 0.8}, 10)
    english, chinese = said(5, short=short, long=SimpleNamespace(compared=both, fast=None))
    assert "shifted: fast (13 epochs) 93.5 %, vgg16 (7 epochs) 80.0 %." in english
    assert "fast (13 epochs) comes 13.5 points further than vgg16 (7 epochs). Within half an hour depth" in english
    assert "fast（13 轮）93.5 %，vgg16（7 轮）80.0 %" in chinese and "加深并不划算。" in chinese
