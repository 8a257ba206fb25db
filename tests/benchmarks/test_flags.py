"""All benchmarks are started alike, and take mistakes alike."""

from __future__ import annotations

import importlib
import os
import signal
import time
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks import flags, rounds
from paddle_course.runtime import ROOT

BENCHMARKS = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py") if "def main(" in path.read_text())


@pytest.fixture(params=BENCHMARKS)
def module(request: pytest.FixtureRequest) -> ModuleType:
    return importlib.import_module(f"benchmarks.{request.param}")


WRONG = {
    "throughput": (["--models", "lenot"], ["--columns", "jax"], ["--rounds", "0"], ["--torch", "/no/python"]),
    "causes": (["--models", "lenot"], ["--seconds", "x"], ["--batch", "0"]),
    "profile": ([], ["lenot"], ["lenet", "--precision", "f64"]),
    "convolutions": ([], ["lenot"], ["lenet", "--batch", "0"]),
    "readers": (["--seconds", "0"],),
    "drawing": (["--seconds", "0"], ["--rounds", "0"]),
    "denormals": (["--steps", "3"], ["--runs", "margin,decoy"], ["--width", "0"]),
    "curves": (["--models", "resnet50-imagenet"], ["--figure", "docs"], ["--steps", "0"], ["--rate", "0"]),
}


def test_a_mistake_is_one_line_and_exit_code_2(module: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    name = module.__name__.partition(".")[2]
    for words in (["--frob"], *WRONG[name]):
        with pytest.raises(SystemExit, match="2"):
            module.main(words)
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"benchmarks.{name}: error: ")


def test_the_readme_and_help_name_the_command(module: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    command = f"python -m {module.__name__}"
    assert command in (ROOT / "benchmarks" / "README.md").read_text()
    with pytest.raises(SystemExit, match="0"):
        module.main(["--help"])
    assert command in capsys.readouterr().out


def test_a_benchmark_that_is_broken_off_keeps_nothing(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):

        def struck(argv: list[str], number: int = number) -> None:
            os.kill(os.getpid(), number)
            time.sleep(5)

        monkeypatch.setattr(module, "benchmark", struck)
        assert module.main([]) == code
        assert capsys.readouterr().err == "stopped: nothing is kept of a benchmark that did not end\n"


def test_a_benchmark_that_lacks_a_measurement_ends_with_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert flags.run(lambda _: rounds.complete([[1.0], []], 1), []) == 1
    assert capsys.readouterr().err == "error: not everything could be measured, see above\n"


def test_flags_read_lists_numbers_and_programs(tmp_path: Path) -> None:
    parser = flags.parser("it", "", rounds=3)
    parser.add_argument("--of", type=flags.names("abc"))
    parser.add_argument("--with", type=flags.program)
    read = parser.parse_args(["--of", "b,a,b", "--rounds", "5", "--with", "sh"])
    assert (read.of, read.rounds, read.publish) == (("b", "a"), 5, False)
    assert Path(vars(read)["with"]).is_absolute()
    assert not hasattr(flags.parser("it", "").parse_args([]), "rounds")
