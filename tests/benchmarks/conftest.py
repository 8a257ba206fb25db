"""What the tests of the benchmarks share: a results file of their own, and measurements that take no time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks import rounds
from paddle_course import runtime
from paddle_course.answers import results


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], dict[str, dict[str, Any]]]:
    """What --publish has entered, by name; the processor is taken for one with AVX-512, whose names are plain."""
    monkeypatch.setattr(runtime, "instructions", lambda: "AVX-512 with bfloat16")
    monkeypatch.setattr(rounds, "RESULTS", tmp_path / "results.json")
    return lambda: {entry["name"]: entry for entry in results.load(tmp_path / "results.json")}


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[rounds.Job], rounds.Measured]], list[rounds.Job]]:
    """Have a function answer instead of processes; the list fills with the jobs it was asked."""

    def answered(answer: Callable[[rounds.Job], rounds.Measured]) -> list[rounds.Job]:
        asked = []

        def measure(job: rounds.Job) -> rounds.Measured:
            asked.append(job)
            return answer(job) | {"minutes": 0.5}

        monkeypatch.setattr(rounds.Job, "measure", measure)
        return asked

    return answered
