"""Models -> their loss over the first steps with stock and with accelerated layers: do these learn the same?

    python -m benchmarks.curves --figure docs/curves.png

Each model is trained four times from the same weights on the same batches of real pictures: with stock layers, with
accelerated ones in float32 and in bfloat16, and with stock layers again, but the pictures of each batch in another
order. By arithmetic that order does not matter; by rounding it does, and training lets any difference grow. So the last
one is the yardstick: this far apart are two trainings that differ in nothing but the rounding. Any one of them may end
above or below the others by luck; whether a side learns worse shows in the mean over several seeds. With a smaller
`--rate` the differences grow less. Where stock's own curve parts from itself, `retraced` tells rounding from a mistake:
stock layers train, and accelerated ones in float32 are given their weights at every step, so that nothing can grow.

A processor without bfloat16 still shows what these numbers do to a training, slowly: `rounded` has stock layers, whose
maps, gradients of maps and weights of convolutions are rounded to bfloat16 wherever the fast path has them so.
"""

from __future__ import annotations

import dataclasses
import statistics
import sys
import time
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, count, islice
from pathlib import Path
from types import MethodType
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import flags, rounds
from benchmarks.measure import LR, MOMENTUM, steps
from benchmarks.rounds import short
from paddle_course import answers, batches, files, models, onednn, readers, runtime, training
from paddle_course.onednn import library
from paddle_course.runtime import UserError

if TYPE_CHECKING:
    import paddle
    from paddle import nn

DEFAULT = ("lenet", "camp", "vgg16", "resnet18", "fast")
SIDES = ("stock", "f32", "bf16", "rounded", "reordered", "retraced")
OTHERS = SIDES[1:]
DATA = {(1, 28, 28): "mnist", (3, 32, 32): "cifar10"}
MODELS = tuple(name for name, entry in models.MODELS.items() if entry.input_shape in DATA)
LAST = 10  # steps whose mean loss is compared
WHITENED = 5000  # pictures that the fast network's first convolution is made from


@dataclasses.dataclass(frozen=True)
class Learnt:
    """A model's losses by side, (seeds, steps); (0, 0) where a side cannot be trained. `data` names the pictures."""

    model: str
    data: str
    losses: Mapping[str, np.ndarray]
    minutes: Mapping[str, float]
    rate: float = LR

    def apart(self, side: str) -> float | None:
        """The largest relative distance from stock's curve: the middle one of the seeds."""
        stock, other = self.losses["stock"], self.losses[side]
        return float(np.median((np.abs(other - stock) / stock).max(1))) if other.size else None

    def last(self, side: str) -> list[float]:
        """The mean loss of the last steps, for each seed."""
        return self.losses[side][:, -LAST:].mean(1).tolist() if self.losses[side].size else []

    def off(self, side: str) -> list[float]:
        """How far that is above stock's, relative to it."""
        return [loss / stock - 1 for loss, stock in zip(self.last(side), self.last("stock"), strict=False)]


@cache
def pictures(shape: tuple[int, int, int]) -> readers.Images:
    """The data set of such pictures; a stand-in where the real one is not there yet."""
    name = DATA[shape]
    return readers.load(name, "train", kind="real" if readers.find(name) else "stand-in")


def prepared(model: str, size: int, seed: int = 0) -> batches.Batches:
    """The model's batches, each channel with mean 0 and standard deviation 1."""
    images = pictures(models.MODELS[model].input_shape)
    mean, std = batches.channel_statistics(images.images)
    return batches.Batches(images, size, seed, mean=mean, std=std, drop_last=True)


def begun(model: str, data: batches.Batches) -> nn.Layer:
    """The model as its training begins, the same whenever it is asked for under the seed of `data`."""
    net = models.build(model, data.seed)
    if hasattr(net, "whiten"):
        some = data.data.take(np.arange(min(WHITENED, len(data.data))))
        net.whiten(dataclasses.replace(data, data=some, size=len(some), shuffle=False).batch(0, 0)[0])
    return net


def low(x: paddle.Tensor) -> paddle.Tensor:
    """x, and its gradient on the way back, as bfloat16 holds them."""
    return x.astype("bfloat16").astype("float32")


def convolve(layer: nn.Conv2D, x: paddle.Tensor) -> paddle.Tensor:
    """The stock forward with x and weights rounded. The gradient goes to the weights as they are, and in float32."""
    from paddle.nn.functional import conv2d

    weight = layer.weight + (low(layer.weight) - layer.weight).detach()
    return conv2d(low(x), weight, layer.bias, layer._stride, layer._updated_padding, layer._dilation, layer._groups)


