"""A model -> how fast its convolutions and their gradients are: by oneDNN's own code, and by what takes its place.

python -m benchmarks.convolutions vgg16

All ways run in turn for each convolution of the model, with one step's maps; the last column tells which one a training
takes. GFLOP/s are those of the operations that a convolution is made of, so that Winograd's, which needs fewer, may be
above what the processor can do. See paddle_course/onednn/winograd.py and exchange.py.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch

from benchmarks import flags, rounds
from benchmarks.measure import batch_size
from benchmarks.profile import told
from benchmarks.rounds import Numbers, short
from paddle_course import answers, models, onednn, runtime
from paddle_course.runtime import UserError

if TYPE_CHECKING:
    import paddle

    from paddle_course.onednn.memory import Shape
    from paddle_course.onednn.primitives import Convolution, Window

FORWARD, TO_DATA, TO_WEIGHTS = "forward", "to data", "to weights"
OWN, EXCHANGED, WINOGRAD = "own", "exchanged", "Winograd"
WARM_UP = 1  # what the first run makes, later ones use again
Ways = dict[str, Callable[[], None]]


class Layer(NamedTuple):
    """A convolution, by the shapes of its maps and weights."""

    x: Shape
    w: Shape
    window: Window
    groups: int

    def __str__(self) -> str:
        return told(*self[:3])[0]

    @property
    def flop(self) -> int:
        return told(*self[:3])[1]


def convolutions(model: str, batch: int) -> list[Layer]:
    """Those of the model that look at more than single pixels, each once."""
    import paddle

    from paddle_course.onednn import primitives

    entry, seen, plain = models.MODELS[model], {}, primitives.convolution
    net = models.build(model)
    onednn.accelerate(net, "f32")

    def noted(x: Shape, w: Shape, window: Window, groups: int, *rest: object) -> Convolution:
        seen[Layer(x, w, window, groups)] = None
        return plain(x, w, window, groups, *rest)

    with patch.object(primitives, "convolution", noted), paddle.no_grad():
        net(paddle.zeros([batch, *entry.input_shape]))
    return [each for each in seen if prod(each.w[2:]) > 1 and each.groups == 1]


def ways(layer: Layer) -> dict[str, Ways]:
    """For each of the three passes, functions that work out the same."""
    import paddle

    from paddle_course.onednn.exchange import Exchanged
    from paddle_course.onednn.library import F32
    from paddle_course.onednn.tensors import empty, laid
    from paddle_course.onednn.winograd import Winograd, suits

    own, weights = own_convolution(layer), paddle.randn(layer.w)
    x, dy = laid(paddle.randn(layer.x), F32), laid(paddle.randn(own.result), F32)
    y, dx, dw = empty(own.result, F32), empty(layer.x, F32), paddle.empty(layer.w)

    def convolved(made: tuple[Callable, Any], maps: paddle.Tensor, result: paddle.Tensor) -> Callable[[], None]:
        run, filters = made
        return lambda: run(maps.data_ptr(), filters.given(weights.data_ptr()), result.data_ptr())

    def learned(run: Callable) -> Callable[[], None]:
        return lambda: run(x.data_ptr(), dy.data_ptr(), dw.data_ptr())

    found = {
        FORWARD: {OWN: convolved((own.forward, own.weights), x, y)},
        TO_DATA: {OWN: convolved((own.to_data, own.weights_back), dy, dx)},
        TO_WEIGHTS: {OWN: learned(own.to_weights)},
    }
    exchanged = Exchanged(*layer[:3])
    if exchanged.compiled:
        found[TO_WEIGHTS][EXCHANGED] = learned(exchanged)
    if suits(layer.window, layer.groups):
        winograd = Winograd(*layer[:3])
        found[FORWARD][WINOGRAD] = convolved(winograd.forward(bias=False, relu=False), x, y)
        found[TO_DATA][WINOGRAD] = convolved(winograd.to_data(), dy, dx)
        found[TO_WEIGHTS][WINOGRAD] = learned(winograd.to_weights())
    return found


def own_convolution(layer: Layer) -> Convolution:
    """By oneDNN's own code."""
    from paddle_course.onednn import primitives
    from paddle_course.onednn.library import F32

    own = {"exchanged": lambda *_: None, "faster": lambda *_: (None, None)}
    with patch.multiple(primitives, **own):
        return primitives.Convolution(*layer, False, primitives.Types(F32, F32, F32), False, True)


