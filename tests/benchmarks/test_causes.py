"""The causes' shares make the whole gain, and every row runs in the surroundings that it names."""

from __future__ import annotations

import math

import pytest

from benchmarks import causes, rounds
from benchmarks.subjects import Subject
from paddle_course import runtime

SPEEDS = {"fit": 10.0, "all cores": 15.0, "MKL's fast path": 30.0, "own loop": 30.0, "f32": 120.0, "bf16": 240.0}


@pytest.fixture(autouse=True)
def amd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(causes, "amd", lambda: True)
    monkeypatch.setattr(runtime, "cores", lambda: 2)
    monkeypatch.setattr(runtime, "instructions", lambda: "AVX-512 with bfloat16")


def speed(job: rounds.Job) -> rounds.Measured:
    """What the row of this job is said to reach."""
    column, environment = job.arguments["column"], job.environment
    fits = {(None, None): "fit", ("2", None): "all cores", ("2", "5"): "MKL's fast path"}
    row = {"stock": "own loop"}.get(column, column)
    if column == "fit":
        row = fits[environment["OMP_NUM_THREADS"], environment["MKL_DEBUG_CPU_TYPE"]]
    if row not in SPEEDS:
        raise rounds.Failed("no room")
    return {"rate": SPEEDS[row], "trainable": 61706}


def test_the_shares_make_the_whole_gain(answered, entries, capsys: pytest.CaptureFixture[str]) -> None:
    asked = answered(speed)
    assert causes.main(["--models", "lenet", "--rounds", "2", "--batch", "2", "--publish"]) == 0
    assert [job.arguments["column"] for job in asked] == 2 * ["fit", "fit", "fit", "stock", "f32", "bf16"]
    assert [job.environment["OMP_NUM_THREADS"] for job in asked[:6]] == [None, "2", "2", "2", "2", "2"]
    found, rows = entries(), list(SPEEDS)[1:]
    assert [found[f"causes, lenet, {row}"]["value"] for row in SPEEDS] == list(SPEEDS.values())
    factors = [found[f"causes, lenet, {row}, factor"]["value"] for row in rows]
    shares = [found[f"causes, lenet, {row}, share"]["value"] for row in rows]
    assert factors == [1.5, 2, 1, 4, 2] and math.prod(factors) == 240 / 10
    assert sum(shares) == pytest.approx(1) and shares[3] == pytest.approx(2 * shares[1])
    shown = capsys.readouterr().out
    lines = [line.split() for line in shown.splitlines()]
    assert ["f32", "120", "4", "43.6", "%"] in lines
    assert ["all", "together", "–", "24", "100", "%"] in lines
    assert "left out" not in shown


def test_elsewhere_than_on_amd_mkl_needs_no_help(
    answered, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(causes, "amd", lambda: False)
    asked = answered(speed)
    assert causes.main(["--models", "lenet", "--rounds", "1", "--batch", "2"]) == 0
    assert all(job.environment.get("MKL_DEBUG_CPU_TYPE") is None for job in asked) and len(asked) == 5
    shown = " ".join(capsys.readouterr().out.split())
    assert "MKL's fast path: left out, MKL_DEBUG_CPU_TYPE has no effect on this processor" in shown


def test_without_bfloat16_its_row_is_left_out(answered, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "instructions", lambda: "AVX2")
    asked = answered(speed)
    assert causes.main(["--models", "lenet", "--rounds", "1", "--batch", "2"]) == 0
    assert [job.arguments["column"] for job in asked] == ["fit", "fit", "fit", "stock", "f32"]


def test_what_fails_is_a_dash_and_the_next_step_bridges_it(
    answered, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(SPEEDS, "f32")
    answered(speed)
    assert causes.main(["--models", "lenet", "--rounds", "1", "--batch", "2"]) == 1
    shown = capsys.readouterr()
    assert "round 1 of 1: lenet, f32: failed: no room" in shown.err.splitlines()
    lines = [line.split() for line in shown.out.splitlines()]
    assert ["f32", "–", "–", "–"] in lines and ["bf16", "240", "8", "65.4", "%"] in lines


def test_equal_speeds_have_no_shares() -> None:
    assert causes.gains({"fit": 5.0, "f32": 5.0}) == {"fit": (None, None), "f32": (1.0, None)}
    assert causes.gains({"fit": None, "f32": None}) == {"fit": (None, None), "f32": (None, None)}


def test_a_users_training_gets_the_threads_that_its_row_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    column, environment = causes.rows()["MKL's fast path"]
    job = Subject.of("lenet", 2).job(column, 0.0, environment=environment)
    measured = job.measure()
    assert measured["threads"] == "2" and measured["rate"] > 0 and measured["trainable"] == 61706
