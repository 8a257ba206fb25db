"""Every homework found in homework/ runs all its questions on stand-in data and leaves a whole report."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from matplotlib.figure import Figure as Sheet

from paddle_course import config, readers, runtime
from paddle_course.answers import drawing
from paddle_course.answers.homework import Lab, place
from paddle_course.config import RunConfig

SCRIPTS = sorted((runtime.ROOT / "homework").glob("*.py"))


def load(script: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(script.stem, script)
    module = importlib.util.module_from_spec(spec)
    sys.modules[script.stem] = module  # dataclasses look their module up by name to resolve annotations
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data root of them all; a quarter of CIFAR-10's is enough for two steps of a training."""
    root = tmp_path_factory.mktemp("data")
    readers.write_stand_in("cifar10", root / "stand-ins" / "cifar10", train=16, test=12)
    return root


def test_there_are_homeworks() -> None:
    assert [script.stem[:4] for script in SCRIPTS] == [*(f"hw{number:02}" for number in range(1, 13)), "tour"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_paddle_is_not_imported_before_it_is_started(script: Path) -> None:
    """`runtime.start` sets the threads, which Paddle reads when it is imported."""
    code = f"import runpy, sys; runpy.run_path({str(script)!r}); sys.exit('paddle' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=runtime.ROOT, capture_output=True, text=True, timeout=120)
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_every_question_is_answered_on_stand_ins(
    script: Path, tmp_path: Path, stand_ins: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setattr(drawing, "DPI", 40)  # nobody looks at them
    module = load(script)
    words = ["--smoke", "--out", str(tmp_path / "run")]
    if "data_root" not in module.Config.without:
        words += ["--data-root", str(stand_ins)]
    module.main(words)
    printed = capsys.readouterr().out
    page = (tmp_path / "run/report.html").read_text(encoding="utf-8")
    answers = (tmp_path / "run/answers.md").read_text(encoding="utf-8")
    for number, question in module.QUESTIONS.items():
        chinese, english = (line.strip() for line in question.__doc__.splitlines()[:2])
        assert english.split(":")[0] in page
        assert f"## {number}. " in answers
        assert chinese[:10] in page
    synthetic = script.stem != "tour"  # whose digits are real
    for text in (page, answers, printed):
        assert ("SYNTHETIC" in text) == synthetic
    assert "**" not in re.sub("<pre.*?</pre>", "", page, flags=re.DOTALL)  # all that is meant to be bold is bold
    figures = list((tmp_path / "run/figures").glob("*.png"))
    assert figures
    assert all(f"figures/{figure.name}" in answers for figure in figures)
    monkeypatch.setattr(drawing, "_sheet", lambda *_: Sheet(figsize=(1, 1)))  # drawn once is enough
    module.main(words)  # finished: shown again, the same
    assert (tmp_path / "run/report.html").read_text(encoding="utf-8").count("<table") == page.count("<table")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_common_flag_is_refused_where_it_would_do_nothing(script: Path) -> None:
    without = set(load(script).Config.without)
    assert without <= {each.name for each in dataclasses.fields(RunConfig)}
    for name, words in {
        "seeds": ("lab.seeds", "config.seeds", "answers.ladder(", "answers.long("),
        "epochs": ("lab.epochs", "config.epochs", "answers.regression("),
    }.items():
        assert (name in without) != any(word in script.read_text(encoding="utf-8") for word in words), name
    longer = any(word in script.read_text(encoding="utf-8") for word in ("config.full", "full="))
    assert load(script).Config.longer == longer


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_what_is_set_apart_are_flags(script: Path) -> None:
    module = load(script)
    assert set(module.Config.apart) <= {each.name for each in dataclasses.fields(module.Config)}
    if script.stem[:4] in ("hw10", "hw11"):  # none of their commands comes to trainings that another one made
        lines = re.findall(r"^\./run\.sh hw\d+ ?(.*?)(?:   .*)?$", module.__doc__, re.MULTILINE)
        places = [place(config.parse(module.Config, line.split())) for line in lines]
        assert len(places) > 1 and len(set(places)) == len(places)


@pytest.mark.parametrize(("script", "words"), [("hw09", ["--full", "--long"]), ("hw11", ["--debug", "--full"])])
def test_two_sizes_at_once_are_refused(script: str, words: list[str], capsys: pytest.CaptureFixture) -> None:
    module = load(next(each for each in SCRIPTS if each.stem.startswith(script)))
    assert all(getattr(config.parse(module.Config, [word]), word[2:]) for word in words)
    with pytest.raises(SystemExit, match="2"):
        config.parse(module.Config, words)
    said = f"./run.sh: error: argument {words[1]}: not allowed with argument {words[0]}"
    assert capsys.readouterr().err.splitlines()[-1] == said


def test_full_is_the_same_run_where_nothing_is_longer(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    module = load(next(script for script in SCRIPTS if script.stem.startswith("hw05")))
    module.main(["--smoke", "--full", "--question", "1", "--out", str(tmp_path / "run")])
    assert "--full: hw05_conv_count has no longer settings" in capsys.readouterr().err
    assert json.loads((tmp_path / "run/config.json").read_text())["full"] is False


def test_stand_ins_serve_the_full_settings_too(tmp_path: Path) -> None:
    module = load(next(script for script in SCRIPTS if script.stem.startswith("hw08")))
    words = ["--data", "stand-in", "--question", "3", "--epochs", "1", "--curve-seeds", "1"]
    module.main([*words, "--out", str(tmp_path / "run"), "--data-root", str(tmp_path)])
    assert "SYNTHETIC" in (tmp_path / "run/report.html").read_text(encoding="utf-8")
    with pytest.raises(runtime.UserError, match="three sizes"):
        module.main([*words, "--per-class", "10,20", "--out", str(tmp_path / "b"), "--data-root", str(tmp_path)])


def test_one_network_alone_gets_its_half_hour(tmp_path: Path, stand_ins: Path, capsys: pytest.CaptureFixture) -> None:
    module = load(next(script for script in SCRIPTS if script.stem.startswith("hw08")))
    words = ["--smoke", "--question", "5", "--out", str(tmp_path / "run"), "--data-root", str(stand_ins)]
    module.main([*words, "--networks", "vgg16"])
    answers = (tmp_path / "run/answers.md").read_text(encoding="utf-8")
    assert "vgg16 (1 epoch) " in answers and "six views" not in answers
    with pytest.raises(SystemExit, match="2"):
        module.main([*words, "--networks", "vgg11"])
    assert "--networks: 'vgg11' is none of camp, lenet, vgg16, resnet18, fast" in capsys.readouterr().err


@pytest.mark.parametrize(("within", "epochs"), [("bf16", 4), ("f32", 2), ("stock", 2)])
def test_half_an_hour_has_room_for_more_where_convolutions_are_faster(
    within: str, epochs: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The epochs of ResNet-18, and those that the fast network needs wherever it is trained."""
    module, asked = load(next(script for script in SCRIPTS if script.stem.startswith("hw08"))), {}

    class Asked(Exception):
        pass

    def long(lab: Lab, data: str, epochs: dict[str, int], *others: object) -> None:
        asked.update(epochs)
        raise Asked

    monkeypatch.setattr(module.onednn, "precision", lambda net: within)
    monkeypatch.setattr(module.answers, "long", long)
    with pytest.raises(Asked):
        module.deep_networks(Lab(module.Config(full=True), tmp_path))
    assert (asked["resnet18"], asked["fast"]) == (epochs, 11)
