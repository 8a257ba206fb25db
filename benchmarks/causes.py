"""Models -> why stock Paddle trains slowly: the causes one after the other, each with its share.

    python -m benchmarks.causes

fit               paddle.Model.fit as a user gets it: importing Paddle sets OMP_NUM_THREADS=1
all cores         the same with OMP_NUM_THREADS set to the number of cores before
MKL's fast path   the same with MKL_DEBUG_CPU_TYPE=5 too; only on AMD, where MKL takes its slowest path by itself
own loop          the loop and the batches of this project, layers still stock
f32               layers accelerated in float32
bf16              the same in bfloat16, where the processor has it

Each row keeps what the rows above it have changed. A row's factor is its speed over that of the row before. Factors
multiply, so a row's share of the whole gain is log(factor) / log(product of all factors): the shares make 100 %.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from benchmarks import flags, rounds
from benchmarks.rounds import Measured, Numbers, percent, short
from benchmarks.subjects import Subject
from paddle_course import answers, models, runtime

DEFAULT = ("resnet18", "vgg16")
FAST_PATH = "MKL's fast path"


class Row(NamedTuple):
    """A column of benchmarks/measure.py, and what its process finds set before it imports Paddle."""

    column: str
    environment: Mapping[str, str]


class Gain(NamedTuple):
    """What a row brings over the one before; None where there is none."""

    factor: float | None = None
    share: float | None = None


def rows() -> dict[str, Row]:
    """The steps from the stock training to the fastest one."""
    cores = {"OMP_NUM_THREADS": str(runtime.cores())}
    made = {"fit": Row("fit", {}), "all cores": Row("fit", cores)}
    if amd():
        made[FAST_PATH] = Row("fit", cores | {"MKL_DEBUG_CPU_TYPE": "5"})
    fast = ("f32", "bf16") if "bfloat16" in runtime.instructions() else ("f32",)
    return made | {"own loop": Row("stock", cores)} | {name: Row(name, cores) for name in fast}


def amd() -> bool:
    return "AuthenticAMD" in runtime.processor()


def gains(rates: Mapping[str, float | None]) -> dict[str, Gain]:
    """By row; one that was not measured is passed over."""
    measured = {name: rate for name, rate in rates.items() if rate}
    found, values = dict.fromkeys(rates, Gain()), list(measured.values())
    for (_, before), (name, rate) in itertools.pairwise(measured.items()):
        whole = math.log(values[-1] / values[0])
        found[name] = Gain(rate / before, math.log(rate / before) / whole if whole else None)
    return found


Found = Mapping[tuple[str, str], Sequence[Measured]]  # by (model, row)


def speeds(found: Found, model: str) -> dict[str, Numbers]:
    return {row: Numbers.of(each, itemgetter("rate")) for (name, row), each in found.items() if name == model}


def table(found: Found, subject: Subject) -> answers.Table:
    """Medians over the rounds. The factors are quotients of these medians, so that they multiply to the whole gain."""
    rates = {row: each.median for row, each in speeds(found, subject.name).items()}
    each = gains(rates)
    lines = [(row, short(rates[row]), short(each[row].factor), percent(each[row].share)) for row in rates]
    if factors := [factor for factor, _ in each.values() if factor]:
        lines.append(("all together", None, short(math.prod(factors)), percent(1.0)))
    head = ("", "images/s", "factor", "share of the gain")
    note = "" if amd() else f"{FAST_PATH}: left out, MKL_DEBUG_CPU_TYPE has no effect on this processor"
    return answers.Table(f"{subject.name}, training, batch {subject.batch}", head, tuple(lines), note)


def results(found: Found, subjects: Iterable[Subject]) -> list[answers.Result]:
    """Speeds, factors and shares."""
    made = []
    for subject in subjects:
        numbers = speeds(found, subject.name)
        each = gains({row: numbers[row].median for row in numbers})
        for row in numbers:
            name, data, n = f"causes, {subject.name}, {row}", subject.data, len(numbers[row].values)
            made += numbers[row].results(name, "images/s", data)
            if each[row].factor is not None:
                made.append(answers.Result(f"{name}, factor", "factor", each[row].factor, n=n, data=data))
            if each[row].share is not None:
                made.append(answers.Result(f"{name}, share", "share of the gain", each[row].share, n=n, data=data))
    return made


def benchmark(argv: Sequence[str]) -> None:
    parser = flags.parser("causes", __doc__, rounds=3)
    add = parser.add_argument
    add("--models", type=flags.names(models.MODELS), default=DEFAULT, help=f"default: {','.join(DEFAULT)}")
    add("--seconds", type=flags.at_least(float, 0), default=8.0, help="how long to train at least in each (default: 8)")
    add("--batch", type=flags.at_least(int, 1), default=0, help="batch size of all models (default: each one's own)")
    wanted = parser.parse_args(argv)
    print(runtime.start(), file=sys.stderr)
    subjects = {name: Subject.of(name, wanted.batch) for name in wanted.models}
    jobs = {
        (name, row): subject.job(column, wanted.seconds, environment=environment)
        for name, subject in subjects.items()
        for row, (column, environment) in rows().items()
    }
    found = rounds.run(jobs, wanted.rounds, lambda name, measured: subjects[name[0]].told(name[1], measured))
    rounds.show(table(found, each) for each in subjects.values())
    if wanted.publish:
        rounds.publish("causes", argv, results(found, subjects.values()))
    rounds.complete(found.values(), wanted.rounds)


def main(argv: Sequence[str] | None = None) -> int:
    return flags.run(benchmark, argv)


if __name__ == "__main__":
    sys.exit(main())
