"""A model -> where the time of its training step goes: every oneDNN primitive, the optimizer, the rest.

python -m benchmarks.profile resnet18 --precision f32
python -m benchmarks.profile resnet18 --evaluate
"""

from __future__ import annotations

import contextlib
import sys
import time
from argparse import Namespace
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, repeat
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from benchmarks import flags, rounds
from benchmarks.measure import MOMENTUM, WARM_UP, Trial, batch_size, pictures, steps
from paddle_course import answers, models, onednn, runtime
from paddle_course.runtime import UserError

if TYPE_CHECKING:
    from paddle_course.onednn.memory import Shape, What
    from paddle_course.onednn.primitives import Window

SMALL = 0.005  # share of the step below which calls have no row of their own
REST = "the rest: Python and Paddle"


class Call(NamedTuple):
    """What a primitive computes, and for which shapes; `flop` is that of convolutions and products, 0 of all others."""

    name: str
    shapes: str
    flop: int = 0


class Spent(NamedTuple):
    """Seconds of `steps` steps: of the mean one, in the mean one's optimizer, and in each call by every time it ran."""

    steps: int
    step: float
    optimizer: float
    calls: dict[Call, list[float]]

    def seconds(self, calls: Iterable[Call]) -> float:
        """Of one step."""
        return sum(sum(self.calls[each]) for each in calls) / self.steps

    def runs(self, calls: Iterable[Call]) -> int:
        """In one step."""
        return sum(len(self.calls[each]) for each in calls) // self.steps

    def speed(self, calls: Sequence[Call]) -> float | None:
        """GFLOP/s; None where not all multiply."""
        flop = sum(each.flop * self.runs([each]) for each in calls)
        return 1e-9 * flop / self.seconds(calls) if all(each.flop for each in calls) else None

    def kinds(self) -> dict[str, list[Call]]:
        """The calls by name, of names and calls the longest first."""
        found = defaultdict(list)
        for each in sorted(self.calls, key=lambda each: -self.seconds([each])):
            found[each.name].append(each)
        return dict(sorted(found.items(), key=lambda pair: -self.seconds(pair[1])))

    def beside(self) -> dict[str, float]:
        """What of a step is spent outside of primitives, in seconds."""
        return {"optimizer": self.optimizer, REST: self.step - self.seconds(self.calls) - self.optimizer}


def call(what: What, arguments: Iterable[int]) -> Call:
    """From what a primitive computes and the indices of its arguments, which tell the direction."""
    from paddle_course.onednn import library as dnn

    kind, x, how = what
    shape = times(x) if len(x) > 1 else f"{x[0]:,} values"
    backward = set(arguments) & {dnn.DIFF_SRC, dnn.DIFF_WEIGHTS}
    direction = "backward" if backward else "forward"
    if kind == "convolution":
        w, window, *_ = how
        direction = "to weights" if dnn.DIFF_WEIGHTS in backward else "to data" if backward else direction
        return Call(f"conv {direction}", *told(x, w, window))
    if kind == "gradient of weights":  # a convolution in place of oneDNN's own gradient
        return Call("conv to weights", *told(x, *how))
    if kind == "Winograd: products":
        values, tiles, c = x
        return Call(kind, f"{values} of {tiles}×{c} → {how[0]}", 2 * values * tiles * c * how[0])
    if kind == "reorder weights" or kind.startswith("Winograd"):
        return Call(kind, shape)
    if kind == "reorder maps":
        source, target = ({dnn.F32: "f32", dnn.BF16: "bf16"}[layout.dtype] for layout in how)
        return Call(kind, shape + f", {source} → {target}" * (source != target))
    return Call(f"{kind} {direction}", shape)


def told(x: Shape, w: Shape, window: Window) -> tuple[str, int]:
    """The shapes of a convolution in words, and the floating-point operations of it or of one of its gradients."""
    words = f"{times(x)} → {w[0]}, {times(w[2:])}" + f" / {window.stride[0]}" * (window.stride != (1, 1))
    return words, 2 * x[0] * prod(window.places(x[2:])) * prod(w)


def times(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))


@contextlib.contextmanager
def watched() -> Iterator[dict[tuple[What, tuple[int, ...]], list[float]]]:
    """The seconds of every run of every primitive, by what it computes and the indices of its arguments."""
    from paddle_course.onednn.memory import Primitive

    seconds, plain = defaultdict(list), Primitive.__call__

    def timed(self: Primitive, *addresses: int) -> None:
        start = time.perf_counter()
        plain(self, *addresses)
        spent = time.perf_counter() - start
        seconds[self.what, tuple(argument.index for argument in self.table)].append(spent)

    Primitive.__call__ = timed
    try:
        yield seconds
    finally:
        Primitive.__call__ = plain


def stopwatch(function: Callable[[], Any], seconds: list[float]) -> Callable[[], Any]:
    """`function`, which from now on notes in `seconds` how long it took."""

    def timed() -> Any:
        start = time.perf_counter()
        result = function()
        seconds.append(time.perf_counter() - start)
        return result

    return timed


