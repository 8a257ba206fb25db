"""What to measure -> measurements: each in a process of its own, all in turn, round after round.

So a busy minute of the machine is shared by all, and none finds what another one left behind in its process.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from paddle_course import answers, runtime
from paddle_course.runtime import ROOT, UserError

Name = TypeVar("Name")
LONGEST = 1800  # seconds for one measurement


@dataclasses.dataclass(frozen=True)
class Job:
    """A call of `python -m benchmarks.<module> <words>`, which prints what it measured as one line of JSON."""

    module: str
    words: tuple[str, ...]
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def measure(self) -> dict[str, Any]:
        command = [sys.executable, "-m", f"benchmarks.{self.module}", *self.words]
        start = time.perf_counter()
        words = {"cwd": ROOT, "env": os.environ | self.environment, "capture_output": True, "text": True}
        try:
            run = subprocess.run(command, timeout=LONGEST, **words)
        except subprocess.TimeoutExpired:
            raise UserError(f"{shlex.join(command[1:])}: no result after {LONGEST / 60:.0f} minutes") from None
        if run.returncode:
            last = (run.stderr.strip().splitlines() or [f"it ended with {run.returncode} and without a word"])[-1]
            raise UserError(f"{shlex.join(command[1:])}: {last}")
        return json.loads(run.stdout.splitlines()[-1]) | {"minutes": (time.perf_counter() - start) / 60}


def run(jobs: Mapping[Name, Job], rounds: int) -> dict[Name, list[dict[str, Any]]]:
    """Measure every job `rounds` times, in turn: what each round measured, with the minutes that it took."""
    found = {name: [] for name in jobs}
    for number in range(1, rounds + 1):
        for name, job in jobs.items():
            print(f"round {number} of {rounds}: {name if isinstance(name, str) else ', '.join(name)}", file=sys.stderr)
            found[name].append(job.measure())
    return found


def result(
    name: str, metric: str, data: str, measured: Sequence[dict[str, Any]], key: Callable[[dict[str, Any]], float]
) -> answers.Result:
    """The median of what the rounds measured, with its spread."""
    values = [key(each) for each in measured]
    spread = statistics.stdev(values) if len(values) > 1 else None
    minutes = sum(each["minutes"] for each in measured)
    return answers.Result(name, metric, statistics.median(values), spread, len(values), minutes, data)


def publish(module: str, words: Sequence[str], results: Iterable[answers.Result]) -> None:
    """Enter the results into docs/results.json."""
    about = runtime.environment()
    origin = {
        "command": shlex.join(["python", "-m", f"benchmarks.{module}", *words]),
        "commit": about["commit"],
        "machine": f"{about['cores']} cores {about['processor'].partition(' ')[2]}, Paddle {about['paddle']}",
    }
    entries = [{"homework": "benchmark", "question": None} | dataclasses.asdict(each) | origin for each in results]
    answers.record(ROOT / "docs" / "results.json", entries)


def parser(module: str, text: str, rounds: int) -> argparse.ArgumentParser:
    """The flags that every benchmark has."""
    made = argparse.ArgumentParser(
        prog=f"benchmarks.{module}",
        description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument("--rounds", type=at_least(int, 1), default=rounds, help=f"default: {rounds}; medians are shown")
    made.add_argument("--publish", action="store_true", help="enter the results into docs/results.json")
    return made


def at_least(kind: type, least: float) -> Callable[[str], Any]:
    """What reads a number that must not be smaller."""

    def read(text: str) -> Any:
        if (value := kind(text)) < least:
            raise argparse.ArgumentTypeError(f"{text} is too small, it must be at least {least}")
        return value

    read.__name__ = kind.__name__  # argparse names it where the text is no number
    return read
