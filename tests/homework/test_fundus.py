"""Homework 6 and 7: the mistake is a switch, the networks see what the course's see, the decay follows the curve."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from paddle_course import readers, runtime, training
from paddle_course.answers import Answer, Question, words
from tests.homework.test_smoke import load

SCRIPTS = {script.stem[:4]: script for script in (runtime.ROOT / "homework").glob("hw0[67]_*.py")}

pytestmark = pytest.mark.usefixtures("blank")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


def answer(name: str, data: Path, out: Path, *words: str) -> str:
    load(SCRIPTS[name]).main(["--smoke", "--out", str(out), "--data-root", str(data), *words])
    return (out / "answers.md").read_text(encoding="utf-8")


def lab(data: Path, **config: object) -> SimpleNamespace:
    settings = SimpleNamespace(**{"smoke": False, "batch_size": 10, "plain": False, "seed": 0} | config)
    return SimpleNamespace(config=settings, images=lambda *words: readers.load(*words, data, "stand-in"))


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_batches_are_the_course_s(name: str, data: Path) -> None:
    homework = load(SCRIPTS[name])
    train, held = (homework.pictures(lab(data), split) for split in ("train", "validation"))
    images, labels = train.batch(0, 0)
    assert images.shape == (10, 3, 224, 224) and images.dtype == np.float32
    assert -1 <= images.min() < -0.9 and 0.3 < images.max() <= 1
    assert labels.dtype == np.int64 and set(labels.tolist()) == {0, 1}
    assert (train.order(0) != train.order(1)).any() and (held.order(0) == np.arange(20)).all()


def test_training_pictures_are_mirrored_and_test_pictures_never(data: Path) -> None:
    homework = load(SCRIPTS["hw07"])
    plain, mirrored = (homework.pictures(lab(data, plain=plain), "train") for plain in (True, False))
    for each, changes in ((plain, False), (mirrored, True)):
        first, again = (each.batch(epoch, p)[0] for epoch, p in ((0, 0), (0, 0)))
        assert (first == again).all()
        stored = each.data.images[each.index(0, 0)].transpose(0, 3, 1, 2) / 127.5 - 1
        assert (np.abs(first - stored).max() > 0.1) == changes
    assert homework.pictures(lab(data), "validation").augment == ()


def test_the_single_logit_gives_every_network_the_same(data: Path, tmp_path: Path) -> None:
    text = answer("hw06", data, tmp_path / "run", "--question", "1", "--single-logit-accuracy")
    assert "**Judged with `--single-logit-accuracy`:** both networks get 50.00 %" in text
    assert "| sigmoid | 0.5000 |" in text and "| ReLU | 0.5000 |" in text
    assert "to the wrong value" not in text and "错误的值" not in text  # so few epochs do not show it
    assert "test accuracy, epoch" not in text  # nothing else is claimed
    again = answer("hw06", data, tmp_path / "run", "--question", "1")  # the switch trains nothing anew
    assert "Judged with" not in again and "test accuracy, epoch" in again


def test_both_trainings_of_the_network_asked_for_are_one_until_the_first_decay(data: Path, tmp_path: Path) -> None:
    text = answer("hw07", data, tmp_path / "run", "--networks", "ResNet-18")
    assert "ResNet-50, decay" not in text and not list((tmp_path / "run").glob("resnet-50*"))
    assert "Until the first decay both trainings are the same to the last bit" in text
    assert "Over the last 2 epochs, all of them after the first decay" in text  # of four
    assert re.search(r"^\| ResNet-18, decay \| 2 \| ", text, re.MULTILINE)
    steady, decay = (training.Run(tmp_path / f"run/resnet-18-{kind}-0") for kind in ("constant", "decay-8-12"))
    losses = [[each["train_loss"] for each in run.records("epoch")] for run in (steady, decay)]
    assert losses[0][:2] == losses[1][:2] and losses[0][2:] != losses[1][2:]
    schedule = json.loads((decay.directory / "config.json").read_text())["phases"][0]["schedule"]
    assert schedule["boundaries"] == [8, 12] and schedule["values"] == pytest.approx([1e-3, 1e-4, 1e-5])


def test_a_rate_cannot_decay_in_one_epoch(data: Path, tmp_path: Path) -> None:
    with pytest.raises(runtime.UserError, match="--epochs 1: in a single epoch the rate cannot decay"):
        answer("hw07", data, tmp_path / "run", "--epochs", "1")


def rule(end: float, still: int = 11) -> tuple[str, str]:
    """What homework 7 says, summary and answer, of a loss that first rests after so many epochs, stands at 0.2 where
    the rate decays, and ends here."""
    decays = (11, 14) if still == 11 else (8, 12)
    each = SimpleNamespace(still=still, epochs=decays, boundaries=[440, 560], loss=[0.0] * 16, per=40)
    numbers = {
        "runs": 1,
        "found": {"ResNet-18": each},
        "others": {"ResNet-18": [10, 12]},
        "beyond": {"ResNet-18": [0.2, end]},
    }
    template = words.load(runtime.ROOT / "homework/words/hw07_fundus_resnet.md.j2")
    found = words.said(template, {1: Question("问题", "question", Answer(numbers))})
    return tuple("\n".join(found[part][tongue] for part in ("summary", "q1")) for tongue in ("en", "zh"))


def test_a_first_rest_is_not_called_the_end_of_the_fall() -> None:
    english, chinese = rule(0.1)
    assert "first levels off after 11 epochs" in english and "在 11 轮之后第一次走平" in chinese
    assert "lower than it stood at that step: that of ResNet-18 0.200 at the step and 0.100 at the end." in english
    assert "平滑后的损失最后比那一步更低：ResNet-18 当时为 0.200，最后为 0.100。" in chinese
    for english, chinese in (rule(0.199), rule(0.1, still=15)):  # the latter decays half-way, before any rest
        assert "is no end" not in english and "并不是终点" not in chinese