def profile(trial: Trial, count: int, evaluate: bool) -> Spent:
    """Train with one batch over and over, or only evaluate it; the mean of `count` steps."""
    from paddle_course import training

    net = models.build(trial.model)
    report = onednn.accelerate(net, trial.column)
    if report.precision != trial.column:
        raise UserError(f"--precision {trial.column}: {report}")
    uint8, labels = pictures(trial, batches=1)
    images = np.ascontiguousarray(uint8.transpose(0, 3, 1, 2), np.float32) / 127.5 - 1
    optimizer, updates = training.optimizers.build("nesterov", net, momentum=MOMENTUM), []
    optimizer.step = stopwatch(optimizer.step, updates)
    work = forwards(net, images) if evaluate else steps(net, optimizer, repeat((images, labels)))
    with watched() as seconds:
        for _ in islice(work, WARM_UP):
            pass
        seconds.clear()
        updates.clear()
        start = time.perf_counter()
        for _ in islice(work, count):
            pass
        step = (time.perf_counter() - start) / count
    calls = defaultdict(list)
    for (what, arguments), each in seconds.items():
        calls[call(what, arguments)] += each
    return Spent(count, step, sum(updates) / count, calls)


def forwards(net: Any, images: np.ndarray) -> Iterator[None]:
    """Evaluate as `training.predict` does; yields behind each batch."""
    import paddle

    net.eval()
    while True:
        with paddle.no_grad():
            net(paddle.to_tensor(images)).numpy()
        yield


def tables(spent: Spent, peak: float) -> list[answers.Table]:
    """The step by kinds of primitives, then each of them."""

    def ms(seconds: float) -> float:
        return round(1000 * seconds, 2)

    def share(seconds: float) -> str:
        return f"{100 * seconds / spent.step:.1f} %"

    def speed(calls: Sequence[Call]) -> str | None:
        rate = spent.speed(calls)
        return rate and f"{rate:.0f} ({100 * rate / peak:.0f} %)"

    rows = []
    for name, each in spent.kinds().items():
        seconds = spent.seconds(each)
        rows.append((name, spent.runs(each), ms(seconds), share(seconds), speed(each)))
    parts = {"all primitives": spent.seconds(spent.calls)} | spent.beside() | {"step": spent.step}
    rows += [(name, None, ms(seconds), share(seconds), None) for name, seconds in parts.items()]
    single = sorted(spent.calls, key=lambda each: -spent.seconds([each]))
    large = [each for each in single if spent.seconds([each]) >= SMALL * spent.step]
    lines = [(each.name, each.shapes, spent.runs([each]), ms(spent.seconds([each])), speed([each])) for each in large]
    if small := single[len(large) :]:
        lines.append((f"{len(small)} smaller ones", "", spent.runs(small), ms(spent.seconds(small)), speed(small)))
    note = f"GFLOP/s: with their share of the peak, {peak:.0f}"
    return [
        answers.Table("One step", ("", "runs", "ms", "share", "GFLOP/s"), tuple(rows), note),
        answers.Table("Each primitive", ("", "shapes", "runs", "ms", "GFLOP/s"), tuple(lines)),
    ]


def results(spent: Spent, trial: Trial, evaluated: bool, peak: float) -> list[answers.Result]:
    """The share of a step that each kind of primitives takes, and how close convolutions come to the peak."""
    step = "evaluation" if evaluated else "training"
    name, data = f"profile of {step} in {trial.column}", f"random pictures, {times(trial.shape)}, batch {trial.batch}"

    def result(what: str, metric: str, value: float, end: str = "") -> answers.Result:
        return answers.Result(f"{name}, {what}, {trial.model}{end}", metric, value, data=data)

    found = []
    for what, each in spent.kinds().items():
        found.append(result(what, f"share of a step of {step}", spent.seconds(each) / spent.step))
        if rate := spent.speed(each):
            found.append(result(what, "share of the highest GFLOP/s", rate / peak, ", of the peak"))
    return found + [
        result(what, f"share of a step of {step}", took / spent.step) for what, took in spent.beside().items()
    ]


def parse(argv: Sequence[str]) -> Namespace:
    parser = flags.parser("profile", __doc__)
    add = parser.add_argument
    add("model", choices=models.MODELS, metavar="MODEL", help=", ".join(models.MODELS))
    add("--precision", choices=("auto", "f32", "bf16"), default="auto", help="of convolutions (default: the faster)")
    add("--batch", type=flags.at_least(int, 1), default=0, help="batch size (default: the model's own)")
    add("--steps", type=flags.at_least(int, 1), default=10, help="how many are averaged (default: 10)")
    add("--evaluate", action="store_true", help="only forward, in evaluation")
    return parser.parse_args(argv)


def benchmark(argv: Sequence[str]) -> None:
    wanted = parse(argv)
    print(runtime.start(), file=sys.stderr)
    from benchmarks import gemm
    from paddle_course.onednn import library

    precision = wanted.precision
    if precision == "auto":
        precision = "bf16" if library.has_bf16() else "f32"
    if not (peak := gemm.peak(precision)):
        raise UserError(f"--precision {precision}: the fast path cannot be used with it on this machine")
    entry = models.MODELS[wanted.model]
    shape, batch = entry.input_shape, wanted.batch or batch_size(wanted.model, entry.input_shape)
    trial = Trial(precision, wanted.model, batch, shape, entry.classes, seconds=0, threads=runtime.cores())
    spent = profile(trial, wanted.steps, wanted.evaluate)
    peak = max(peak, gemm.peak(precision))  # a busy moment does not lower a ceiling
    what = "evaluated" if wanted.evaluate else "trained"
    print(f"{wanted.model} {what} in {precision}, batch {batch}: {batch / spent.step:,.0f} images/s")
    rounds.show(tables(spent, peak))
    if wanted.publish:
        rounds.publish("profile", argv, results(spent, trial, wanted.evaluate, peak))


def main(argv: Sequence[str] | None = None) -> int:
    return flags.run(benchmark, argv)


if __name__ == "__main__":
    sys.exit(main())