def round_off(net: nn.Layer) -> None:
    """Give the stock layers of `net` the numbers that accelerated ones have in bfloat16."""
    from paddle import nn

    from paddle_course.onednn.swap import kind_of

    for layer in net.sublayers():
        if isinstance(layer, nn.Conv2D):
            layer.forward = MethodType(convolve, layer)
        if kind_of(layer):
            layer.register_forward_post_hook(lambda layer, given, y: low(y) if y.ndim == 4 else y)


def accelerate(net: nn.Layer, precision: str) -> None:
    """Accelerate the layers, in this precision and no other."""
    report = onednn.accelerate(net, precision)
    if report.precision != precision:
        raise UserError(str(report))


def retrace(
    net: nn.Layer,
    twin: nn.Layer,
    optimizer: paddle.optimizer.Optimizer,
    data: Iterable[tuple[np.ndarray, np.ndarray]],
    rate: float,
) -> Iterator[float]:
    """Train `net`; yields the loss that `twin` has before each step with the weights of `net` on the same pictures."""
    import paddle

    found = []

    def watched() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for images, labels in data:
            twin.set_state_dict(net.state_dict())
            with paddle.no_grad():
                loss = training.losses.cross_entropy(twin(paddle.to_tensor(images)), paddle.to_tensor(labels))
            found.append(loss.item())
            yield images, labels

    for _ in steps(net, optimizer, watched(), rate):
        yield found[-1]


def losses(model: str, side: str, data: batches.Batches, number: int, rate: float = LR) -> Iterator[float]:
    """Train `number` steps at this learning rate; the loss at each.

    Raises:
        UserError: this machine has no such layers.
    """
    net = begun(model, data)
    if side in ("f32", "bf16"):
        accelerate(net, side)
    elif side == "rounded":
        round_off(net)
    order = np.arange(data.size) if side != "reordered" else np.random.default_rng(0).permutation(data.size)
    stream = chain.from_iterable(map(data.epoch, count()))
    optimizer = training.optimizers.build("nesterov", net, momentum=MOMENTUM)
    ordered = ((images[order], labels[order]) for images, labels in stream)
    if side == "retraced":
        accelerate(twin := begun(model, data), "f32")
        return islice(retrace(net, twin, optimizer, ordered, rate), number)
    return islice(steps(net, optimizer, ordered, rate), number)


def others() -> tuple[str, ...]:
    """What stock layers are compared with unless told otherwise: bfloat16 by rounding only where there is no other."""
    return tuple(side for side in OTHERS if side != ("rounded" if library.has_bf16() else "bf16"))


def learn(model: str, sides: Sequence[str], each: Sequence[batches.Batches], number: int, rate: float) -> Learnt:
    """Train the sides one after the other, each on the batches of every seed."""
    found, minutes = {side: np.zeros((0, 0)) for side in SIDES}, {}
    for side in sides:
        start = time.perf_counter()
        try:
            found[side] = np.array([list(losses(model, side, data, number, rate)) for data in each])
            said = f"loss {short(found[side][:, 0].mean())} at first, {short(found[side][:, -1].mean())} at last"
        except UserError as error:
            said = f"failed: {error}"
        minutes[side] = (time.perf_counter() - start) / 60
        print(f"{model}, {side}: {said}", file=sys.stderr)
    return Learnt(model, f"{each[0].data.source}, batch {each[0].size}", found, minutes, rate)


def tables(learnt: Sequence[Learnt], number: int) -> list[answers.Table]:
    """The last losses, how far they are from stock's, and how far the curves are, a row for each model."""

    def table(caption: str, sides: Sequence[str], cell: Callable[[Learnt, str], Any], note: str = "") -> answers.Table:
        tried = [side for side in sides if any(side in each.minutes for each in learnt)]
        rows = tuple((each.model, *(cell(each, side) for side in tried)) for each in learnt)
        return answers.Table(caption, ("model", *tried), rows, note)

    def mean(values: Sequence[float]) -> str | None:
        return short(statistics.fmean(values)) if values else None

    def spread(shares: Sequence[float]) -> str | None:
        if not shares:
            return None
        mean, sd = answers.spread(shares)
        return f"{100 * mean:.2f} " + (f"± {100 * sd:.2f} %" if sd is not None else "%")

    def apart(each: Learnt, side: str) -> str | None:
        most = each.apart(side)
        return None if most is None else f"{100 * most:.2f} %"

    note = (
        "reordered: stock layers again, the pictures of each batch in another order, so that only the rounding differs"
    )
    data = "; ".join(f"{each.model}: {each.data}" for each in learnt)
    return [
        table(
            f"Mean loss of the last {min(LAST, number)} of {number} steps",
            SIDES,
            lambda *w: mean(Learnt.last(*w)),
            data,
        ),
        table("The same / stock's - 1", OTHERS, lambda *which: spread(Learnt.off(*which))),
        table("Largest distance from stock's curve", OTHERS, apart, note),
    ]


