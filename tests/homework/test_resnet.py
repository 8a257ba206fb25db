"""Homework 9: its long trainings fit the time they are said to take, and its sentences follow the numbers."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from paddle_course import runtime
from paddle_course.answers import words
from paddle_course.answers.homework import place
from paddle_course.answers.ladder import Ladder, Rung
from paddle_course.answers.paired import Paired
from paddle_course.answers.pieces import Answer, Question, Result
from paddle_course.answers.superclasses import Superclasses
from paddle_course.answers.whole import forecast
from paddle_course.config import RunConfig
from tests.answers.blobs import blobs
from tests.homework.test_smoke import load

SCRIPT = next((runtime.ROOT / "homework").glob("hw09_*.py"))
WORDS = words.load(SCRIPT.parent / "words" / f"{SCRIPT.stem}.md.j2")


def said(number: int, **numbers: object) -> dict[str, str]:
    question = Question("", "", Answer({"epochs": 8, **numbers}))
    return words.said(WORDS, {number: question})[f"q{number}"]


def story(*epochs: tuple[float, float, float, float]) -> SimpleNamespace:
    names = ("train_loss", "train_accuracy", "test_loss", "test_accuracy")
    records = [{"epoch": e} | dict(zip(names, values, strict=True)) for e, values in enumerate(epochs, start=1)]
    return SimpleNamespace(
        epochs=records,
        final=records[-1],
        highest=max(records, key=lambda each: each["test_accuracy"]),
        lowest=min(records, key=lambda each: each["test_loss"]),
    )


@pytest.mark.parametrize(("name", "minutes"), [("full", 75), ("long", 245)])
def test_the_long_trainings_fit_their_time_at_the_speed_of_two_cores(name: str, minutes: float) -> None:
    """550 pictures a second is what the fast network of width 1 was measured at."""
    homework, images = load(SCRIPT), blobs(50, classes=2)
    recipe, epochs = homework.WHOLE[name]
    narrow = homework.Recipe.fast(width=1.0)
    like = SimpleNamespace(recipe=narrow, trained=SimpleNamespace(result=SimpleNamespace(speed=550)))
    assert 0.8 * minutes < 1000 * forecast(recipe, epochs, images, like) < minutes


def test_whatever_network_stands_is_made_twice_as_wide() -> None:
    homework = load(SCRIPT)
    cropped = replace(homework.SLIM, crop=4)
    fast = replace(cropped, **homework.RUNGS[homework.FAST])
    assert fast == homework.Recipe.fast(256, width=0.5)  # nothing is left of the crop
    wide = homework.RUNGS["twice as wide"]
    assert wide(cropped) == replace(cropped, settings={"stem": "imagenet", "width": 32})
    assert wide(fast) == homework.Recipe.fast(256, width=1.0)


def test_full_goes_on_with_the_trainings_that_are_there() -> None:
    config = load(SCRIPT).Config
    assert place(config(full=True)) == place(config(long=True)) == place(config()) == "real"
    assert place(RunConfig(full=True)) == "real-full"


def test_a_loss_of_nothing_is_called_by_heart_and_an_honest_one_is_not() -> None:
    about = {"n": 20_000, "values": 1, "macs": 1, "rate": 0.02}
    heart = said(1, story=story((4.0, 0.1, 3.8, 0.12), (2.0, 0.5, 3.0, 0.26), (0.002, 0.999, 7.0, 0.25)), **about)
    assert "knows its pictures by heart" in heart["en"] and "背了下来" in heart["zh"]
    assert "highest after epoch 2, 26.0 %" in heart["en"] and "rises from 3.00 to 7.00" in heart["en"]
    assert "the same story in miniature" in heart["en"] and "同一现象的缩影" in heart["zh"]
    begun = said(1, story=story((4.0, 0.1, 3.8, 0.12), (3.5, 0.2, 3.4, 0.19)), **about)
    for word in ("by heart, and", "same story", "rises from", "was highest"):
        assert word not in begun["en"]
    for word in ("背了下来", "同一现象", "升到", "最高，"):
        assert word not in begun["zh"]


def test_every_rung_has_a_chinese_name() -> None:
    homework = load(SCRIPT)
    text = (SCRIPT.parent / "words" / f"{SCRIPT.stem}.md.j2").read_text(encoding="utf-8")
    named = set(re.findall(r'"([^"]+)": "', text.partition("{% set zh =")[2].partition("%}")[0]))
    assert named == {"as published", *homework.RUNGS}


def rung(name: str, test: float, below: float | None, stays: bool) -> Rung:
    recipe = SimpleNamespace(smoothing=0.0)
    trained = SimpleNamespace(result=SimpleNamespace(minutes=2.0, speed=1.0))
    return Rung(name, name, recipe, trained, test, test, below, 2.0, stays)


def test_the_ladder_is_told_with_what_stays_and_what_does_not() -> None:
    rungs = [rung("as published", 0.3, None, True), rung("cutout", 0.29, 0.3, False), rung("mixup", 0.35, 0.3, True)]
    sizes = {"fit": 16_000, "validation": 4000, "test": 10_000}
    related = Superclasses(0.5, 0.3, 0.04, [("people", "fish", 7)], [])
    heart = [("by heart", 0.001, "100 %", 7.0, "25 %"), ("mixup", 1.0, "70 %", 2.5, "35 %")]
    about = {
        "sizes": sizes,
        "related": related,
        "heart": heart,
        "whole": [],
        "fast": False,
        "known": 50_000,
        "at_hand": 20_000,
    }
    one = said(3, ladder=Ladder(rungs, [0.3], [0.35], "8 epochs", ""), **about)
    assert "These stay: mixup (+5.0 points, 2.0 minutes)" in one["en"] and "These do not: cutout (-1.0)" in one["en"]
    assert "保留的改动：mixup 混合（+5.0 个百分点，2.0 分钟）" in one["zh"] and "cutout 遮挡（-1.0）" in one["zh"]
    assert "one run of each" in one["en"] and "n = " not in one["en"]
    assert "on the 50,000 that the data set has" in one["en"] and "完整数据集的 50,000 张" in one["zh"]
    assert "has become smaller" in one["en"] and "差距缩小了" in one["zh"]
    three = said(3, ladder=Ladder(rungs, [0.29, 0.3, 0.31], [0.34, 0.35, 0.36], "8 epochs", ""), **about)
    assert "from 30.0 % ± 1.0 to **35.0 %** ± 1.0 (n = 3 each)" in three["en"] and "one run of each" not in three["en"]
    worse = {**about, "heart": [heart[0], ("mixup", 1.0, "70 %", 9.5, "35 %")]}
    assert "smaller" not in said(3, ladder=Ladder(rungs, [0.3], [0.35], "", ""), **worse)["en"]


def test_the_fast_network_is_said_to_take_the_place_of_what_stood() -> None:
    rungs = [rung("as published", 0.3, None, True), rung("fast network and recipe", 0.4, 0.3, True)]
    heart = [("by heart", 0.001, "100 %", 7.0, "25 %"), ("top", 1.0, "70 %", 2.5, "35 %")]
    about = {
        "ladder": Ladder(rungs, [0.3], [0.4], "8 epochs", ""),
        "sizes": {"fit": 16_000, "validation": 4000, "test": 10_000},
        "related": Superclasses(0.5, 0.3, 0.04, [("people", "fish", 7)], []),
        "heart": heart,
        "known": 50_000,
        "at_hand": 50_000,
        "whole": [Result("full, 22 epochs, one view", "test accuracy", 0.7, minutes=70.0)] * 2,
    }
    stays, goes = (said(3, fast=fast, **about) for fast in (True, False))
    for each in (stays, goes):
        assert (
            "the falling rate begins at 0.1 in place of 0.02, and the fast network" in each["en"]
            and "取代以上全部改动" in each["zh"]
        )
        assert "last table" in each["en"] and "最后一张表" in each["zh"]
        assert "that the data set has" not in each["en"] and "完整数据集" not in each["zh"]  # it is at hand
    assert "takes the place of the changes before it" in stays["en"] and "取代了在它之前的改动" in stays["zh"]
    assert "trained by the recipe of the top" in stays["en"] and "用最高一级的方法训练" in stays["zh"]
    assert "which did not stay" in goes["en"] and "未能保留" in goes["zh"]
    for word in ("takes the place", "recipe of the top"):
        assert word not in goes["en"]
    for word in ("取代了", "最高一级的方法"):
        assert word not in goes["zh"]


@pytest.mark.parametrize(
    ("pictures", "sizes"), [(10_000, [16, 128, 1024]), (1000, [16, 128, 500]), (200, [16, 100]), (20, [10])]
)
def test_a_batch_is_called_by_what_it_holds(pictures: int, sizes: list[int]) -> None:
    found = load(SCRIPT).batch_sizes(pictures)
    assert [(name, arm["size"]) for name, arm in found.items()] == [(f"batches of {size}", size) for size in sizes]
    assert all(arm["lr"] * 128 == pytest.approx(0.02 * arm["size"]) for arm in found.values())


def concepts(
    plain: tuple[float, float], short: tuple[float, float], sure: bool, sigmoid: float = 3.0
) -> dict[str, str]:
    """What is said of training losses of 18 and 34 layers without shortcuts and with them, and of two optimizers."""
    arms = ["batches of 16", "batches of 128", "batches of 1024"]
    right = {name: np.arange(100) < (90 if sure and not i else 50) for i, name in enumerate(["adam", "sgd"])}

    def table(names: list[str], *found: np.ndarray) -> SimpleNamespace:
        accuracy = {name: each.mean() for name, each in zip(names, found, strict=True)}
        same, speed = Paired(dict(zip(names, found, strict=True))), dict.fromkeys(names, 1.0)
        return SimpleNamespace(accuracy=accuracy, best=names[0], worst=names[-1], same=same, speed=speed)

    losses = {"18 layers, plain": plain[0], "34 layers, plain": plain[1], "18 layers": short[0], "34 layers": short[1]}
    tables = {
        "batch size": table(arms, right["adam"], right["sgd"], np.zeros(100, bool)),
        "activation": table(["relu", "sigmoid"], right["adam"], right["sgd"]),
        "optimizer": table(["adam", "sgd"], right["adam"], right["sgd"]),
        "learning rate": table(["rate 0.1", "rate 1"], right["adam"], right["sgd"]),
        "shortcuts": None,
    }
    return said(
        2,
        n=100,
        tables=tables,
        last={name: {"train_loss": loss, "step": 1} for name, loss in losses.items()}
        | {"sigmoid": {"train_loss": sigmoid}, **{a: {"step": 5} for a in arms}},
        noise=SimpleNamespace(by_size={16: 1.0, 64: 0.5}, falls=2.0, law=2.0),
        story=story((4.0, 0.1, 3.8, 0.12), (3.5, 0.2, 3.4, 0.19)),
        depths=SimpleNamespace(norms={"34 layers, plain": [1.0, 1.0]}, spread=dict.fromkeys(losses, 2.0)),
        slopes={"relu": 1.0},
        rates={"adam": 0.001, "sgd": 0.1},
        diverged=[],
    )


def test_what_residual_blocks_are_for_is_said_where_it_was_seen() -> None:
    seen = concepts(plain=(3.8, 4.4), short=(3.2, 3.1), sure=True)
    assert "it is what residual blocks are for" in seen["en"] and "残差块正是为此而设计的" in seen["zh"]
    both = concepts(plain=(3.8, 4.4), short=(3.2, 3.7), sure=True)
    assert "both end at a higher training loss, by 0.60 without shortcuts and 0.50 with them" in both["en"]
    assert "训练损失都更高（无残差高 0.60，有残差高 0.50）" in both["zh"]
    for text in both.values():
        assert "residual blocks are for" not in text and "正是为此" not in text
    assert "the network with shortcuts has the lower" in both["en"] and "有残差连接的训练损失都更低" in both["zh"]
    assert "has the lower training loss" not in concepts(plain=(3.8, 3.6), short=(3.9, 3.5), sure=True)["en"]


def test_who_has_learnt_nothing_is_called_so() -> None:
    none, some = (concepts((3.8, 4.4), (3.2, 3.1), sure=True, sigmoid=loss) for loss in (4.608, 3.0))
    assert (
        "A training loss of 4.61 is that of guessing" in none["en"] and "4.61 相当于在 100 类中随机猜测" in none["zh"]
    )
    assert "Sigmoid is last" in some["en"] and "guessing" not in some["en"] and "随机猜测" not in some["zh"]
    assert "adam at 0.001 " in some["en"] and "adam（0.001）" in some["zh"]


def test_no_batch_size_or_optimizer_is_best_by_chance() -> None:
    sure, chance = (concepts((3.8, 4.4), (3.2, 3.1), each) for each in (True, False))
    assert "the many inexact updates win" in sure["en"] and "adam is first." in sure["en"]
    assert "次数多而不太准的更新更好" in sure["zh"] and "这里最高的是 adam。" in sure["zh"]
    first = "batches of 16 are first; chance may be all that puts them before batches of 128."  # and not 1,024
    assert first in chance["en"] and "updates win" not in chance["en"]
    assert "批大小 16 最高，但与批大小 128 的差别可能只是偶然。" in chance["zh"]
    assert "adam is first; chance may be all that puts it before sgd." in chance["en"]
    assert "与 sgd 的差别可能只是偶然" in chance["zh"]