def taken(layer: Layer) -> dict[str, str]:
    """By pass, the way that a training goes."""
    from paddle_course.onednn.exchange import exchanged
    from paddle_course.onednn.winograd import faster

    maps, weights = faster(*layer)
    around = WINOGRAD if maps else OWN
    to_weights = WINOGRAD if weights else EXCHANGED if exchanged(*layer) else OWN
    return {FORWARD: around, TO_DATA: around, TO_WEIGHTS: to_weights}


def measure(layer: Layer, count: int) -> dict[str, dict[str, Numbers]]:
    """GFLOP/s of each pass in each way, `count` times in turn."""
    return {which: in_turn(work, layer.flop, count) for which, work in ways(layer).items()}


def in_turn(work: Ways, flop: int, count: int) -> dict[str, Numbers]:
    seconds = {name: [] for name in work}
    for _ in range(WARM_UP + count):
        for name, each in work.items():
            start = time.perf_counter()
            each()
            seconds[name].append(time.perf_counter() - start)
    return {
        name: Numbers(tuple(1e-9 * flop / each for each in took[WARM_UP:]), sum(took) / 60)
        for name, took in seconds.items()
    }


def table(model: str, which: str, found: dict[Layer, dict[str, dict[str, Numbers]]]) -> answers.Table:
    """One pass, a row for each convolution; `ratio` is the way that is taken over oneDNN's own."""
    columns = (OWN, EXCHANGED, WINOGRAD) if which == TO_WEIGHTS else (OWN, WINOGRAD)
    rows = []
    for layer, passes in found.items():
        speed, way = passes[which], taken(layer)[which]
        rates = (short(speed[name].median) if name in speed else None for name in columns)
        rows.append((str(layer), *rates, short(speed[way].over(speed[OWN]).median), way))
    return answers.Table(f"{model}, {which}: GFLOP/s", ("", *columns, "ratio", "taken"), tuple(rows))


def results(model: str, found: dict[Layer, dict[str, dict[str, Numbers]]]) -> list[answers.Result]:
    made = []
    for layer, passes in found.items():
        row = str(layer).replace(", ", " of ")  # a comma parts the names of rows and columns
        for which, speed in passes.items():
            name, data = f"convolution {which}, {model}, {row}", "random maps"
            for way, numbers in speed.items():
                made += numbers.results(f"{name}, {way}", "GFLOP/s", data)
                if way != OWN:
                    made += numbers.over(speed[OWN]).results(f"{name}, {way} / own", "ratio", data)
    return made


def benchmark(argv: Sequence[str]) -> None:
    parser = flags.parser("convolutions", __doc__, rounds=9)
    add = parser.add_argument
    add("model", choices=models.MODELS, metavar="MODEL", help=", ".join(models.MODELS))
    add("--batch", type=flags.at_least(int, 1), default=0, help="batch size (default: the model's own)")
    wanted = parser.parse_args(argv)
    print(runtime.start(), file=sys.stderr)
    from paddle_course.onednn import library

    if reason := library.why_not():
        raise UserError(f"convolutions: {reason}: the fast path cannot be used on this machine")
    batch = wanted.batch or batch_size(wanted.model, models.MODELS[wanted.model].input_shape)
    found = {each: measure(each, wanted.rounds) for each in convolutions(wanted.model, batch)}
    rounds.show([table(wanted.model, which, found) for which in (FORWARD, TO_DATA, TO_WEIGHTS)])
    if wanted.publish:
        rounds.publish("convolutions", argv, results(wanted.model, found))


def main(argv: Sequence[str] | None = None) -> int:
    return flags.run(benchmark, argv)


if __name__ == "__main__":
    sys.exit(main())
