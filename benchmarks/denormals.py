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

import json
import os
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks import rounds
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


def jobs(names: Sequence[str], steps: int, width: int) -> Iterator[tuple[tuple[str, str, str], rounds.Job]]:
    """(run, path, "kept" or "flushed") and how to measure it."""
    for name in names:
        words = ("--here", name, "--steps", str(steps), "--width", str(width))
        for path, value in paths().items():
            for denormals in ("kept", "flushed"):
                asked = "keep" if denormals == "kept" else "flush"
                variables = {"PADDLE_COURSE_DENORMALS": asked, "MKL_DEBUG_CPU_TYPE": value, "OMP_NUM_THREADS": "1"}
                yield (name, path, denormals), rounds.Job("denormals", words, variables)


Found = dict[tuple[str, str, str], list[dict[str, Any]]]  # (run, path, denormals) -> what each round measured


def rate(measured: dict[str, Any], part: str) -> float:
    """Steps per second in the first, the slowest or the last tenth."""
    rates = measured["rates"]
    return {"first": rates[0], "slowest": min(rates), "last": rates[-1]}[part]


def pairs(found: Found) -> Iterator[tuple[str, str, list[dict[str, Any]], list[dict[str, Any]]]]:
    """Run, path, and what was measured with denormals kept and flushed."""
    for name, path, denormals in found:
        if denormals == "kept":
            yield name, path, found[name, path, "kept"], found[name, path, "flushed"]


def table(found: Found) -> Table:
    """Medians over the rounds: steps per second in three tenths of each run, and the share of denormals behind it."""
    made = Table(title="steps per second, denormals kept and flushed", title_justify="left")
    for head in ("training", "MKL's path", "tenth", "kept", "flushed", "ratio"):
        made.add_column(head, justify="left" if len(made.columns) < 3 else "right")
    for name, path, kept, flushed in pairs(found):
        for part in PARTS_SHOWN:
            one, other = (statistics.median(rate(each, part) for each in side) for side in (kept, flushed))
            made.add_row(name, path, part, f"{one:.0f}", f"{other:.0f}", f"{other / one:.2f}")
        made.add_row("", "", "denormal", *(f"{side[0]['share']:.0%}" for side in (kept, flushed)), "")
        made.add_section()
    return made


def results(found: Found) -> Iterator[answers.Result]:
    """For each run and path: how many times as fast a tenth of it is when denormals are flushed, round by round."""
    for name, path, kept, flushed in pairs(found):
        for part in PARTS_SHOWN:
            ratios = [
                {"ratio": rate(f, part) / rate(k, part), "minutes": f["minutes"] + k["minutes"]}
                for k, f in zip(kept, flushed, strict=True)
            ]
            title = f"denormals flushed / kept, {name}, MKL's path {path}, {part} tenth"
            yield rounds.result(title, "ratio", "random pictures", ratios, itemgetter("ratio"))


def benchmark(argv: Sequence[str]) -> None:
    parser = rounds.parser("denormals", __doc__, rounds=3)
    parser.add_argument("--runs", nargs="+", choices=RUNS, default=tuple(RUNS), help="default: all")
    parser.add_argument("--steps", type=rounds.at_least(int, PARTS), default=2000, help="of each run (default: 2000)")
    parser.add_argument("--width", type=int, default=0, help="of the hidden layers (default: each run's own)")
    parser.add_argument("--here", choices=RUNS, help="only this run, in this process; prints JSON")
    wanted = parser.parse_args(argv)
    if wanted.here:
        print(json.dumps(measure(wanted.here, wanted.steps, wanted.width)))
        return
    print(runtime.start(), file=sys.stderr)
    found = rounds.run(dict(jobs(wanted.runs, wanted.steps, wanted.width)), wanted.rounds)
    Console().print(table(found))
    if wanted.publish:
        rounds.publish("denormals", argv, results(found))


def main(argv: Sequence[str] | None = None) -> int:
    return runtime.run(lambda: benchmark(sys.argv[1:] if argv is None else argv))


if __name__ == "__main__":
    sys.exit(main())
