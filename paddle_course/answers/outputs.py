"""A network and some pictures -> what every layer makes of them: shape, mean, spread, share of zeros, and its maps.

The course prints these to find faults: a layer whose outputs are always zero is wasted, one whose outputs hardly vary
tells the next one nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import paddle
from paddle import nn

from paddle_course.answers import figures
from paddle_course.answers.analysis import walk
from paddle_course.answers.comparison import times
from paddle_course.answers.pieces import Figure, Table

TILE = 200  # pixels of a layer's picture, about


@dataclass(frozen=True)
class Output:
    """What one layer gave for N pictures; `silent` are the channels, or neurons, that are zero for all of them."""

    name: str
    kind: str
    values: np.ndarray  # float32 (N, C, H, W) or (N, D)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape[1:]

    @property
    def mean(self) -> float:
        return float(self.values.mean())

    @property
    def sd(self) -> float:
        return float(self.values.std())

    @property
    def zeros(self) -> float:
        return float((self.values == 0).mean())

    @property
    def silent(self) -> int:
        return int((self.values == 0).all(axis=(0, *range(2, self.values.ndim))).sum())


@dataclass(frozen=True)
class Outputs:
    """The layers in the order in which a picture meets them, after training and, by the same names, before."""

    after: dict[str, Output]
    before: dict[str, Output]
    pieces: Sequence[Table | Figure]

    @property
    def silent(self) -> int:
        """Channels and neurons behind a ReLU that never say anything."""
        return sum(each.silent for each in self.after.values() if each.kind == "ReLU")


def layer_outputs(net: nn.Layer, untrained: nn.Layer, images: np.ndarray) -> Outputs:
    """Look into `net`, and into the same network before its training, while `images` (N, C, H, W) go through."""
    after, before = outputs(net, images), outputs(untrained, images)
    rows = []
    for name, then in before.items():
        now = after[name]
        numbers = (then.mean, now.mean, then.sd, now.sd)
        shares = (f"{100 * each.zeros:.1f} %" for each in (then, now))
        silent = now.silent if now.kind == "ReLU" else None
        rows.append((name, now.kind, times(now.shape), *(round(each, 3) for each in numbers), *shares, silent))
    header = ("layer", "kind", "output", "mean, untrained", "mean", "sd, untrained", "sd", "zeros, untrained", "zeros")
    note = f"Over {len(images):,} pictures. Silent: channels or neurons behind a ReLU that are zero for all of them."
    shown = [each for each in after.values() if each.kind != "Flatten"]
    tiles = [enlarged(grey(images[0, 0])), *(mosaic(each.values[0]) for each in shown)]
    titles = [
        "picture\n" + times(images.shape[1:]),
        *(f"{each.name.rpartition('.')[2]}\n{times(each.shape)}" for each in shown),
    ]
    caption = "One picture on its way through the trained network; black is a layer's lowest value, white its highest"
    return Outputs(
        after,
        before,
        [
            Table("What each layer gives, before and after training", (*header, "silent"), tuple(rows), note),
            figures.pictures("maps", caption, tiles, titles, columns=4, pixels=2 * TILE),
        ],
    )


def outputs(net: nn.Layer, images: np.ndarray) -> dict[str, Output]:
    """By layer, what it gives for `images`; a layer that is used twice keeps the last."""
    found: dict[str, Output] = {}

    def add(name: str, layer: nn.Layer, inputs: Sequence[paddle.Tensor], output: paddle.Tensor) -> None:
        found[name] = Output(name, type(layer).__name__, output.numpy())

    walk(net, paddle.to_tensor(images), add)
    return found


def grey(values: np.ndarray) -> np.ndarray:
    """Any numbers as uint8, the lowest 0 and the highest 255; all alike, they are black."""
    low, high = float(values.min()), float(values.max())
    return np.rint(255 * (values - low) / ((high - low) or 1)).astype(np.uint8)


def mosaic(values: np.ndarray) -> np.ndarray:
    """Maps (C, H, W), or a vector (D,) whose numbers are taken for maps of one pixel, side by side as one picture."""
    maps = grey(values.reshape(len(values), *(values.shape[1:] or (1, 1))))
    columns = math.ceil(math.sqrt(len(maps)))
    rows = -(-len(maps) // columns)
    gap = 1 if maps.shape[1] > 1 else 0
    count, height, width = maps.shape
    sheet = np.full((rows * columns, height + gap, width + gap), 128, np.uint8)  # what is no map is grey
    sheet[:count, :height, :width] = maps
    sheet = sheet.reshape(rows, columns, height + gap, width + gap).swapaxes(1, 2)
    return enlarged(sheet.reshape(rows * (height + gap), -1))


def enlarged(picture: np.ndarray) -> np.ndarray:
    """Each pixel as a square, so that no browser blurs them."""
    return np.kron(picture, np.ones((max(1, TILE // max(picture.shape)),) * 2, np.uint8))
