"""Dataclass, command line and JSON say the same."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from paddle_course import config
from paddle_course.config import RunConfig, flag
from paddle_course.runtime import UserError


@dataclass(frozen=True)
class Config(RunConfig):
    sizes: tuple[int, ...] = flag((1, 2), "sizes, 100 % of them")
    rate: float = flag(0.1, "rate")
    name: str = flag("a", "name", ("a", "b"))
    names: tuple[str, ...] = flag((), "names", ("a", "b"))
    rates: tuple[float, ...] = flag((0.1,), "rates", least=0.01)


def test_flags_become_fields() -> None:
    words = ["--sizes", "3,4", "--rate", "1e-3", "--name", "b", "--smoke", "--question", "2"]
    parsed = config.parse(Config, words)
    assert parsed == Config(sizes=(3, 4), rate=1e-3, name="b", smoke=True, question=(2,))
    assert config.parse(Config, []) == Config()


@pytest.mark.parametrize(
    "words", [["--size", "3"], ["--sizes", "3,x"], ["--rate", "fast"], ["--name", "c"], ["--seed", "-2"], ["3"]]
)
def test_what_does_not_fit_ends_with_exit_code_2(words: list[str], capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as ended:
        config.parse(Config, words)
    assert ended.value.code == 2
    assert words[-1] in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rate", "-1"], "argument --rate: -1 is too small, it must be at least 0"),
        (["--rate", "nan"], "argument --rate: nan is no finite number"),
        (["--rate", "fast"], "argument --rate: invalid float value: 'fast'"),
        (["--rates", "1,1e999"], "argument --rates: 1e999 is no finite number"),
        (["--rates", "0.5,0.001"], "argument --rates: 0.001 is too small, it must be at least 0.01"),
        (["--sizes=3,-1"], "argument --sizes: -1 is too small, it must be at least 0"),
        (["--sizes", ","], "argument --sizes: name at least one"),
        (["--sizes", "3,x"], "argument --sizes: invalid comma-separated list of int value: '3,x'"),
        (["--name", "c"], "argument --name: 'c' is none of a, b"),
        (["--names", "b,c"], "argument --names: 'c' is none of a, b"),
    ],
)
def test_limits_hold_for_floats_and_for_each_item(words: list[str], said: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit, match="2"):
        config.parse(Config, words)
    assert capsys.readouterr().err.splitlines()[-1] == f"./run.sh: error: {said}"


def test_a_common_flag_without_a_use_is_refused_and_keeps_its_default(capsys: pytest.CaptureFixture) -> None:
    class Short(Config):
        without = ("data", "seeds")

    assert config.parse(Short, ["--epochs", "2"]) == Short(epochs=2)
    for words in (["--data", "real"], ["--seeds", "3"]):
        with pytest.raises(SystemExit, match="2"):
            config.parse(Short, words)
        assert f"unrecognized arguments: {' '.join(words)}" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="0"):
        config.parse(Short, ["--help"])
    printed = capsys.readouterr().out
    assert "--epochs" in printed and "--data " not in printed and "--seeds" not in printed


def test_of_exclusive_flags_only_one_is_taken(capsys: pytest.CaptureFixture) -> None:
    class Sized(Config):
        exclusive = ("smoke", "full")

    assert config.parse(Sized, ["--full"]) == Sized(full=True) and config.parse(Sized, ["--smoke"]).smoke
    with pytest.raises(SystemExit, match="2"):
        config.parse(Sized, ["--full", "--smoke"])
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == "./run.sh: error: argument --smoke: not allowed with argument --full"


def test_help_says_what_each_flag_is_for(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as ended:
        config.parse(Config, ["--help"], "what it does")
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert "sizes, 100 % of them (default: 1,2)" in printed
    assert "what it does" in printed


def test_descriptions_are_json_and_tell_settings_apart() -> None:
    def falling(step: int, *, lr: float) -> float:
        return lr / (step + 1)

    one, other = ({"phases": [partial(falling, lr=lr)], "path": Path("x")} for lr in (0.1, 0.2))
    assert json.loads(json.dumps(config.describe(one))) == {"phases": [{"name": "falling", "lr": 0.1}], "path": "x"}
    assert config.describe(one) != config.describe(other)
    found = config.differences({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}, "d": 4})
    assert found == ["a.c: 2, now 3", "d: null, now 4"]


def test_a_damaged_config_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(UserError, match=r"config\.json cannot be read.*--fresh"):
        config.load(tmp_path / "config.json")
