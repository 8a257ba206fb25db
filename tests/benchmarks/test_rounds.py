"""Measurements: each in a process of its own, in turn; what fails is told once and is no number."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import rounds
from benchmarks.rounds import Failed, Incomplete, Job, Numbers
from paddle_course import answers, runtime
from paddle_course.runtime import ROOT


@pytest.fixture
def python(tmp_path: Path):
    """A program that does what it is told in the place of Python."""

    def python(does: str) -> str:
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\n{does}\n")
        path.chmod(0o755)
        return str(path)

    return python


def test_a_job_is_a_process_with_its_own_environment(python, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAKEN", "1")
    does = """echo talk; echo '{"words": "'$2 $3 $4'", "added": "'$ADDED'", "taken": "'$TAKEN'"}'"""
    measured = Job("gemm", "peaks", {}, {"ADDED": "2", "TAKEN": None}, python(does)).measure()
    assert 0 < measured.pop("minutes") < 1
    assert measured == {"words": "benchmarks.child gemm peaks", "added": "2", "taken": ""}


def test_the_child_calls_the_function_and_imports_nothing_that_it_does_not_need() -> None:
    """Were Paddle or this project there already, `fit` would not be measured as a user gets it."""
    code = """if True:
        import runpy, sys
        runpy.run_module("benchmarks.child", run_name="__main__")
        print([name for name in sys.modules if name.startswith(("paddle", "torch"))])
    """
    words = ["measure", "batch_size", '{"model": "fast", "shape": [3, 32, 32]}']
    run = subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.splitlines() == ["1024", "[]"], run.stderr


def test_how_a_process_failed_is_told_in_one_line(python, monkeypatch: pytest.MonkeyPatch) -> None:
    for does, why in {
        "echo Traceback >&2; echo 'no room' >&2; exit 1": "no room",
        "exit 3": "ended with 3 and without a word",
        "kill -9 $$": "ended by SIGKILL",
    }.items():
        with pytest.raises(Failed, match=f"^{why}$"):
            Job("gemm", "peaks", {}, python=python(does)).measure()
    monkeypatch.setattr(rounds, "LONGEST", 0.05)
    with pytest.raises(Failed, match="no result after 0 minutes"):
        Job("gemm", "peaks", {}, python=python("exec sleep 5")).measure()


def test_all_take_turns_and_what_fails_is_not_tried_again(answered, capsys: pytest.CaptureFixture[str]) -> None:
    def answer(job: Job) -> rounds.Measured:
        if job.module == "b":
            raise Failed("no room")
        return {"rate": len(asked)}

    asked = answered(answer)
    jobs = {(name, "x"): Job(name, "measure", {}) for name in "abc"}
    found = rounds.run(jobs, 2, lambda name, measured: f"{measured['rate']}/s")
    assert "".join(job.module for job in asked) == "abcac"
    assert {name: [each["rate"] for each in values] for (name, _), values in found.items()} == {
        "a": [1, 4],
        "b": [],
        "c": [3, 5],
    }
    assert capsys.readouterr().err.splitlines() == [
        "round 1 of 2: a, x: 1/s",
        "round 1 of 2: b, x: failed: no room",
        "round 1 of 2: c, x: 3/s",
        "round 2 of 2: a, x: 4/s",
        "round 2 of 2: c, x: 5/s",
    ]
    with pytest.raises(Incomplete, match="not everything"):
        rounds.complete(found.values(), 2)
    del found["b", "x"]
    rounds.complete(found.values(), 2)


def numbers(*values: float | None) -> Numbers:
    return Numbers.of([{"rate": value, "minutes": 0.25} for value in values], lambda each: each["rate"])


def test_medians_count_and_quotients_are_taken_round_by_round() -> None:
    slow, fast = numbers(1.0, 2.0, 6.0), numbers(3.0, 5.0, 12.0)
    assert (fast.median, fast.sd) == (5.0, pytest.approx(4.7258, abs=1e-4))
    assert fast.over(slow) == Numbers((3.0, 2.5, 2.0), 1.5)
    (result,) = fast.over(slow).results("it", "ratio", "data")
    assert result == answers.Result("it", "ratio", 2.5, 0.5, 3, 1.5, "data")
    assert numbers(4.0).sd is None and numbers(None, 4.0).values == (4.0,)
    nothing = numbers().over(fast)
    assert nothing.median is None and nothing.results("it", "ratio", "data") == []
    assert (rounds.short(1234.5), rounds.short(None), rounds.percent(0.12345)) == ("1,230", None, "12.3 %")


def test_what_is_published_names_the_command(entries) -> None:
    made = numbers(3.0, 1.0, 2.0).results("load", "seconds", "CIFAR-10")
    rounds.publish("readers", ["--rounds", "3", "--figure", "a b.png"], made, "PyTorch 9.9")
    entry = entries()["load"]
    assert entry["command"] == "python -m benchmarks.readers --rounds 3 --figure 'a b.png'"
    rounds.publish("readers", ["--figure", "/home/me/a b.png", "--to=/home/me/c.png", "5 / 3"], made)
    assert entries()["load"]["command"] == "python -m benchmarks.readers --figure 'a b.png' --to=c.png '5 / 3'"
    assert entry["machine"].endswith(", PyTorch 9.9")
    assert (entry["homework"], entry["question"]) == ("benchmark", None)
    assert (entry["value"], entry["sd"], entry["n"], entry["minutes"]) == (2.0, 1.0, 3, 0.75)


def test_a_processor_of_another_kind_is_named(entries, monkeypatch) -> None:
    made = numbers(3.0).results("load", "seconds", "CIFAR-10")
    rounds.publish("readers", [], made)
    monkeypatch.setattr(runtime, "instructions", lambda: "AVX2")
    rounds.publish("readers", [], [dataclasses.replace(each, value=5.0) for each in made])
    assert {name: entry["value"] for name, entry in entries().items()} == {"load": 3.0, "AVX2, load": 5.0}
    assert " with AVX2, Paddle " in entries()["AVX2, load"]["machine"]
