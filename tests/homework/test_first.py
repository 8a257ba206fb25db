"""Homework 1 and 5: the two programs are one model, mistakes are switches, and any convolution is counted."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from paddle_course import answers, batches, models, readers, runtime
from paddle_course.answers import Answer, Question, words
from tests.homework.test_smoke import load

pytestmark = pytest.mark.usefixtures("blank")
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
    """The notebook's own setting in NumPy, on the real table or its stand-in: nothing of it needs Paddle. It is the
    random start that makes it so: from zero weights, or for a price that is not scaled, all is well."""
    homework = load(SCRIPTS["hw01"])
    splits = homework.course(SimpleNamespace(rows=lambda name: prices(real_data)), range(30))
    network = homework.SHOWN["linear, notebook"]

    def squares(split: batches.Split, drawn: float = 0.65) -> np.ndarray:
        rng = np.random.default_rng(split.seed)
        start = rng.uniform(-drawn, drawn, (13, 1)), np.zeros(1)  # as nn.Linear draws them
        learn = replace(split.learn, size=network.batch)
        *_, (weight, bias) = homework.by_hand(*start, learn, network.epochs, network.lr)
        x = np.concatenate([inputs for inputs, _ in split.judge.epoch(0)])
        return (split.judge.unscaled(x @ weight + bias) - split.judge.data.targets) ** 2

    found, one = [squares(each) for each in splits], splits[0]
    flat = (homework.BASELINES["mean price"](one.learn.data, one.judge.data) - one.judge.data.targets) ** 2
    assert squares(one, drawn=0).mean() < flat.mean() < np.mean(found)
    assert squares(batches.raw_targets(one)).mean() < np.mean(found)
    lucky = min(found, key=lambda squares: squares[homework.LUCKY, 0])
    assert lucky[homework.LUCKY, 0] < 1 < 20 < lucky.mean()


@pytest.mark.parametrize("switches", [("--lucky-record",), ("--leak", "--sequential-split")], ids=" ".join)
def test_mistakes_are_switches_that_the_report_and_the_results_name(switches: tuple[str, ...], tmp_path: Path) -> None:
    text = answer("hw01", tmp_path / "run", "--question", "1", *switches)
    filed, named = "--sequential-split" in switches, ", ".join(switches)
    assert f"**Measured with {', '.join(f'`{each}`' for each in switches)}:** these errors are not to be" in text
    assert f"Course's split, {named}, test MSE" in text
    assert f"2 {'runs in the order of the file' if filed else 'random splits'}, {named}" in text
    assert "The best that can be said honestly" not in text
    trained = {each.name for each in (tmp_path / "run").iterdir()}
    assert ("course-leak-linear-longer-0" in trained) == ("--leak" in switches)
    assert ("random-choosing-mlp-64-0" in trained) != filed
    assert ("course-leak-choosing-leak-mlp-64-0" in trained) == filed


def prices_told(other: dict[str, float], learnt: dict[str, float], leak: float = 1.0) -> dict[str, str]:
    """What homework 1 says where these models have other errors than usual, and from zero weights another leak."""
    usual = {"mean price": 93, "least squares": 33, "linear, notebook": 166, "linear, from zero": 18, "mlp-64": 88}
    usual |= {"linear, longer": 32, "linear, raw price": 18, "linear, as UCIHousing": 15, "mlp-64, sgd": 34}
    tested = {name: [float(error)] for name, error in (usual | other).items()}
    known = {name: [float(learnt.get(name, 23))] for name in tested}
    honest = {"mean price": [80.0, 90.0], "least squares": [20.0, 30.0], "mlp-64": [other.get("mlp-64", 10.0), 10.0]}
    compared = [
        answers.compare_errors("here", each, learnt, against, "test MSE", "made up")
        for each, learnt, against in ((tested, known, "mean price"), (honest, honest, "least squares"))
    ]
    numbers = {"course": compared[0], "random": compared[1], "best": "mlp-64", "runs": 1, "splits": 2, "switches": []}
    one = SimpleNamespace(close=1, within=0.15, said=20.0, true=19.7, there=0.09, everywhere=150.0)
    leaked = {"linear, notebook": -21.0, "linear, from zero": leak}
    changed = SimpleNamespace(one=one, leaked=leaked, shuffled={"linear, from zero": 45})
    shift = SimpleNamespace(means=(24.0, 16.0), largest=2.0, inputs=[("RAD", 2.0)])
    answer = Answer(numbers | {"changed": changed, "shift": shift, "span": 45.0})
    text = words.load(SCRIPTS["hw01"].parent / "words" / f"{SCRIPTS['hw01'].stem}.md.j2")
    return words.said(text, {1: Question("", "", answer)})["q1"]


def test_the_start_the_leak_and_the_overfit_are_blamed_for_what_is_measured() -> None:
    usual = prices_told({}, {"mlp-64": 3})
    for sentence in (
        "It prints 19.74, where 19.70 is true. The run says 20.00 there",
        "(the root): worse than answering with the mean price.",
        "So it is the random start that makes it worse than the mean price",
        "worth 22.5 thousand",
        "this split's doing: on shuffled rows it has 45.0, least squares 25.0",
        "The network overfits: on the rows it learnt from it has 3.0",
        "So the split is not all of it: mlp-64, sgd, with 23.0 on its training rows, has 34.0",
        "by -15.0 on average (5 to 95 %: -19.5 to -10.5); it is better on every one",
        "-21.0, which is the random start once more",
        "The price does nearly all of that",
    ):
        assert sentence in usual["en"]
    for sentence in (
        "还不如一律回答平均房价",
        "是因为随机的初始权重",
        "这个网络过拟合",
        "可见不能全怪划分",
        "这仍是随机初始权重的影响",
        "几乎全是房价",
    ):
        assert sentence in usual["zh"]
    other = {"linear, from zero": 170, "mlp-64, sgd": 99, "mlp-64": 30, "linear, raw price": 90}
    unlike = prices_told(other, {}, leak=-20)
    for sentence in (
        "it is not the random start that makes it bad",
        "mlp-64, sgd has 99.0 on the same test rows, 23.0 on its training rows",
        "on 1 of 2 it is worse",
        "-21.0, of the same from zero weights by -20.0",
        "With the features scaled by the training rows alone it has 90.0",
    ):
        assert sentence in unlike["en"]
    assert "overfits" not in unlike["en"] and "过拟合" not in unlike["zh"]
    assert "并不是随机的初始权重造成的" in unlike["zh"] and "2 次中有 1 次网络不如最小二乘" in unlike["zh"]
    assert "So part of the damage is the random start's." in prices_told({"linear, from zero": 120}, {})["en"]


def test_the_rate_of_the_two_activations_comes_down_to_0(tmp_path: Path) -> None:
    homework = load(SCRIPTS["hw05"])
    lab = SimpleNamespace(config=homework.Config(), epochs=lambda usual: usual, model=lambda *_: None)
    lab.images = lambda name, split: readers.load(name, split, tmp_path, "stand-in")
    lab.fit = lambda name, net, data, phases, held_out: (len(data), phases[0])
    steps, phase = homework.train(lab, "ReLU", "sgd", 0)
    rates = [phase.schedule(step) for step in range(phase.epochs * steps)]
    assert rates[: steps + 1] == [0.1] * (steps + 1) and 0 < rates[-1] < 0.1 * 1.5 / steps
    assert homework.Config().seeds == 3


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
