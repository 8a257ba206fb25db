"""Homework 2 and 3: a grid that survives its failures and stands on VisualDL's page; a mistake that is a switch."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from visualdl import LogReader
from visualdl.server.lib import get_hparam_list

from paddle_course import models, readers, runtime, training
from tests.homework.test_smoke import load

SCRIPTS = {script.stem[:4]: script for script in (runtime.ROOT / "homework").glob("hw0[23]_*.py")}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


def answer(name: str, out: Path, data: Path, *words: str) -> str:
    load(SCRIPTS[name]).main(["--smoke", "--out", str(out), "--data-root", str(data), *words])
    return (out / "answers.md").read_text(encoding="utf-8")


def test_cells_that_diverge_are_marked_and_all_stand_on_the_hyper_parameter_page(tmp_path: Path, data: Path) -> None:
    out = tmp_path / "run"
    text = answer("hw02", out, data, "--question", "3", "--rates", "1e30,0.003", "--epochs", "2")
    assert re.search(r"Of 10 trainings \d diverged \(sgd 1e\+30, momentum 1e\+30", text)
    assert re.search(r"\| sgd \| diverged, step \d+ \| \d", text)
    assert "sgd diverges" in text
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


def test_a_grid_in_which_all_fails_is_an_answer_too(tmp_path: Path, data: Path) -> None:
    text = answer("hw02", tmp_path / "run", data, "--question", "1,3", "--rates", "1e30", "--epochs", "1")
    assert "At the rates tried, sgd, momentum, adagrad, adam, adamw learnt nothing." in text
    with pytest.raises(runtime.UserError, match=r"--rates 0.1,-0.1: name at least one, all above 0"):
        answer("hw02", tmp_path / "other", data, "--question", "1", "--rates", "0.1,-0.1")


def test_the_test_pictures_meet_chosen_cells_only_and_validation_is_no_training(tmp_path: Path, data: Path) -> None:
    homework = load(SCRIPTS["hw02"])
    answer("hw02", tmp_path / "run", data, "--question", "1", "--rates", "0.003", "--epochs", "1")
    plan = training.Run(tmp_path / "run/sgd-0.003-0").directory / "config.json"
    assert '"test' not in plan.read_text()
    lab = SimpleNamespace(
        config=homework.Config(), images=lambda name, split: readers.load(name, split, data, "stand-in")
    )
    fit, held, test = ({each.tobytes() for each in homework.digits(lab, part).data.images} for part in homework.PARTS)
    assert (len(fit), len(held), len(test)) == (540, 60, 200) and not fit & held and not (fit | held) & test


def test_the_table_of_networks_is_complete() -> None:
    homework = load(SCRIPTS["hw02"])
    assert list(homework.shown(smoke=False)) == list(models.MODELS)
    few = homework.shown(smoke=True)
    assert sorted(models.MODELS[name].model for name in few) == sorted(models.FAMILIES)


def test_softmax_twice_is_a_switch_that_keeps_the_loss_above_its_floor(tmp_path: Path, data: Path) -> None:
    floor, lowest = training.losses.double_softmax_floor(10), {}
    for switch in ((), ("--double-softmax",)):
        text = answer("hw03", tmp_path / "run", data, "--question", "2", "--epochs", "8", "--batch-size", "20", *switch)
        assert ("Made with `--double-softmax`" in text) == bool(switch)
        run = training.Run(tmp_path / f"run/long{'-double-softmax' * bool(switch)}-0")
        lowest[bool(switch)] = min(each["test_loss"] for each in run.records("epoch"))
    assert lowest[False] < floor < lowest[True] < 2.1  # it has learnt all the same


def test_the_switch_is_every_trainings(tmp_path: Path, data: Path) -> None:
    text = answer("hw03", tmp_path / "run", data, "--double-softmax", "--epochs", "1", "--question", "1,3,5")
    assert "1 epochs, --double-softmax" in text
    plans = [json.loads(path.read_text()) for path in (tmp_path / "run").glob("*/config.json")]
    assert len(plans) == 10  # the long one, three losses, six decays
    assert {plan["loss"]["name"] for plan in plans} == {"after_softmax"}
    assert {plan["loss"]["loss"]["name"] for plan in plans} == {"cross_entropy", "mse", "mae"}


def test_the_program_in_the_answer_draws_the_accuracy(tmp_path: Path, data: Path) -> None:
    text = answer("hw03", tmp_path / "run", data, "--question", "2")
    programs = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(programs) == 2 and len(set(programs)) == 1
    environment = {"MPLBACKEND": "Agg", "PATH": "", "HOME": str(tmp_path)}
    words = [sys.executable, "-c", programs[0]]
    subprocess.run(words, cwd=tmp_path / "run", env=environment, check=True, timeout=60)
    assert (tmp_path / "run/accuracy.png").stat().st_size > 5000


def test_bad_decays_are_told(tmp_path: Path, data: Path) -> None:
    with pytest.raises(runtime.UserError, match=r"--decays -0.1,0.0: name at least one, none below 0"):
        answer("hw03", tmp_path / "run", data, "--question", "5", "--decays=-0.1,0.0")
