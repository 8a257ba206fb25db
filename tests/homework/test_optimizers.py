"""Homework 2: what its sentences say where nothing learns, and where one optimizer alone does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from paddle_course import runtime
from tests.homework.test_smoke import load

pytestmark = pytest.mark.usefixtures("blank")


def answer(out: Path, questions: str, *words: str) -> str:
    load(runtime.ROOT / "homework/hw02_mnist_optimizers.py").main(
        ["--smoke", "--out", str(out), "--data-root", str(out.parent / "data"), "--question", questions, *words]
    )
    return (out / "answers.md").read_text(encoding="utf-8")


def test_where_no_training_learns_nothing_is_said_of_its_accuracy(tmp_path: Path) -> None:
    text = answer(tmp_path / "run", "1,3", "--rates", "1e30", "--epochs", "1")
    assert "cannot be judged by these trainings. 5 of 5" in text
    assert "Not at the rates tried here, at which Adam learns nothing." in text and "0.00 %" not in text
    assert "在这里所试的学习率下，Adam 没有学到东西。" in text and "仅凭这些训练无从判断。" in text


def test_the_best_cell_is_the_one_that_validation_chose_and_its_lead_is_tested(tmp_path: Path) -> None:
    text = answer(tmp_path / "run", "1", "--rates", "0.1,0.003", "--epochs", "2")
    rows = re.findall(r"\| (\w+) \| ([\d.e-]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| [\d.]+ to", text)
    ended = {name: float(end) for name, _, _, end, _ in rows}
    best = re.search(r"the best cell is (\w+) at", text)[1]
    assert len(ended) > 1 and ended[best] == max(ended.values())
    assert re.search(
        r"points ahead of \w+, (no )?more than 200 test pictures leave to chance \(p = [\d.e-]+ by McN", text
    )
    assert "dead" not in text and ", for it is" not in text
