"""Models -> pictures per second while training: paddle.Model.fit, our loop, PyTorch.

    python -m benchmarks.throughput --torch /path/to/a/python/that/has/torch

Every measurement is a process of its own, and all columns run in turn, round after round, so that a busy minute of the
machine is shared by all. What the columns are stands in benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import itertools
import json
import os
import re
import shlex
import signal
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console

from benchmarks import flags
from benchmarks.flags import at_least, names, program
from benchmarks.measure import COLUMNS, OURS, TORCH, Job, batch_size
from paddle_course import answers, models, runtime
from paddle_course.runtime import ROOT, Stopped, UserError

RESULTS = ROOT / "docs" / "results.json"
DEFAULT = ("lenet", "camp", "vgg16", "resnet18", "resnet50-imagenet", "fast")
# The best of some columns over the best of others.
RATIOS = {
    "bf16 / fit": (("bf16",), ("fit",)),
    "best / best torch": (OURS, TORCH),
    "bf16 / best torch": (("bf16",), TORCH),
    "f32 / best f32 torch": (("f32",), TORCH[:2]),
}
# What a process does not inherit that is to find Paddle or PyTorch as they come: `runtime.prepare` has set it here.
OURS_TO_SET = ("OMP_NUM_THREADS", "MKL_DEBUG_CPU_TYPE", "GLOG_minloglevel")

Peaks = dict[str, float]  # GFLOP/s by precision; the best of all rounds, for a busy minute does not lower a ceiling


@dataclasses.dataclass
class Subject:
    """A model, and what was measured of it: by column the measurements, one for each round."""

    name: str
    batch: int
    trainable: int
    macs: int
    found: dict[str, list[dict[str, Any]]] = dataclasses.field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, name: str, batch: int) -> Subject:
        shape = models.MODELS[name].input_shape
        trainable, _, macs = answers.counts(models.build(name), shape)
        return cls(name, batch or batch_size(name, shape), trainable, macs)

    def each(self, column: str, what: str = "rate") -> list[float]:
        return [one[what] for one in self.found.get(column, ()) if one[what] is not None]

    def rate(self, column: str) -> float | None:
        """Pictures per second."""
        return statistics.median(self.each(column)) if self.each(column) else None

    def memory(self, column: str) -> int | None:
        return round(max(self.each(column, "memory"))) if self.each(column, "memory") else None

    def gflops(self, column: str) -> float | None:
        """Six operations per MAC: two forward, four backward."""
        return None if self.rate(column) is None else 6e-9 * self.macs * self.rate(column)

    def ratio(self, name: str) -> float | None:
        over, under = ([self.rate(column) for column in columns if self.each(column)] for columns in RATIOS[name])
        return max(over) / max(under) if over and under else None


def measure(subject: Subject, column: str, seconds: float, python: str) -> dict[str, Any] | str:
    """One measurement in a process of its own, or in one line why there is none."""
    entry = models.MODELS[subject.name]
    job = Job(column, subject.name, subject.batch, entry.input_shape, entry.classes, seconds, runtime.cores())
    environment = {k: v for k, v in os.environ.items() if column in OURS or k not in OURS_TO_SET}
    words = [python if column in TORCH else sys.executable, "-m", "benchmarks.measure", json.dumps(vars(job))]
    start = time.perf_counter()
    run = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True)
    if run.returncode < 0:
        return f"ended by {signal.Signals(-run.returncode).name}"
    if run.returncode:
        return (run.stderr.strip().splitlines() or [f"ended with {run.returncode} and without a word"])[-1]
    found = json.loads(run.stdout.splitlines()[-1]) | {"minutes": (time.perf_counter() - start) / 60}
    check(subject, column, found["trainable"])
    return found


def check(subject: Subject, column: str, trainable: int) -> None:
    """A column that trains another number of parameters trains another network."""
    if trainable != subject.trainable:
        raise UserError(
            f"{subject.name}, {column}: {trainable:,} trainable parameters instead of {subject.trainable:,}: "
            "that is another network, and its speed says nothing"
        )


def rounds(subjects: Sequence[Subject], columns: Sequence[str], wanted: argparse.Namespace, python: str) -> Peaks:
    """Measure everything `wanted.rounds` times, the machine's peaks too; what fails once is not tried again."""
    failed, found = set(), defaultdict(list)
    for number in range(1, wanted.rounds + 1):
        where = f"round {number} of {wanted.rounds}:"
        for name, value in peaks(columns).items():
            found[name].append(value)
            print(f"{where} {name} peak {short(value)} GFLOP/s", file=sys.stderr)  # half of it: somebody else is there
        for subject, column in itertools.product(subjects, columns):
            if (subject.name, column) in failed:
                continue
            measured = measure(subject, column, wanted.seconds, python)
            if isinstance(measured, str):
                failed.add((subject.name, column))
                said = f"failed: {measured}"
            else:
                subject.found[column].append(measured)
                said = f"{short(measured['rate'])} images/s"
            print(f"{where} {subject.name}, {column}: {said}", file=sys.stderr)
    return {name: max(values) for name, values in found.items()}


def peaks(columns: Sequence[str]) -> Peaks:
    """The machine's peak in GFLOP/s for each precision of the columns that has one here."""
    from benchmarks import gemm

    measured = {name: gemm.peak(name) for name in dict.fromkeys(map(precision, columns))}
    return {name: value for name, value in measured.items() if value}