def figure(learnt: Sequence[Learnt]) -> answers.Figure:
    """A chart for each model, its first seed. Over bfloat16 stock is drawn, over it float32 dashed: overlays show."""

    def chart(each: Learnt) -> answers.Chart:
        series = {
            side: (np.arange(1, len(each.losses[side][0]) + 1), each.losses[side][0])
            for side in ("bf16", "rounded", "stock", "f32")
            if each.losses[side].size
        }
        return answers.Chart(series, "step", "loss", each.model, dashed=("f32",))

    return answers.panels("curves", "The loss of stock and accelerated layers", list(map(chart, learnt)), columns=2)


def results(learnt: Sequence[Learnt], number: int) -> list[answers.Result]:
    """How far the last losses are from stock's, the mean over the seeds, and how far the curves are at most."""
    ends = f"mean loss of the last {min(LAST, number)} of {number} steps above stock's, as a share of it"
    made = []
    for each in learnt:
        for side in OTHERS:
            if off := each.off(side):
                about = len(off), each.minutes[side], each.data
                name = f"curves{'' if each.rate == LR else f' at {each.rate:g}'}, {each.model}, {side}"
                widest = f"largest distance in {number} steps, as a share of stock's loss, the middle one of the seeds"
                made.append(answers.Result(name, ends, *answers.spread(off), *about))
                made.append(answers.Result(f"{name}, apart", widest, each.apart(side), None, *about))
    return made


def png(text: str) -> Path:
    """For the place of a picture."""
    path = Path(text)
    if not text.endswith(".png"):
        raise ArgumentTypeError(f"{text} does not end in .png")
    if path.is_dir() or not next(above for above in path.absolute().parents if above.exists()).is_dir():
        raise ArgumentTypeError(f"{text} cannot be written: a folder or a file is in the way")
    return path


def benchmark(argv: Sequence[str]) -> None:
    parser = flags.parser("curves", __doc__)
    add = parser.add_argument
    add("--models", type=flags.names(MODELS), default=DEFAULT, help=f"default: {','.join(DEFAULT)}")
    add("--sides", type=flags.names(OTHERS), help="beside stock; default: all, but of bf16 and rounded only one")
    add("--steps", type=flags.at_least(int, 1), default=100, help="of each training (default: 100)")
    add("--batch", type=flags.at_least(int, 1), default=32, help="batch size (default: 32)")
    add("--rate", type=flags.at_least(float, 1e-6), default=LR, help=f"learning rate (default: {LR})")
    add("--seeds", type=flags.at_least(int, 1), default=3, help="trainings of each; their mean counts (default: 3)")
    add("--figure", type=png, help="where to draw the curves; a .png")
    wanted = parser.parse_args(argv)
    print(runtime.start(), file=sys.stderr)
    data = {model: [prepared(model, wanted.batch, seed) for seed in range(wanted.seeds)] for model in wanted.models}
    if made_up := [each[0].data.source for each in data.values() if each[0].data.synthetic]:
        if wanted.publish:
            raise UserError(f"--publish: {made_up[0]} is synthetic, and its results stay out of docs/results.json")
        print(f"the real pictures are not there: {', '.join(dict.fromkeys(made_up))} instead", file=sys.stderr)
    sides = ("stock", *(wanted.sides or others()))
    learnt = [learn(model, sides, each, wanted.steps, wanted.rate) for model, each in data.items()]
    rounds.show(tables(learnt, wanted.steps))
    if wanted.publish:
        rounds.publish("curves", argv, results(learnt, wanted.steps))
    if wanted.figure:  # now only, for a changed file makes the commit a dirty one
        files.write_file(wanted.figure, figure(learnt).png)
    rounds.complete((one.losses[side] for one in learnt for side in sides), wanted.seeds)


def main(argv: Sequence[str] | None = None) -> int:
    return flags.run(benchmark, argv)


if __name__ == "__main__":
    sys.exit(main())
