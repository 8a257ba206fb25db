"""Strokes -> pictures of any size, drawn when a batch asks for them: light lines on black, anti-aliased."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from paddle_course import readers
from paddle_course.runtime import UserError

FRACTION = 4  # bits of a pixel that OpenCV is told a point's place to
SMALLEST = 8  # pixels


@dataclass(frozen=True, eq=False)
class Sketches:
    """Drawings in the place of `Images`: `Batches(Sketches(drawings, side=64), 128)` draws each batch when it is due.

    So no picture lies in memory, and the same drawings serve at any size. `colour` shows the order of the strokes.
    """

    drawings: readers.Drawings
    side: int = 64
    colour: bool = False

    def __post_init__(self) -> None:
        if self.side < SMALLEST:
            raise UserError(f"pictures of {self.side} x {self.side} show no drawing; take {SMALLEST} pixels or more")

    def __len__(self) -> int:
        return len(self.drawings)

    def __getitem__(self, index: np.ndarray | slice) -> np.ndarray:
        """Pictures uint8 (B, side, side, 1 or 3)."""
        return draw(self.drawings.take(index), self.side, self.colour)

    @property
    def images(self) -> Sketches:
        """What is drawn where it is indexed."""
        return self

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return len(self), self.side, self.side, 3 if self.colour else 1

    @property
    def labels(self) -> np.ndarray:
        return self.drawings.labels

    @property
    def classes(self) -> tuple[str, ...]:
        return self.drawings.classes

    @property
    def source(self) -> str:
        return f"{self.drawings.source}, {self.side} x {self.side}{', order as colour' * self.colour}"

    @property
    def synthetic(self) -> bool:
        return self.drawings.synthetic

    def drawn(self) -> readers.Images:
        """All pictures at once, in memory."""
        return readers.Images(self[:], self.labels, self.classes, self.source, self.synthetic)

    def take(self, indices: np.ndarray | slice) -> Sketches:
        """These drawings only, in this order."""
        return dataclasses.replace(self, drawings=self.drawings.take(indices))


def draw(drawings: readers.Drawings, side: int, colour: bool = False) -> np.ndarray:
    """All drawings as uint8 (N, side, side, 1), each filling its picture; lines 255 on 0, in thickness side / 48.

    `colour` gives (N, side, side, 3): the first stroke red, the last one blue, those between in the rainbow's order.
    """
    count, thick = len(drawings), max(1, round(side / 48))
    pages = np.zeros((count, side, side, 3 if colour else 1), np.uint8)
    points, edges = with_dots(fitted(drawings, side, thick), drawings.strokes)
    edges, starts = edges.tolist(), drawings.starts.tolist()
    for page, first, after in zip(pages, starts[:-1], starts[1:], strict=True):
        strokes = [points[edges[i] : edges[i + 1]] for i in range(first, after)]
        if colour:
            for stroke, ink in zip(strokes, rainbow(after - first), strict=True):
                cv2.polylines(page, [stroke], False, ink, thick, cv2.LINE_AA, FRACTION)
        else:
            cv2.polylines(page, strokes, False, 255, thick, cv2.LINE_AA, FRACTION)
    return pages


def fitted(drawings: readers.Drawings, side: int, thick: int) -> np.ndarray:
    """int32 (P, 2), in 1 / 2**FRACTION pixels: each drawing moved to the middle and scaled to fill the picture."""
    first = drawings.strokes[drawings.starts[:-1]]  # point of each drawing
    low, high = (function.reduceat(drawings.points, first).astype(np.float32) for function in (np.minimum, np.maximum))
    room = side - 1 - 2 * thick
    scale = room / np.maximum((high - low).max(1, keepdims=True), 1)
    shift = (side - 1) / 2 - (low + high) / 2 * scale
    of = np.repeat(np.arange(len(drawings)), np.diff(np.append(first, len(drawings.points))))
    return np.rint((drawings.points * scale[of] + shift[of]) * (1 << FRACTION)).astype(np.int32)


def with_dots(points: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The points, and where each stroke begins, with every stroke that stays where it is made a pixel long.

    Of a line that is shorter OpenCV draws next to nothing, and so an eye would be lost.
    """
    lengths = np.diff(edges)
    again = np.ones(len(points), np.int64)
    again[edges[:-1][lengths == 1]] = 2
    points, edges = points.repeat(again, axis=0), np.concatenate([[0], np.cumsum(np.maximum(lengths, 2))])
    pixel = 1 << FRACTION
    way = np.maximum.reduceat(points, edges[:-1]) - np.minimum.reduceat(points, edges[:-1])
    still = np.flatnonzero(way.max(1) < pixel)
    points[edges[still], 0] -= pixel // 2
    points[edges[still + 1] - 1, 0] += pixel // 2
    return points, edges


def rainbow(count: int) -> Sequence[tuple[int, int, int]]:
    """RGB of the first to the last of so many strokes: from red by yellow, green and cyan to blue."""
    hue = np.linspace(0, 4, count)[:, None]
    corners = np.abs((hue - np.array([0, 2, 4]) + 3) % 6 - 3)
    return [tuple(ink) for ink in np.rint(255 * np.clip(2 - corners, 0, 1)).astype(int).tolist()]
