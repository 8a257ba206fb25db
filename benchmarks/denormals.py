"""Trainings whose numbers shrink -> steps per second in each tenth of them, denormals kept and counted as zero.

    python -m benchmarks.denormals

margin   A hinge loss on a few pictures becomes exactly zero, and so do the gradients. Adam's first moments go on
         shrinking by a tenth a step, are denormal some 800 steps later, and stay so: 0.9 of the least denormal number
         is rounded to the least denormal number.
decay    Weight decay that is far too strong takes all weights, maps and gradients through the denormals.

Each is trained on one thread, so that waiting for another does not blur the picture, and on two of MKL's paths: the one
this project chooses, and on AMD the one that MKL chooses by itself. What denormals cost is a matter of the processor:
the numbers hold for the one that they were measured on.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks import flags, rounds
from benchmarks.rounds import Job, Measured, Numbers, percent, short
from paddle_course import answers, models, runtime, training

if TYPE_CHECKING:
    import paddle

PIXELS, CLASSES = 784, 10
PARTS, PARTS_SHOWN = 10, ("first", "slowest", "last")
LEAST_NORMAL = 0x00800000  # the bits of 1.2e-38


class Run(NamedTuple):
    """A training to be timed: its batch, the width of its hidden layers and their number, and what moves them."""

    batch: int
    width: int
    hidden: int
    loss: str
    optimizer: str
    lr: float
    weight_decay: float


RUNS = {
    "margin": Run(16, 512, 2, "multi_margin_loss", "adam", 1e-3, 0.0),
    "decay": Run(64, 256, 3, "cross_entropy", "momentum", 0.1, 0.3),
}


def train(run: Run, steps: int) -> tuple[list[float], float, list[paddle.Tensor]]:
    """Seconds for each step, the last loss, and all params and accumulators at the end."""
    import numpy as np
    import paddle

    rng = np.random.default_rng(0)
    images = paddle.to_tensor(rng.random((run.batch, PIXELS), np.float32))
    labels = paddle.to_tensor(np.arange(run.batch) % CLASSES)
    net = models.build("mlp", sizes=(PIXELS, *[run.width] * run.hidden, CLASSES))
    loss = getattr(paddle.nn.functional, run.loss)
    optimizer = training.optimizers.build(run.optimizer, net, run.lr, weight_decay=run.weight_decay)
    seconds, start = [], time.perf_counter()
    for _ in range(steps):
        value = loss(net(images), labels)
        value.backward()
        optimizer.step()
        optimizer.clear_grad()
        last = value.item()
        seconds.append(time.perf_counter() - start)
        start += seconds[-1]
    accumulators = [each for each in optimizer.state_dict().values() if isinstance(each, paddle.Tensor)]
    return seconds, last, [*net.parameters(), *accumulators]


def denormal(tensors: Sequence[paddle.Tensor]) -> float:
    """The share of denormals among their values, told by the bits: for arithmetic they may be zero."""
    import numpy as np

    bits = np.concatenate([each.numpy().ravel().view(np.uint32) & 0x7FFFFFFF for each in tensors])
    return float(((bits > 0) & (bits < LEAST_NORMAL)).mean())


def measure(name: str, steps: int, width: int) -> dict[str, Any]:
    """Steps per second in each tenth of the run, and what became of it.

    By the step that one in ten is faster than: what is slower was often kept waiting by another process.
    """
    runtime.start()
    run = RUNS[name]._replace(width=width) if width else RUNS[name]
    seconds, loss, tensors = train(run, steps)
    parts = [seconds[steps * i // PARTS : steps * (i + 1) // PARTS] for i in range(PARTS)]
    rates = [1 / sorted(part)[len(part) // 10] for part in parts]
    about = runtime.fingerprint()
    return {"rates": rates, "loss": loss, "share": denormal(tensors), "denormals": about["denormals"]}


def paths() -> dict[str, str]:
    """MKL's paths by what MKL_DEBUG_CPU_TYPE says: the one that the package sets on AMD, and MKL's own."""
    chosen = os.environ.get("MKL_DEBUG_CPU_TYPE", "")
    return {"AVX2": chosen, "its own": ""} if chosen else {"its own": ""}


Name = tuple[str, str, str]  # (run, path, "kept" or "flushed")


def jobs(names: Sequence[str], steps: int, width: int) -> Iterator[tuple[Name, Job]]:
    """What to measure, and how."""
    for name in names:
        for path, value in paths().items():
            for denormals, asked in (("kept", "keep"), ("flushed", "flush")):
                variables = {"PADDLE_COURSE_DENORMALS": asked, "MKL_DEBUG_CPU_TYPE": value, "OMP_NUM_THREADS": "1"}
                arguments = {"name": name, "steps": steps, "width": width}
                yield (name, path, denormals), Job("denormals", "measure", arguments, variables)


def rate(part: str, measured: Measured) -> float:
    """Steps per second in the first, the slowest or the last tenth."""
    rates = measured["rates"]
    return {"first": rates[0], "slowest": min(rates), "last": rates[-1]}[part]


def say(name: Name, measured: Measured) -> str:
    first, last = (short(rate(part, measured)) for part in ("first", "last"))
    return f"{first} steps/s at first, {last} at last"


Found = Mapping[Name, Sequence[Measured]]


def pairs(found: Found) -> Iterator[tuple[str, str, Sequence[Measured], Sequence[Measured]]]:
    """Run, path, and what was measured with denormals kept and flushed."""
    for name, path, denormals in found:
        if denormals == "kept":
            yield name, path, found[name, path, "kept"], found[name, path, "flushed"]


def table(found: Found) -> answers.Table:
    """Steps per second in three tenths of each run, and the share of denormals behind it."""
    rows = []
    for name, path, *sides in pairs(found):
        for part in PARTS_SHOWN:
            kept, flushed = (Numbers.of(side, partial(rate, part)) for side in sides)
            rows.append((name, path, part, *(short(each.median) for each in (kept, flushed, flushed.over(kept)))))
        shares = (Numbers.of(side, itemgetter("share")).median for side in sides)
        rows.append((name, path, "denormal behind it", *map(percent, shares), None))
    head = ("training", "MKL's path", "tenth", "kept", "flushed", "ratio")
    return answers.Table("Steps per second, denormals kept and flushed", head, tuple(rows))


def results(found: Found) -> Iterator[answers.Result]:
    """For each run and path: how many times as fast a tenth of it is when denormals are flushed."""
    for name, path, *sides in pairs(found):
        for part in PARTS_SHOWN:
            kept, flushed = (Numbers.of(side, partial(rate, part)) for side in sides)
            title = f"denormals flushed / kept, {name}, MKL's path {path}, {part} tenth"
            yield from flushed.over(kept).results(title, "ratio", "random pictures")


def benchmark(argv: Sequence[str]) -> None:
    parser = flags.parser("denormals", __doc__, rounds=3)
    parser.add_argument("--runs", type=flags.names(RUNS), default=tuple(RUNS), help=f"default: {','.join(RUNS)}")
    parser.add_argument("--steps", type=flags.at_least(int, PARTS), default=2000, help="of each run (default: 2000)")
    parser.add_argument(
        "--width", type=flags.at_least(int, 1), default=0, help="of the hidden layers (default: each run's own)"
    )
    wanted = parser.parse_args(argv)
    print(runtime.start(), file=sys.stderr)
    found = rounds.run(dict(jobs(wanted.runs, wanted.steps, wanted.width)), wanted.rounds, say)
    rounds.show([table(found)])
    if wanted.publish:
        rounds.publish("denormals", argv, results(found))
    rounds.complete(found.values(), wanted.rounds)


def main(argv: Sequence[str] | None = None) -> int:
    return flags.run(benchmark, argv)


if __name__ == "__main__":
    sys.exit(main())
