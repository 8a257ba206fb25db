"""Models -> pictures per second while training: paddle.Model.fit, our loop, PyTorch.

    python -m benchmarks.throughput --torch /path/to/a/python/that/has/torch

What the columns are stands in benchmarks/README.md.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import re
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import Any

from benchmarks import flags, rounds
from benchmarks.measure import COLUMNS, OURS, TORCH, WIDE
from benchmarks.rounds import Job, Measured, Numbers, short
from benchmarks.subjects import Subject
from paddle_course import answers, models, runtime
from paddle_course.runtime import UserError

DEFAULT = ("lenet", "camp", "vgg16", "resnet18", "resnet50-imagenet", "fast")
# The best of some columns over the best of others.
RATIOS = {
    "bf16 / fit": (("bf16",), ("fit",)),
    "f32 / fit": (("f32",), ("fit",)),
    "best / best torch": (OURS[:3], TORCH),
    "bf16 / wide-bf16": (("bf16",), (WIDE,)),
    "bf16 / best torch": (("bf16",), TORCH),
    "f32 / best f32 torch": (("f32",), TORCH[:2]),
}
PEAK = ("machine", "peak")  # in the place of (model, column)

Name = tuple[str, str]


@dataclasses.dataclass(frozen=True)
class Report:
    """What was measured, by (model, column)."""

    subjects: Sequence[Subject]
    columns: Sequence[str]
    found: Mapping[Name, Sequence[Measured]]

    def numbers(self, subject: Subject, column: str, what: str = "rate") -> Numbers:
        return Numbers.of(self.found.get((subject.name, column), ()), itemgetter(what))

    def rate(self, subject: Subject, column: str) -> float | None:
        """Pictures per second."""
        return self.numbers(subject, column).median

    def ratio(self, subject: Subject, name: str) -> Numbers:
        over, under = (
            max((self.numbers(subject, column) for column in columns), key=lambda each: each.median or 0)
            for columns in RATIOS[name]
        )
        return over.over(under)

    def memory(self, subject: Subject, column: str) -> int | None:
        values = self.numbers(subject, column, "memory").values
        return round(max(values)) if values else None

    def gflops(self, subject: Subject, column: str) -> float | None:
        """Six operations per MAC: two forward, four backward."""
        rate = self.rate(subject, column)
        return None if rate is None else 6e-9 * subject.macs * rate

    @property
    def peaks(self) -> dict[str, float]:
        """GFLOP/s by precision; the best of all rounds, for a busy minute does not lower a ceiling."""
        each = {name: [one[name] for one in self.found.get(PEAK, ())] for name in precisions(self.columns)}
        return {name: max(values) for name, values in each.items() if values and None not in values}


def precision(column: str) -> str:
    """Whose peak a column is held against."""
    return "bf16" if column.endswith("bf16") else "f32"


def precisions(columns: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(map(precision, columns)))


def measured(subjects: Sequence[Subject], columns: Sequence[str], wanted: Namespace, python: str) -> Report:
    """The machine's peaks, then all columns of all models, `wanted.rounds` times."""
    jobs, of = {PEAK: Job("gemm", "peaks", {"precisions": precisions(columns)})}, {each.name: each for each in subjects}
    for each in subjects:
        for column in columns:
            given = python if column in TORCH else sys.executable
            jobs[each.name, column] = each.job(column, wanted.seconds, given)

    def say(name: Name, found: Measured) -> str:
        if name == PEAK:  # half of what it was: somebody else is there
            return ", ".join(f"{each} {short(found[each]) or '–'}" for each in precisions(columns)) + " GFLOP/s"
        return of[name[0]].told(name[1], found)

    return Report(subjects, columns, rounds.run(jobs, wanted.rounds, say))


def tables(report: Report) -> list[answers.Table]:
    """Speed, ratios, memory and operations, a row for each model."""
    peaks = report.peaks

    def table(caption: str, names: Sequence[str], cell: Callable[[Subject, str], Any], note: str = "") -> answers.Table:
        rows = tuple((each.name, each.batch, *(cell(each, name) for name in names)) for each in report.subjects)
        return answers.Table(caption, ("model", "batch", *names), rows, note)

    def share(subject: Subject, column: str) -> str | None:
        value, most = report.gflops(subject, column), peaks.get(precision(column))
        return value and short(value) + (f" ({100 * value / most:.0f} %)" if most else "")

    known = ", ".join(f"{name} {value:.0f}" for name, value in peaks.items())
    return [
        table("Images per second, training", report.columns, lambda *which: short(report.rate(*which))),
        table("Ratios", tuple(RATIOS), lambda *which: short(report.ratio(*which).median)),
        table("Peak memory of the process, MB", report.columns, report.memory),
        table("GFLOP/s and their share of the peak", report.columns, share, f"peak: {known} GFLOP/s" if known else ""),
    ]


def results(report: Report) -> list[answers.Result]:
    """All rates and ratios with their spread over the rounds, the highest memory, and the machine's peaks."""
    made = [answers.Result(f"peak in {name}", "GFLOP/s", value) for name, value in report.peaks.items()]
    for each in report.subjects:
        for column in report.columns:
            made += report.numbers(each, column).results(f"{each.name}, {column}", "images/s", each.data)
            if (memory := report.memory(each, column)) is not None:
                made.append(answers.Result(f"{each.name}, {column}, memory", "MB", memory, data=each.data))
        for name in RATIOS:
            made += report.ratio(each, name).results(f"{each.name}, {name}", "ratio", each.data)
    return made


def torch_version(python: str) -> str:
    """The version of PyTorch that `python` imports; empty if it imports none."""
    words = [python, "-c", "import torch; print(torch.__version__)"]
    return subprocess.run(words, capture_output=True, text=True).stdout.strip()


def portable(words: Sequence[str]) -> list[str]:
    """The command line as another machine would be told it."""
    told = (re.sub("^--torch=.*", "--torch=PYTHON", word) for word in words)
    return ["PYTHON" if before == "--torch" else word for before, word in pairwise(["", *told])]


def parse(argv: Sequence[str]) -> Namespace:
    parser = flags.parser("throughput", __doc__, rounds=3)
    add = parser.add_argument
    add("--models", type=flags.names(models.MODELS), default=DEFAULT, help=f"default: {','.join(DEFAULT)}")
    here = [column for column in COLUMNS if "bfloat16" in runtime.instructions() or precision(column) != "bf16"]
    text = f"default: those of {','.join(COLUMNS)} that this processor has"
    add("--columns", type=flags.names(COLUMNS), default=tuple(here), help=text)
    add("--seconds", type=flags.at_least(float, 0), default=8.0, help="how long to train at least in each (default: 8)")
    add("--batch", type=flags.at_least(int, 1), default=0, help="batch size of all models (default: each one's own)")
    add("--torch", type=flags.program, help="a Python that can import PyTorch (default: this one, if it can)")
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
    report = measured([Subject.of(name, wanted.batch) for name in wanted.models], columns, wanted, python)
    rounds.show(tables(report))
    if wanted.publish:
        rounds.publish("throughput", portable(argv), results(report), f"PyTorch {torch}" if torch else "")
    rounds.complete(report.found.values(), wanted.rounds)


def main(argv: Sequence[str] | None = None) -> int:
    return flags.run(benchmark, argv)


if __name__ == "__main__":
    sys.exit(main())