def precision(column: str) -> str:
    """Whose peak a column is held against."""
    return "bf16" if column.endswith("bf16") else "f32"


def tables(subjects: Sequence[Subject], columns: Sequence[str], peak: Peaks) -> list[answers.Table]:
    """Speed, ratios, memory and operations, a row for each model."""

    def table(caption: str, names: Sequence[str], cell: Callable[[Subject, str], Any], note: str = "") -> answers.Table:
        rows = tuple((each.name, each.batch, *(cell(each, name) for name in names)) for each in subjects)
        return answers.Table(caption, ("model", "batch", *names), rows, note)

    def share(subject: Subject, column: str) -> str | None:
        value, most = subject.gflops(column), peak.get(precision(column))
        return value and short(value) + (f" ({100 * value / most:.0f} %)" if most else "")

    known = ", ".join(f"{name} {value:.0f}" for name, value in peak.items())
    return [
        table("Images per second, training", columns, lambda each, name: short(each.rate(name))),
        table("Ratios", tuple(RATIOS), lambda each, name: short(each.ratio(name))),
        table("Peak memory of the process, MB", columns, Subject.memory),
        table("GFLOP/s and their share of the peak", columns, share, f"peak: {known} GFLOP/s" if known else ""),
    ]


def short(value: float | None) -> str | None:
    """Three digits: what is measured in seconds has no more."""
    return None if value is None else answers.number(float(f"{value:.3g}"))


def results(subjects: Sequence[Subject], columns: Sequence[str], peak: Peaks) -> list[answers.Result]:
    """All rates with their spread over the rounds, the ratios, and the machine's peaks."""
    made = [answers.Result(f"peak, {name}", "GFLOP/s", value) for name, value in peak.items()]
    for subject in subjects:
        shape = " x ".join(map(str, models.MODELS[subject.name].input_shape))
        data = f"random pictures, {shape}, batch {subject.batch}"
        for column in columns:
            if rates := subject.each(column):
                minutes, spread = sum(subject.each(column, "minutes")), answers.spread(rates)[1]
                value, n = subject.rate(column), len(rates)
                made.append(answers.Result(f"{subject.name}, {column}", "images/s", value, spread, n, minutes, data))
        ratios = {name: subject.ratio(name) for name in RATIOS}
        made += [answers.Result(f"{subject.name}, {name}", "ratio", r, data=data) for name, r in ratios.items() if r]
    return made


def publish(found: Sequence[answers.Result], words: Sequence[str], torch: str) -> None:
    """Enter the results into docs/results.json, with the command as another machine would be told it."""
    typed = shlex.join(["python", "-m", "benchmarks.throughput", *words])
    origin = answers.origin() | {"command": re.sub(r"--torch[ =]('[^']*'|\S+)", "--torch PYTHON", typed)}
    if torch:
        origin["machine"] += f", PyTorch {torch}"
    entries = [{"homework": "benchmark", "question": None} | dataclasses.asdict(each) | origin for each in found]
    answers.record(RESULTS, entries)


def torch_version(python: str) -> str:
    """The version of PyTorch that `python` imports; empty if it imports none."""
    words = [python, "-c", "import torch; print(torch.__version__)"]
    return subprocess.run(words, capture_output=True, text=True).stdout.strip()


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = flags.parser("benchmarks.throughput", __doc__)
    add = parser.add_argument
    add("--models", type=names(models.MODELS), default=DEFAULT, help=f"default: {','.join(DEFAULT)}")
    add("--columns", type=names(COLUMNS), default=COLUMNS, help=f"default: {','.join(COLUMNS)}")
    add("--rounds", type=at_least(int, 1), default=3, help="measurements of each; their median counts")
    add("--seconds", type=at_least(float, 0), default=8.0, help="how long to train at least in each (default: 8)")
    add("--batch", type=at_least(int, 1), default=0, help="batch size of all models (default: each one's own)")
    add("--torch", type=program, help="a Python that can import PyTorch (default: this one, if it can)")
    add("--publish", action="store_true", help="enter the results into docs/results.json")
    return parser.parse_args(argv)


def benchmark(argv: Sequence[str]) -> None:
    wanted = parse(argv)
    columns, python, torch = wanted.columns, wanted.torch or sys.executable, ""
    if set(columns) & set(TORCH):
        if wanted.torch or importlib.util.find_spec("torch"):
            torch = torch_version(python)
        if wanted.torch and not torch:
            raise UserError(f"--torch {wanted.torch}: it cannot import torch")
        if not torch:
            columns = tuple(column for column in columns if column not in TORCH)
            print("no PyTorch here, so its columns are left out: --torch names a Python that has it", file=sys.stderr)
    if not columns:
        raise UserError("nothing is left to measure")
    print(runtime.start(), file=sys.stderr)
    subjects = [Subject.of(name, wanted.batch) for name in wanted.models]
    try:
        peak = rounds(subjects, columns, wanted, python)
    except KeyboardInterrupt:
        raise Stopped(130, "nothing is kept of a benchmark that did not end") from None
    console = Console()
    for table in tables(subjects, columns, peak):
        answers.show(table, console)
    if wanted.publish:
        publish(results(subjects, columns, peak), argv, torch)
    if not all(each.each(column) for each in subjects for column in columns):
        raise Stopped(1, "not everything could be measured, see above")


def main(argv: Sequence[str] | None = None) -> int:
    return runtime.run(lambda: benchmark(sys.argv[1:] if argv is None else argv))


if __name__ == "__main__":
    sys.exit(main())
