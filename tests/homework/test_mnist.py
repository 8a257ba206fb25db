"""Homework 2 and 3: a grid that survives its failures and stands on VisualDL's page; a mistake that is a switch."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from visualdl import LogReader
from visualdl.server.lib import get_hparam_list

from paddle_course import models, readers, runtime, training
from paddle_course.answers import Answer, Question, words
from tests.homework.test_smoke import load

SCRIPTS = {script.stem[:4]: script for script in (runtime.ROOT / "homework").glob("hw0[23]_*.py")}

pytestmark = pytest.mark.usefixtures("blank")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


def answer(name: str, out: Path, data: Path, *words: str) -> str:
    load(SCRIPTS[name]).main(["--smoke", "--out", str(out), "--data-root", str(data), *words])
    return (out / "answers.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory, data: Path) -> tuple[Path, str]:
    """A run of homework 2 with a rate at which everything diverges, and what it answers."""
    out = tmp_path_factory.mktemp("grid")
    return out, answer("hw02", out, data, "--question", "1,3", "--rates", "1e30,0.003", "--epochs", "2")


def test_cells_that_diverge_are_marked_and_end_nothing(grid: tuple[Path, str]) -> None:
    text = grid[1]
    assert re.search(r"Of 10 trainings \d diverged \(sgd 1e\+30, momentum 1e\+30", text)
    assert re.search(r"\| sgd \| diverged, step \d+ \| \d", text)
    assert "sgd diverges" in text


def test_all_cells_stand_on_the_hyper_parameter_page(grid: tuple[Path, str]) -> None:
    out = grid[0]
    rows = [row for row in get_hparam_list(LogReader(logdir=str(out))) if row["name"].startswith(str(out))]
    assert len(rows) == 10
    shown = {(row["hparams"]["optimizer"], f"{row['hparams']['lr']:.2g}"): row["metrics"] for row in rows}
    assert {optimizer for optimizer, _ in shown} == {"sgd", "momentum", "adagrad", "adam", "adamw"}
    assert {rate for _, rate in shown} == {"1e+30", "0.003"}
    for optimizer in ("sgd", "adam", "adamw"):
        final = training.Run(out / f"{optimizer}-0.003-0").records("epoch")[-1]
        found = shown[optimizer, "0.003"]
        assert found == {f"epoch/{n}_accuracy": pytest.approx(final[f"{n}_accuracy"]) for n in ("train", "validation")}
    assert shown["sgd", "1e+30"] == dict.fromkeys(found, None)


def test_no_training_meets_the_test_pictures_and_validation_is_no_training(grid: tuple[Path, str], data: Path) -> None:
    homework = load(SCRIPTS["hw02"])
    plans = [json.loads(path.read_text()) for path in grid[0].glob("*/config.json")]
    assert len(plans) == 10 and all(list(plan["held_out"]) == ["validation"] for plan in plans)
    images = lambda name, split: readers.load(name, split, data, "stand-in")  # noqa: E731
    lab = SimpleNamespace(config=homework.Config(), images=images)
    fit, held, test = ({each.tobytes() for each in homework.digits(lab, part).data.images} for part in homework.PARTS)
    assert (len(fit), len(held), len(test)) == (540, 60, 200) and not fit & held and not (fit | held) & test


def test_a_grid_in_which_all_fails_is_an_answer_too(tmp_path: Path, data: Path) -> None:
    text = answer("hw02", tmp_path / "run", data, "--question", "1", "--rates", "1e30", "--epochs", "1")
    assert "At the rates tried, sgd, momentum, adagrad, adam, adamw learnt nothing." in text
    with pytest.raises(runtime.UserError, match=r"--rates 0.1,0.0: name at least one, all above 0"):
        answer("hw02", tmp_path / "other", data, "--question", "1", "--rates", "0.1,0")


def test_the_table_of_networks_is_complete() -> None:
    homework = load(SCRIPTS["hw02"])
    assert list(homework.shown(smoke=False)) == list(models.MODELS)
    few = homework.shown(smoke=True)
    assert sorted(models.MODELS[name].model for name in few) == sorted(models.FAMILIES)


@pytest.fixture(scope="module")
def once_and_twice(tmp_path_factory: pytest.TempPathFactory, data: Path) -> tuple[Path, list[str]]:
    """A run of homework 3's second question, once as it should be and once with the mistake."""
    out = tmp_path_factory.mktemp("once-and-twice")
    words = ("--question", "2", "--epochs", "8", "--batch-size", "20")
    return out, [answer("hw03", out, data, *words, *switch) for switch in ((), ("--double-softmax",))]


