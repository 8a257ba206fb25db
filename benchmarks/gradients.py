"""A model -> how fast the gradients of its weights are: by oneDNN's own code, and by a convolution in its place.

python -m benchmarks.gradients vgg16

Both run in turn for each convolution of the model, with one step's maps; the last column tells which one a training
takes. See paddle_course/onednn/exchange.py.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import TYPE_CHECKING, NamedTuple
from unittest.mock import patch

from benchmarks import flags, rounds
from benchmarks.measure import batch_size
from benchmarks.profile import told
from benchmarks.rounds import Numbers, short
from paddle_course import answers, models, onednn, runtime
from paddle_course.runtime import UserError

if TYPE_CHECKING:
    from paddle_course.onednn.memory import Shape
    from paddle_course.onednn.primitives import Window

OWN, EXCHANGED = "own", "exchanged"
WARM_UP = 1  # what the first run makes, later ones use again


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
    """Those of the model that learn from larger than single pixels, each once."""
    import paddle

    from paddle_course.onednn import primitives

    entry, seen, plain = models.MODELS[model], {}, primitives.convolution
    net = models.build(model)
    onednn.accelerate(net, "f32")

    def noted(x: Shape, w: Shape, window: Window, groups: int, *rest: object) -> primitives.Convolution:
        seen[Layer(x, w, window, groups)] = None
        return plain(x, w, window, groups, *rest)

    with patch.object(primitives, "convolution", noted), paddle.no_grad():
        net(paddle.zeros([batch, *entry.input_shape]))
    return [each for each in seen if prod(each.w[2:]) > 1 and each.groups == 1]


def ways(layer: Layer) -> dict[str, Callable[[], None]]:
    """Two functions that work out the same gradient."""
    import paddle

    from paddle_course.onednn import primitives
    from paddle_course.onednn.exchange import Exchanged
    from paddle_course.onednn.library import F32
    from paddle_course.onednn.tensors import laid

    with patch.object(primitives, "exchanged", lambda *_: None):
        convolution = primitives.Convolution(*layer, False, primitives.Types(F32, F32, F32), False, True)
    maps = laid(paddle.randn(layer.x), F32), laid(paddle.randn(convolution.result), F32)
    gradient = paddle.empty(layer.w)

    def run(way: Callable[[int, int, int], None]) -> None:
        way(*(each.data_ptr() for each in (*maps, gradient)))

    return {OWN: partial(run, convolution.to_weights), EXCHANGED: partial(run, Exchanged(*layer[:3]))}


def measure(layer: Layer, count: int) -> dict[str, Numbers]:
    """GFLOP/s of both, `count` times in turn."""
    work = ways(layer)
    seconds = {name: [] for name in work}
    for _ in range(WARM_UP + count):
        for name, each in work.items():
            start = time.perf_counter()
            each()
            seconds[name].append(time.perf_counter() - start)
    return {
        name: Numbers(tuple(1e-9 * layer.flop / each for each in taken[WARM_UP:]), sum(taken) / 60)
        for name, taken in seconds.items()
    }


def table(model: str, found: dict[Layer, dict[str, Numbers]]) -> answers.Table:
    """A row for each convolution; which way a training takes stands in the last column."""
    rows = []
    for layer, speed in found.items():
        own, other = speed[OWN], speed[EXCHANGED]
        rows.append((str(layer), *map(short, (own.median, other.median, other.over(own).median)), taken(layer)))
    return answers.Table(f"{model}: gradients of weights, GFLOP/s", ("", OWN, EXCHANGED, "ratio", "taken"), tuple(rows))


def taken(layer: Layer) -> str:
    from paddle_course.onednn.exchange import exchanged

    return EXCHANGED if exchanged(*layer) else OWN


def results(model: str, found: dict[Layer, dict[str, Numbers]]) -> list[answers.Result]:
    made = []
    for layer, speed in found.items():
        row = str(layer).replace(", ", " of ")  # a comma parts the names of rows and columns
        name, data = f"gradients of weights, {model}, {row}", "random maps"
        for way, numbers in speed.items():
            made += numbers.results(f"{name}, {way}", "GFLOP/s", data)
        made += speed[EXCHANGED].over(speed[OWN]).results(f"{name}, {EXCHANGED} / own", "ratio", data)
    return made


def benchmark(argv: Sequence[str]) -> None:
    parser = flags.parser("gradients", __doc__, rounds=9)
    add = parser.add_argument
    add("model", choices=models.MODELS, metavar="MODEL", help=", ".join(models.MODELS))
    add("--batch", type=flags.at_least(int, 1), default=0, help="batch size (default: the model's own)")
    wanted = parser.parse_args(argv)
    print(runtime.start(), file=sys.stderr)
    from paddle_course.onednn import library

    if reason := library.why_not():
        raise UserError(f"gradients: {reason}: the fast path cannot be used on this machine")
    batch = wanted.batch or batch_size(wanted.model, models.MODELS[wanted.model].input_shape)
    found = {each: measure(each, wanted.rounds) for each in convolutions(wanted.model, batch)}
    rounds.show([table(wanted.model, found)])
    if wanted.publish:
        rounds.publish("gradients", argv, results(wanted.model, found))


def main(argv: Sequence[str] | None = None) -> int:
    return flags.run(benchmark, argv)


if __name__ == "__main__":
    sys.exit(main())
