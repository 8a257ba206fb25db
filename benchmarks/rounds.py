"""What to measure -> measurements -> published medians: each in a process of its own, all in turn, round after round.

So a busy minute of the machine is shared by all, and none finds what another one left behind in its process.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shlex
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from typing import Any, TypeVar

from rich.console import Console

from paddle_course import answers, runtime
from paddle_course.runtime import ROOT

RESULTS = ROOT / "docs" / "results.json"
LONGEST = 1800  # seconds for one measurement

Name = TypeVar("Name", bound="str | tuple[str, ...]")
Measured = dict[str, Any]


class Failed(Exception):
    """Nothing was measured; in one line, why."""


class Incomplete(Exception):
    """Not everything could be measured; what could be is shown. The benchmark ends with exit code 1."""


@dataclasses.dataclass(frozen=True)
class Job:
    """A function in a module of this package, to be called with these arguments in a process of its own.

    `environment` is what that process has besides this one's; None takes a variable away. `python` runs it.
    """

    module: str
    function: str
    arguments: Mapping[str, Any]
    environment: Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    python: str = sys.executable

    def measure(self) -> Measured:
        """What the function returned, a dictionary, and the `minutes` that the process took.

        Raises:
            Failed: it broke off, or did not end.
        """
        words = [self.python, "-m", "benchmarks.child", self.module, self.function, json.dumps(self.arguments)]
        environment = {key: value for key, value in (os.environ | self.environment).items() if value is not None}
        start = time.perf_counter()
        try:
            run = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LONGEST)
        except subprocess.TimeoutExpired:
            raise Failed(f"no result after {LONGEST / 60:.0f} minutes") from None
        if run.returncode < 0:
            raise Failed(f"ended by {signal.Signals(-run.returncode).name}")
        if run.returncode:
            raise Failed((run.stderr.strip().splitlines() or [f"ended with {run.returncode} and without a word"])[-1])
        return json.loads(run.stdout.splitlines()[-1]) | {"minutes": (time.perf_counter() - start) / 60}


def run(jobs: Mapping[Name, Job], rounds: int, say: Callable[[Name, Measured], str]) -> dict[Name, list[Measured]]:
    """Measure every job `rounds` times, in turn: what each round measured. What fails once is not tried again.

    `say` puts a measurement into a few words; a UserError from it ends the benchmark.
    """
    found, failed = {name: [] for name in jobs}, set()
    for number, (name, job) in product(range(1, rounds + 1), jobs.items()):
        if name in failed:
            continue
        try:
            measured = job.measure()
            found[name].append(measured)
            said = say(name, measured)
        except Failed as failure:
            failed.add(name)
            said = f"failed: {failure}"
        told = name if isinstance(name, str) else ", ".join(name)
        print(f"round {number} of {rounds}: {told}: {said}", file=sys.stderr)
    return found


@dataclasses.dataclass(frozen=True)
class Numbers:
    """One number from each round, and the minutes they took; no values where the measurement failed."""

    values: tuple[float, ...]
    minutes: float

    @classmethod
    def of(cls, measured: Sequence[Measured], key: Callable[[Measured], float | None]) -> Numbers:
        values = tuple(value for each in measured if (value := key(each)) is not None)
        return cls(values, sum(each["minutes"] for each in measured))

    @property
    def median(self) -> float | None:
        return statistics.median(self.values) if self.values else None

    @property
    def sd(self) -> float | None:
        return statistics.stdev(self.values) if len(self.values) > 1 else None

    def over(self, other: Numbers) -> Numbers:
        """The quotients, round by round: a minute that was slow for both does not count."""
        return Numbers(
            tuple(a / b for a, b in zip(self.values, other.values, strict=False)), self.minutes + other.minutes
        )

    def results(self, name: str, metric: str, data: str) -> list[answers.Result]:
        """The median with its spread, for docs/results.json; nothing where nothing was measured."""
        if not self.values:
            return []
        return [answers.Result(name, metric, self.median, self.sd, len(self.values), self.minutes, data)]


def short(value: float | None) -> str | None:
    """Three digits: what is measured in seconds has no more."""
    return None if value is None else answers.number(float(f"{value:.3g}"))


def percent(share: float | None) -> str | None:
    """The same, of a share."""
    return None if share is None else f"{short(100 * share)} %"


def show(tables: Iterable[answers.Table]) -> None:
    console = Console()
    for table in tables:
        answers.show(table, console)


def publish(module: str, words: Sequence[str], results: Iterable[answers.Result], beside: str = "") -> None:
    """Enter the results into docs/results.json; `beside` names what else took part ("PyTorch 2.9.1").

    Those of a processor that has AVX2 and not AVX-512 are named so, and stand beside those of the other kind.
    """
    told = [re.sub("(^|=)/.*/", r"\1", word) for word in words]  # of a place of this machine, its name
    origin = answers.origin() | {"command": shlex.join(["python", "-m", f"benchmarks.{module}", *told])}
    if beside:
        origin["machine"] += f", {beside}"
    kind = "AVX2, " if runtime.instructions() == "AVX2" else ""
    named = (dataclasses.replace(each, name=kind + each.name) for each in results)
    entries = [{"homework": "benchmark", "question": None} | dataclasses.asdict(each) | origin for each in named]
    answers.record(RESULTS, entries)


def complete(found: Iterable[Sequence[Any]], count: int) -> None:
    """The end of a benchmark, which is `Incomplete` unless all of them hold `count` measurements."""
    if any(len(each) < count for each in found):
        raise Incomplete("not everything could be measured, see above")