def test_softmax_twice_keeps_the_loss_above_its_floor(once_and_twice: tuple[Path, list[str]]) -> None:
    out, texts = once_and_twice
    once, twice = (
        min(each["test_loss"] for each in training.Run(out / name).records("epoch"))
        for name in ("long-0", "long-double-softmax-0")
    )
    assert once < training.losses.double_softmax_floor(10) < twice < 2.1  # it has learnt all the same
    assert ["Made with `--double-softmax`" in text for text in texts] == [False, True]


def test_the_program_in_the_answer_draws_the_accuracy(once_and_twice: tuple[Path, list[str]]) -> None:
    out, texts = once_and_twice
    for text, name in zip(texts, ("long-0", "long-double-softmax-0"), strict=True):
        chinese, english = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
        assert chinese == english and f'open("{name}/metrics.jsonl")' in english
    environment = os.environ | {"MPLBACKEND": "Agg"}
    subprocess.run([sys.executable, "-c", english], cwd=out, env=environment, check=True, timeout=60)
    assert (out / "accuracy.png").stat().st_size > 5000


def test_the_switch_is_every_trainings(tmp_path: Path, data: Path) -> None:
    words = ("--double-softmax", "--epochs", "1", "--question", "3,5", "--decays", "0.01")
    assert "1 epochs, --double-softmax" in answer("hw03", tmp_path / "run", data, *words)
    plans = [json.loads(path.read_text()) for path in (tmp_path / "run").glob("*/config.json")]
    assert len(plans) == 4  # three losses, one decay
    assert {plan["loss"]["name"] for plan in plans} == {"after_softmax"}
    assert {plan["loss"]["loss"]["name"] for plan in plans} == {"cross_entropy", "mse", "mae"}


@pytest.mark.parametrize(
    ("decays", "said"),
    [("-0.1,0", "-0.1 is too small"), ("nan", "nan is no finite number"), (",", "name at least one")],
)
def test_bad_decays_are_told_before_the_first_question(
    decays: str, said: str, tmp_path: Path, data: Path, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit, match="2"):
        answer("hw03", tmp_path / "run", data, f"--decays={decays}")
    assert f"argument --decays: {said}" in capsys.readouterr().err and not (tmp_path / "run").exists()


@pytest.mark.parametrize("fell", [True, False])
def test_a_training_that_fell_apart_is_named(fell: bool) -> None:
    networks = [f"network {i}" for i in range(5)]
    found = SimpleNamespace(
        floor=1.4612,
        loss=dict.fromkeys(networks, (1.5, 0.1)),
        accuracy=dict(zip(networks, [(0.8, 0.95), (0.9, 0.85), (0.95, 0.97), (0.95, 0.97), (0.95, 0.97)], strict=True)),
        published=dict.fromkeys(networks),
        fell_apart=[("network 1", "softmax once", 0.25, 2.04)] * fell,
    )
    epoch = {"epoch": 1, "train_loss": 0.3, "test_loss": 0.2, "test_accuracy": 0.9}
    template = words.load(runtime.ROOT / "homework/words/hw03_mnist_analysis.md.j2")
    answer = Answer({"found": found, "curve": [epoch], "batch": 32, "epochs": 10, "twice": False})
    said = words.said(template, {4: Question("问题", "question", answer)})["q4"]
    text = (
        "network 1, softmax once, fell apart: its mean loss over an epoch had come down to 0.25, and it ends at 2.04."
    )
    assert (
        (text in said["en"]) == fell == ("network 1（做一次 softmax）中途失稳：单轮平均损失曾降到 0.25" in said["zh"])
    )
    assert ("smaller without the mistake: two" in said["en"]) == fell == ("ReLU 的改进变小了" in said["zh"])
    assert ("does harm without it" in said["en"]) != fell != ("改正之后反而有害" in said["zh"])
    assert "The cure is one line" in said["en"] and "改正只要一行" in said["zh"]
