"""Homework 1 and 5: the two programs are one model, mistakes are switches, and any convolution is counted."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from paddle_course import batches, models, readers, runtime
from tests.homework.test_smoke import load

SCRIPTS = {script.stem[:4]: script for script in (runtime.ROOT / "homework").glob("hw0[15]_*.py")}


def answer(name: str, out: Path, *words: str) -> str:
    load(SCRIPTS[name]).main(["--smoke", "--out", str(out), "--data-root", str(out.parent / "data"), *words])
    return (out / "answers.md").read_text(encoding="utf-8")


def prices(folder: Path) -> readers.Rows:
    """The real table where it lies, its stand-in elsewhere."""
    real = (folder / "housing.data").is_file()
    return readers.load_rows("housing", folder, "real" if real else "stand-in")


def test_the_two_programs_are_one_model_after_every_epoch(real_data: Path, tmp_path: Path) -> None:
    homework = load(SCRIPTS["hw01"])
    for folder in {real_data, tmp_path}:
        learn = batches.cut(prices(folder), homework.COURSE).learn
        net = models.build("mlp", seed=3, sizes=(13, 1))
        start = [each.numpy().copy() for each in net.parameters()]
        hand = list(homework.by_hand(*start, learn, 4, 0.1))
        same = list(homework.with_paddle(net, learn, 4, 0.1))
        assert len(hand) == len(same) == 4
        for one, other in zip(hand, same, strict=True):
            for a, b in zip(one, other, strict=True):
                assert a.shape == b.shape and np.abs(a - b).max() < 1e-5
        assert np.abs(hand[-1][0] - start[0]).max() > 0.01  # both moved


def test_ten_epochs_of_the_notebook_are_no_better_than_the_mean_price_and_one_row_hides_it(real_data: Path) -> None:
    """The notebook's own setting in NumPy, on the real table or its stand-in: nothing of it needs Paddle."""
    homework = load(SCRIPTS["hw01"])
    splits = homework.course(SimpleNamespace(rows=lambda name: prices(real_data), seeds=range(30)), leak=False)
    network, found = homework.NOTEBOOK["linear, notebook"], []
    for each in splits:
        rng = np.random.default_rng(each.seed)
        start = rng.uniform(-0.65, 0.65, (13, 1)), np.zeros(1)  # as nn.Linear draws them
        learn = batches.RowBatches(each.learn.data, network.batch, each.seed, each.learn.shift, each.learn.scale)
        *_, (weight, bias) = homework.by_hand(*start, learn, network.epochs, network.lr)
        x = np.concatenate([inputs for inputs, _ in each.judge.epoch(0)])
        found.append((each.judge.unscaled(x @ weight + bias) - each.judge.data.targets) ** 2)
    flat = (homework.BASELINES["mean price"](splits[0].learn.data, splits[0].judge.data) - each.judge.data.targets) ** 2
    assert np.mean(found) > flat.mean()
    lucky = min(found, key=lambda squares: squares[homework.LUCKY, 0])
    assert lucky[homework.LUCKY, 0] < 1 < 20 < lucky.mean()


@pytest.mark.parametrize("switch", ["--lucky-record", "--leak"])
def test_a_mistake_is_a_switch_that_the_report_and_the_results_name(switch: str, tmp_path: Path) -> None:
    text = answer("hw01", tmp_path / "run", "--question", "1", switch)
    assert f"**Measured with `{switch}`:** these errors are not to be compared" in text
    assert f"Course's split, {switch}, test MSE" in text and f"2 random splits, {switch}" in text
    assert "The best that can be said honestly" not in text
    trained = {each.name for each in (tmp_path / "run").iterdir()}
    assert ("course-leak-linear-longer-0" in trained) == (switch == "--leak")


def test_any_convolution_is_counted(tmp_path: Path) -> None:
    form = ("--batch", "2", "--in-channels", "5", "--height", "30", "--width", "20", "--out-channels", "7")
    text = answer(
        "hw05", tmp_path / "run", "--question", "1", *form, "--kernel", "5", "--stride", "2", "--padding", "2"
    )
    outputs, products = 2 * 7 * 15 * 10, 5 * 25
    for number in (products, outputs, outputs * products, outputs * (products - 1)):
        assert f"{number:,}" in text
    assert re.search(r"1, 5, 9, 9\\?\], 1 of 5 × 5, stride 2, padding 2", text)  # counted in little
    assert re.search(r"\| 5 \| 5 \| 125 \| 125 \| 124 \| 120 \|", text)  # the formula that circulates, without bias
    with pytest.raises(runtime.UserError, match="does not fit into 224 x 224"):
        answer("hw05", tmp_path / "run", "--question", "1", "--kernel", "229")
