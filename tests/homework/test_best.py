"""Homework 4: every row leaves out what it says and nothing else, and no training ever sees a test digit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from paddle_course import config, runtime, training
from tests.homework.test_smoke import load

LEFT_OUT = {
    "without-data-augmentation": {"train.augment"},
    "without-DigitNet": {"model.class", "model.structure", "model.values"},
    "without-label-smoothing": {"loss.smoothing"},
    "without-the-rate-schedule": {"phases"},
    "without-all-four": {"train.augment", "model.class", "model.structure", "model.values", "loss.smoothing", "phases"},
}

pytestmark = pytest.mark.usefixtures("blank")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("hw04") / "run"
    homework = load(runtime.ROOT / "homework/hw04_mnist_best.py")
    homework.LIMIT = 0.001
    homework.main(["--smoke", "--out", str(out), "--data-root", str(out.parent / "data")])
    return out


def plan(run: Path, name: str) -> dict:
    return config.load(run / name / "config.json")


def test_each_row_leaves_out_one_lever_and_nothing_else(run: Path) -> None:
    for name, expected in LEFT_OUT.items():
        changes = config.differences(plan(run, "all-four-1-0"), plan(run, f"{name}-1-0"))
        assert {line.partition(":")[0] for line in changes} == expected, name


def test_choices_are_judged_by_held_out_training_digits_and_the_best_network_by_nothing_before_the_end(
    run: Path,
) -> None:
    for name in ("all-four", *LEFT_OUT):
        about = plan(run, f"{name}-1-0")
        assert list(about["held_out"]) == ["validation"]
        assert about["held_out"]["validation"]["source"] == about["train"]["source"] == "stand-in mnist train"
        assert about["train"]["n"] + about["held_out"]["validation"]["n"] == 600
    for seed in (0, 1):
        about = plan(run, f"best-1-{seed}")
        assert about["held_out"] == {} and about["train"]["n"] == 600
        assert about["train"]["seed"] == seed


def test_the_report_tells_what_is_learnt_by_heart_and_what_speed_the_time_meant_would_take(
    run: Path,
) -> None:
    text, plain = (run / "answers.md").read_text(encoding="utf-8"), training.Run(run / "without-data-augmentation-1-0")
    (last,) = plain.records("epoch")
    shares = [f"{100 * last[f'{part}_accuracy']:.2f} %" for part in ("train", "validation")]
    assert (
        f"the network without it reads {shares[0]} of the digits it learns from and {shares[1]} of the others" in text
    )
    speed = round(6 * 13_414_464 * 600 / (60 * 0.001) / 1e9)  # DigitNet's multiplications, one epoch of 600 digits
    assert f"would be {speed} GFLOP/s from first to last" in text and f"那需要自始至终 {speed} GFLOP/s" in text


def test_the_report_counts_the_mistakes_that_runs_share(run: Path) -> None:
    text = (run / "answers.md").read_text(encoding="utf-8")
    both = re.search(r"\| 2 \| (\d+) \|.*\n\| 1 \| (\d+) \|", text)
    shared, single = int(both[1]), int(both[2])
    assert f"{shared + single} digits are misread by at least one of the 2 runs, {shared} by all of them" in text
    assert "How far is the rest" not in text  # nobody doubts the labels of stand-ins
    for figure in ("levers", "deformed", "mistakes"):
        assert (run / f"figures/{figure}.png").is_file()
