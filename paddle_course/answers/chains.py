"""Chains of one-neuron layers and a table -> how large each layer's gradients are, and what comes of the chain."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from paddle_course.answers.figures import Chart, curves, panels
from paddle_course.answers.pieces import Figure, Table, score
from paddle_course.models import Chain

SHOWN, HEAVY, DEEP = (2, 5, 10, 15, 20), (1.0, 2.0, 4.0, 8.0, 16.0), 10  # depths and weights in the tables


@dataclass(frozen=True)
class Trial:
    """What became of a chain.

    Attributes:
        gradients: each layer's dW, update by update: (U, 2), (U, 1), ...
        weights: those at the end.
        said: the last answers to all rows, (N, 1), with their mean cross-entropy `loss` and the share `right`.
        swing: the lowest and the highest mean answer after any update of the last pass.
    """

    gradients: list[np.ndarray]
    weights: list[np.ndarray]
    said: np.ndarray
    loss: float
    right: float
    swing: tuple[float, float]

    @property
    def sizes(self) -> np.ndarray:
        """Mean |dW| over the weights of a layer, by update and layer: (U, L)."""
        return np.stack([np.abs(each).mean(1) for each in self.gradients], axis=1)

    @property
    def spread(self) -> float:
        """How far apart the answers to the rows are: 0 where every row gets the same."""
        return float(np.ptp(self.said))

    @property
    def by_pass(self) -> np.ndarray:
        """The means over each pass, (P, L)."""
        return self.sizes.reshape(-1, len(self.said), len(self.gradients)).mean(1)

    def chart(self, title: str, unit: str = "pass") -> Chart:
        """Mean |dW| of every layer over the passes, or over each "update"."""
        values = self.by_pass if unit == "pass" else self.sizes
        values = np.where(values > 0, values, np.nan)  # a dead layer's nothing has no place on this axis
        series = {f"layer {n}": (np.arange(1, len(values) + 1), each) for n, each in enumerate(values.T, start=1)}
        return Chart(series, unit, "mean |dW|", title, logy=True)


def trial(chain: Chain, x: np.ndarray, y: np.ndarray, passes: int) -> Trial:
    """Let the chain learn from x (N, 2) and y (N, 1) so many times, and look at what came of it."""
    learnt = list(chain.learn(x, y, passes))
    weights, biases, _ = learnt[-1]
    said = chain.forward(weights, biases, x)[-1]
    loss = -np.log(np.maximum(np.where(y == 1, said, 1 - said), 1e-300)).mean()
    gradients = [np.stack([dws[layer][:, 0] for *_, dws in learnt]) for layer in range(chain.depth)]
    means = [float(chain.forward(weights, biases, x)[-1].mean()) for weights, biases, _ in learnt[-len(x) :]]
    swing = min(means), max(means)
    return Trial(gradients, list(weights), said, float(loss), float(((said > 0.5) == y).mean()), swing)


@dataclass(frozen=True)
class Chains:
    """Chains side by side, by name: mean |dW| of the first and the last layer in the first pass, and the trials."""

    first: dict[str, tuple[float, float]]
    trials: dict[str, Trial]
    pieces: Sequence[Table | Figure]


def compare_chains(chains: Mapping[str, Chain], x: np.ndarray, y: np.ndarray, passes: Mapping[str, int]) -> Chains:
    """Let every chain learn for as many passes as `passes` says."""
    trials = {name: trial(chain, x, y, passes[name]) for name, chain in chains.items()}
    first = {name: (float(each.by_pass[0, 0]), float(each.by_pass[0, -1])) for name, each in trials.items()}
    rows = [
        (n, each.lr, passes[n], *(f"{v:.2e}" for v in first[n]), round(trials[n].loss, 3), score(trials[n].right))
        for n, each in chains.items()
    ]
    header = ("chain", "rate", "passes", "|dW| of layer 1, first pass", "of the last layer", "loss", "rows right")
    charts = [trials[n].chart(n) for n, each in chains.items() if each.depth > 1 and passes[n] == min(passes.values())]
    figure = panels("remedies", "Mean |dW| of every layer, pass by pass", charts, columns=2)
    return Chains(first, trials, [Table("What becomes of the chains", header, tuple(rows)), figure])


class AtFirst(NamedTuple):
    """|dW| of the first layer before the first update, over all rows."""

    mean: float
    most: float  # what the mean can be at most with sigmoids
    largest: float  # of any row and weight


def at_first(chain: Chain, x: np.ndarray, y: np.ndarray) -> AtFirst:
    """Look at the first layer's gradients as the chain starts.

    On its way back to the first layer the error is multiplied, at every layer but the last, by a weight and by the
    slope of a sigmoid, which is 1/4 at most: |dW| <= |a - y| |x| (|w| / 4)^(depth - 1).
    """
    weights, biases = chain.start()
    outputs = chain.forward(weights, biases, x)
    most = np.abs((outputs[-1] - y) * x).mean() * (abs(chain.weight) / 4) ** (chain.depth - 1)
    sizes = np.abs(chain.backward(weights, outputs, y)[0][0])
    return AtFirst(float(sizes.mean()), float(most), float(sizes.max()))


@dataclass(frozen=True)
class Sweep:
    """The first layer's gradient by the number of layers.

    Attributes:
        ends: chain -> its size with two layers, and with most.
        factor: what one more layer makes of the first chain's, over the last five layers.
        still: the number of layers from which on no row's first update changes a weight of 1 in float32, or None.
        heavy: weight -> the size with ten layers of biases 1, and of biases that put the sigmoids at their steepest.
    """

    ends: dict[str, tuple[float, float]]
    factor: float
    still: int | None
    heavy: dict[float, tuple[float, float]]
    pieces: Sequence[Table | Figure]


def depth_sweep(chains: Mapping[str, Chain], x: np.ndarray, y: np.ndarray, deepest: int) -> Sweep:
    """Make each chain 2 to `deepest` layers long; the first one has sigmoids, and the bound is drawn beside it."""
    axis, (first, chain) = np.arange(2, deepest + 1), next(iter(chains.items()))
    sizes = {n: np.array([at_first(replace(each, depth=d), x, y) for d in axis]).T for n, each in chains.items()}
    series, bound = {name: (axis, size) for name, (size, *_) in sizes.items()}, f"{first}: at most"
    series[bound] = (axis, sizes[first][1])
    rows = [(d, *(f"{values[d - 2]:.2e}" for _, values in series.values())) for d in SHOWN if d <= deepest]
    heavy = {w: tuple(at_first(Chain(DEEP, w, bias), x, y).mean for bias in (1.0, -w / 2)) for w in HEAVY}
    lines = [(w, *(f"{v:.2e}" for v in (*values, (w / 4) ** (DEEP - 1)))) for w, values in heavy.items()]
    size, _, largest = sizes[first]
    # An update below half of the distance from 1 to the next float32 below it leaves 1 as it is.
    still = [int(d) for d, each in zip(axis, largest, strict=True) if chain.lr * each < 2**-25]
    caption = "Mean |dW| of the first layer before the first update"
    pieces = [
        Table(caption, ("layers", *series), tuple(rows)),
        Table(f"The same for {DEEP} sigmoids", ("w", "b = 1", "b = -w / 2", f"(w / 4)^{DEEP - 1}"), tuple(lines)),
        curves("depth", f"{caption}, by the number of layers", series, "layers", "|dW|", logy=True, dashed=(bound,)),
    ]
    ends = {name: (float(values[0]), float(values[-1])) for name, (values, *_) in sizes.items()}
    return Sweep(ends, math.pow(size[-1] / size[-6], 1 / 5), still[0] if still else None, heavy, pieces)
