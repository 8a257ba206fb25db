"""Killed anywhere and started again, a training ends in the same bits, and its curve shows no seam."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from paddle_course import runtime, training
from paddle_course.training import loop, resume
from tests.training import toy


def run(directory: Path, optimizer: str, step: int = 0, how: str = "no") -> subprocess.CompletedProcess:
    words = [sys.executable, "-m", "tests.training.killed", str(directory), optimizer, str(step), how]
    return subprocess.run(words, cwd=runtime.ROOT, capture_output=True, text=True, timeout=120)


def numbers(directory: Path) -> list[dict]:
    """The records without their clocks, and what other tests have held in memory."""
    return [
        {key: value for key, value in each.items() if "seconds" not in key and key != "memory"}
        for each in training.Run(directory).records()
    ]


@pytest.mark.parametrize(
    ("optimizer", "deaths"),
    [
        ("adam", [(3, "kill")]),
        ("momentum", [(5, "kill")]),
        ("averaged", [(1, "kill"), (4, "term")]),
    ],
)
def test_killed_and_started_again_ends_in_the_same_bits(tmp_path: Path, optimizer: str, deaths: list) -> None:
    whole = fit(tmp_path / "whole", phases=toy.chain(optimizer))
    for step, how in deaths:
        died = run(tmp_path / "parts", optimizer, step, how)
        assert died.returncode == (-signal.SIGKILL if how == "kill" else 143), died.stderr
    last = run(tmp_path / "parts", optimizer)
    assert last.returncode == 0, last.stderr
    assert last.stdout == f"{whole.sha256}\n"
    assert numbers(tmp_path / "parts") == numbers(tmp_path / "whole")


def test_sigterm_says_that_the_same_command_goes_on(tmp_path: Path) -> None:
    died = run(tmp_path / "run", "momentum", 2, "term")
    assert died.returncode == 143
    assert "stopped:" in died.stderr
    assert "the same command goes on" in died.stderr
    assert "Traceback" not in died.stderr


def test_after_fresh_the_line_names_the_command_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDLE_COURSE_COMMAND", "./run.sh hw08 --fresh --seed 1")
    died = run(tmp_path / "run", "momentum", 2, "term")
    assert died.stderr.splitlines()[-1].endswith("; ./run.sh hw08 --seed 1 goes on from there")


def fit(directory: Path, **changes: object) -> training.Result:
    settings = {"phases": toy.phases("adam", 1), "held_out": {"test": toy.toy_batches()}} | changes
    return training.fit(training.Run(directory), toy.toy_model(), toy.toy_batches(), **settings)


def test_a_finished_run_is_shown_and_not_trained_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = fit(tmp_path / "run")
    monkeypatch.setattr(loop, "timed", None)  # any training would fail now
    assert fit(tmp_path / "run").sha256 == first.sha256


def test_other_settings_in_the_same_directory_are_refused(tmp_path: Path) -> None:
    fit(tmp_path / "run")
    with pytest.raises(runtime.UserError, match=r"phases.*--fresh"):
        fit(tmp_path / "run", phases=toy.phases("adam", 2))


def test_a_damaged_checkpoint_is_passed_over(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resume, "CHECKPOINT_EVERY", 0.0)
    whole = fit(tmp_path / "run")
    (tmp_path / "run/result.json").unlink()
    newest = tmp_path / "run/checkpoints/4/params.safetensors"
    damaged = bytearray(newest.read_bytes())
    damaged[-3] ^= 1  # safetensors alone would load this silently
    newest.write_bytes(damaged)
    assert fit(tmp_path / "run").sha256 == whole.sha256
    assert "damaged" in capsys.readouterr().err


def test_other_threads_are_mentioned(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    fit(tmp_path / "run")
    (tmp_path / "run/result.json").unlink()
    path = tmp_path / "run/checkpoints/4/state.json"
    about = json.loads(path.read_text())
    about["fingerprint"]["threads"] = "64"
    del about["fingerprint"]["denormals"]  # as in a checkpoint of an earlier version
    path.write_text(json.dumps(about))
    fit(tmp_path / "run")
    said = capsys.readouterr().err
    assert "threads 64, now" in said
    assert "denormals unknown, now" in said


def test_params_that_are_not_those_of_the_run_are_refused(tmp_path: Path) -> None:
    result = fit(tmp_path / "run")
    other = fit(tmp_path / "other", phases=toy.phases("sgd", 1))
    result.params.write_bytes(other.params.read_bytes())  # intact, but somebody else's
    with pytest.raises(runtime.UserError, match="not what run ended with"):
        fit(tmp_path / "run")
    (tmp_path / "run/result.json").write_text("{")
    with pytest.raises(runtime.UserError, match=r"result\.json cannot be read.*--fresh"):
        fit(tmp_path / "run")


def test_a_start_without_a_checkpoint_leaves_no_records_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("killed after the first records")

    with monkeypatch.context() as patch:
        patch.setattr(loop, "timed", broken)
        with pytest.raises(RuntimeError, match="killed"):
            fit(tmp_path / "run")
    fit(tmp_path / "run")
    fit(tmp_path / "whole")
    files = [sorted(p.name[:8] for p in (tmp_path / name / "vdl").iterdir()) for name in ("run", "whole")]
    assert files[0] == files[1]
    assert numbers(tmp_path / "run") == numbers(tmp_path / "whole")


def test_showing_a_run_again_leaves_its_environment_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fit(tmp_path / "run")
    before = (tmp_path / "run/environment.json").read_text()
    monkeypatch.setenv("PADDLE_COURSE_COMMAND", "./run.sh somebody else")
    fit(tmp_path / "run")
    assert (tmp_path / "run/environment.json").read_text() == before


def test_of_a_finished_run_only_the_params_need_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resume, "CHECKPOINT_EVERY", 0.0)
    run, model = training.Run(tmp_path / "run"), toy.toy_model()
    result = training.fit(run, model, toy.toy_batches(), toy.phases("adam", 1))
    before = {path.name for path in run.checkpoints.rglob("*.safetensors")}
    assert before == {"params.safetensors", "optimizer.safetensors"} and len(list(run.checkpoints.iterdir())) == 2
    training.keep_params_only(result)
    assert [path for path in run.checkpoints.rglob("*") if path.is_file()] == [result.params]
    training.keep_params_only(result)
    monkeypatch.setattr(loop, "timed", None)  # a finished run is not trained again
    again = training.fit(run, toy.toy_model(1), toy.toy_batches(), toy.phases("adam", 1))
    assert (again.sha256, again.epochs) == (result.sha256, result.epochs)
