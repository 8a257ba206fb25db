"""A 3 x 3 convolution in float32 and its gradients with fewer multiplications, which take most of the time.

Winograd's F(m, 3) works out m neighbours of a result from m + 2 of the row they come from and 3 weights, with m + 2
multiplications in place of 3 m (for maps Lavin and Gray 2016, arXiv:1509.09308, by rows and by columns):

    y = A [(G w) * (B x)]

It is a product of polynomials read backwards: `filtering.matrices` says how. So the maps become tiles of
(m + 2) x (m + 2) values, and for each of these values there is one matrix product over the channels, of all tiles of
some pictures. The gradient of the maps is a convolution of its own. That of the weights takes the same way in the other
direction:

    dw = G' [(A' dy) * (B x)]
"""

from __future__ import annotations

import ctypes
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import paddle

from paddle_course.onednn import library as dnn
from paddle_course.onednn.filtering import TAPS, Axis, axis
from paddle_course.onednn.library import Handle, create
from paddle_course.onednn.memory import (
    Layout,
    Primitive,
    Shape,
    What,
    descriptor,
    plain,
    portions,
    scratch,
    then_add,
    then_relu,
)

if TYPE_CHECKING:
    from paddle_course.onednn.primitives import Window

# Where it is faster, by measurement: python -m benchmarks.convolutions
FEWEST, FEWEST_FOR_WEIGHTS = 80, 64  # channels, the harmonic mean of both sides
FEWEST_TILES = 32  # of all pictures: with fewer the filters, which grow, take longest
TOGETHER = 1 << 22  # bytes of tiles that are taken at a time, so that they stay in the cache


def faster(x: Shape, w: Shape, window: Window, groups: int) -> tuple[Winograd | None, Winograd | None]:
    """What is to be taken in place of oneDNN's own code: for float32 maps and their gradient, and for the weights'."""
    if not suits(window, groups):
        return None, None
    found, channels = Winograd(x, w, window), 2 * w[0] * w[1] / (w[0] + w[1])
    if found.tiles < FEWEST_TILES or channels < FEWEST_FOR_WEIGHTS:
        return None, None
    return found if channels >= FEWEST else None, found


def suits(window: Window, groups: int) -> bool:
    """3 x 3 pixels, the next ones one pixel further."""
    return (window.kernel, window.stride, window.dilation, groups) == ((TAPS, TAPS), (1, 1), (1, 1), 1)


class Grid(NamedTuple):
    """The tiles of some pictures, of `c` channels: how they lie, and how the map's axes come to them."""

    pictures: int
    c: int
    rows: Axis
    columns: Axis

    @property
    def pitch(self) -> int:
        """Numbers from a row of a tile to the next; the gap is there for caches that choke on multiples of 4 kB."""
        return self.columns.values * self.c + dnn.vector()

    @property
    def count(self) -> int:
        """Tiles of all pictures."""
        return self.pictures * self.rows.tiles * self.columns.tiles

    @property
    def size(self) -> int:
        """Bytes."""
        return 4 * self.count * self.rows.values * self.pitch

    def lines(self) -> Layout:
        """As both axes see them: pictures, tiles in a row, rows of all tiles below each other, the numbers of a row."""
        height, numbers = self.rows.tiles * self.rows.values, self.columns.values * self.c
        shape = (self.pictures, self.columns.tiles, height, numbers)
        return Layout(shape, (self.columns.tiles * height * self.pitch, height * self.pitch, self.pitch, 1))

    def half(self, height: int) -> Layout:
        """The same before the rows are taken: maps of `height` rows, of which each is (tiles, values, channels)."""
        numbers = self.columns.values * self.c
        width = self.columns.tiles * numbers
        return Layout((self.pictures, self.columns.tiles, height, numbers), (height * width, numbers, width, 1))

    def products(self) -> Layout:
        """As the matrix products see them: the two places of a value in its tile, all tiles, channels."""
        shape = (self.rows.values, self.columns.values, self.count, self.c)
        return Layout(shape, (self.pitch, self.c, self.rows.values * self.pitch, 1))


def transposed(layout: Layout) -> Layout:
    """With the last two dimensions exchanged."""
    (*shape, a, b), (*strides, i, j) = layout[:2]
    return Layout((*shape, b, a), (*strides, j, i))


def multiplication(
    what: What, a: Layout, b: Layout, result: Layout, attribute: Handle | None = None, bias: Layout | None = None
) -> Primitive:
    """(a, b, bias if any, result): matrices times matrices, https://uxlfoundation.github.io/oneDNN/v3.6/dev_guide_matmul.html"""
    layouts = {dnn.SRC: a, dnn.WEIGHTS: b, **({dnn.BIAS: bias} if bias else {}), dnn.DST: result}
    places = {index: descriptor(layout) for index, layout in layouts.items()}
    order = (places.get(index) for index in (dnn.SRC, dnn.WEIGHTS, dnn.BIAS, dnn.DST))
    return Primitive(what, create(what, "matmul_primitive_desc", dnn.engine(), *order, attribute), places)


def constant(matrix: np.ndarray) -> paddle.Tensor:
    return paddle.to_tensor(np.ascontiguousarray(matrix, np.float32))


class Spread:
    """(maps, tiles): channels-last maps with `height` rows of `width` pixels become tiles, by two matrices."""

    def __init__(self, grid: Grid, rows: np.ndarray, columns: np.ndarray):
        (all_rows, height), (all_columns, width) = rows.shape, columns.shape
        self.rows, self.columns, half = constant(rows), constant(columns), grid.half(height)
        lines, what = grid.pictures * height, What("Winograd: tiles", (grid.pictures, grid.c, height, width))
        self.across = multiplication(
            what,
            plain((1, all_columns, width)),
            plain((lines, width, grid.c)),
            plain((lines, all_columns, grid.c)),
        )
        self.down = multiplication(what, plain((1, 1, all_rows, height)), half, grid.lines())
        self.room, self.bytes = 4 * prod(half.shape), 4 * lines * width * grid.c

    def __call__(self, maps: int, tiles: int) -> None:
        between = scratch("half", self.room)
        self.across(self.columns.data_ptr(), maps, between)
        self.down(self.rows.data_ptr(), between, tiles)


class Gather:
    """(tiles, bias if any, maps): the way back, with what comes behind a convolution."""

    def __init__(self, grid: Grid, bias: bool, relu: bool):
        (height, all_rows), (width, all_columns) = grid.rows.gather.shape, grid.columns.gather.shape
        self.rows, self.columns = constant(grid.rows.gather), constant(grid.columns.gather)
        half, lines = grid.half(height), grid.pictures * height
        what = What("Winograd: maps", (grid.pictures, grid.c, height, width))
        self.up = multiplication(what, plain((1, 1, height, all_rows)), grid.lines(), half)
        self.across = multiplication(
            what,
            plain((1, width, all_columns)),
            plain((lines, all_columns, grid.c)),
            plain((lines, width, grid.c)),
            then_relu(what) if relu else None,
            plain((1, 1, grid.c)) if bias else None,
        )
        self.room, self.bytes = 4 * prod(half.shape), 4 * lines * width * grid.c

    def __call__(self, tiles: int, *bias_and_maps: int) -> None:
        between = scratch("half", self.room)
        self.up(self.rows.data_ptr(), tiles, between)
        self.across(self.columns.data_ptr(), between, *bias_and_maps)


class Filters:
    """Weights (K, C, 3, 3), and their gradient, as matrices (values * values, K * C); `flipped`: read backwards."""

    def __init__(self, w: Shape, rows: Axis, columns: Axis, flipped: bool = False):
        k, c, *_ = w
        both = np.kron(rows.weights, columns.weights)  # (values * values, 9)
        self.both = constant(both[:, ::-1] if flipped else both)
        self.shape, self.size = (rows.values, columns.values, k, c), 4 * len(both) * k * c
        self.weights, self.values = Layout((TAPS**2, k * c), (1, TAPS**2)), plain((len(both), k * c))
        self.matrix, self.what = plain(both.shape), What("Winograd: filters", w)

    @cached_property
    def transform(self) -> Primitive:
        return multiplication(self.what, self.matrix, self.weights, self.values)

    @cached_property
    def back(self) -> Primitive:
        return multiplication(self.what, transposed(self.values), self.matrix, transposed(self.weights))

    def given(self, weights: int) -> int:
        """Where their values are found: see `memory.Weights`."""
        place = scratch("weights", self.size)
        self.transform(self.both.data_ptr(), weights, place)
        return place

    def take(self, values: int, weights: int) -> None:
        """The gradient of the values becomes that of the weights."""
        self.back(values, self.both.data_ptr(), weights)


class Convolved:
    """(x, filters, bias if any, result): maps (N, C, H, W), channels-last, by filters (values, values, C, K)."""

    def __init__(self, x: Shape, k: int, rows: Axis, columns: Axis, by: Layout, bias: bool, relu: bool):
        n, c, *_ = x

        def part(pictures: int) -> ConvolvedPart:
            return ConvolvedPart(*(Grid(pictures, each, rows, columns) for each in (c, k)), by, bias, relu)

        self.parts = portions(n, fitting(rows, columns, c, k), part)

    def __call__(self, x: int, filters: int, *bias_and_result: int) -> None:
        *bias, result = bias_and_result
        for part in self.parts:
            part(x, filters, *bias, result)
            x, result = x + part.bytes[0], result + part.bytes[1]


class ConvolvedPart:
    """(x, filters, bias if any, result): the results of some pictures."""

    def __init__(self, come: Grid, go: Grid, by: Layout, bias: bool, relu: bool):
        self.spread, self.gather = Spread(come, come.rows.spread, come.columns.spread), Gather(go, bias, relu)
        self.multiply = multiplication(products(come, go), come.products(), by, go.products())
        self.come, self.go, self.bytes = come, go, (self.spread.bytes, self.gather.bytes)

    def __call__(self, x: int, filters: int, *bias_and_result: int) -> None:
        come, go = scratch("tiles", self.come.size), scratch("tiles of the result", self.go.size)
        self.spread(x, come)
        self.multiply(come, filters, go)
        self.gather(go, *bias_and_result)


class ToWeights:
    """(x, dy, dw): from maps and their results' gradients, channels-last, to the gradient of the weights."""

    gives_bias = False

    def __init__(self, x: Shape, filters: Filters, rows: Axis, columns: Axis):
        k, c = filters.shape[2:]

        def part(pictures: int) -> ToWeightsPart:
            return ToWeightsPart(*(Grid(pictures, each, rows, columns) for each in (c, k)), plain(filters.shape))

        self.parts, self.filters = portions(x[0], fitting(rows, columns, c, k), part), filters

    def __call__(self, x: int, dy: int, dw: int) -> None:
        total = scratch("weights", self.filters.size)
        ctypes.memset(total, 0, self.filters.size)
        for part in self.parts:
            part(x, dy, total)
            x, dy = x + part.bytes[0], dy + part.bytes[1]
        self.filters.take(total, dw)


class ToWeightsPart:
    """(x, dy, total): what some pictures add to the gradient of the filters."""

    def __init__(self, come: Grid, arrive: Grid, filters: Layout):
        self.spread = Spread(come, come.rows.spread, come.columns.spread)
        self.spread_gradient = Spread(arrive, arrive.rows.gather.T, arrive.columns.gather.T)
        what = products(come, arrive)
        left, right = transposed(arrive.products()), come.products()
        self.multiply = multiplication(what, left, right, filters, then_add(what))
        self.come, self.arrive, self.bytes = come, arrive, (self.spread.bytes, self.spread_gradient.bytes)

    def __call__(self, x: int, dy: int, total: int) -> None:
        come, arrive = scratch("tiles", self.come.size), scratch("tiles of the result", self.arrive.size)
        self.spread(x, come)
        self.spread_gradient(dy, arrive)
        self.multiply(arrive, come, total)


def products(come: Grid, go: Grid) -> What:
    return What("Winograd: products", (come.rows.values * come.columns.values, come.count, come.c), (go.c,))


def fitting(rows: Axis, columns: Axis, *channels: int) -> int:
    """How many pictures are taken at a time."""
    return max(1, TOGETHER // Grid(1, max(channels), rows, columns).size)


class Winograd:
    """What `primitives.Convolution` computes, for weights (K, C, 3, 3) that move by single pixels.

    `forward` and `to_data` give what runs and its filters: `run(x, filters.given(weights), bias if any, result)`.
    """

    def __init__(self, x: Shape, w: Shape, window: Window):
        self.x, self.w = x, w
        places = window.places(x[2:])
        self.result = (x[0], w[0], *places)
        self.axes = [axis(*each) for each in zip(x[2:], places, window.before, strict=True)]
        back = [TAPS - 1 - before for before in window.before]
        self.axes_back = [axis(*each) for each in zip(places, x[2:], back, strict=True)]
        self.tiles = x[0] * prod(each.tiles for each in self.axes)

    def forward(self, bias: bool, relu: bool) -> tuple[Convolved, Filters]:
        filters = Filters(self.w, *self.axes)
        return Convolved(self.x, self.w[0], *self.axes, transposed(plain(filters.shape)), bias, relu), filters

    def to_data(self) -> tuple[Convolved, Filters]:
        filters = Filters(self.w, *self.axes_back, flipped=True)
        return Convolved(self.result, self.w[1], *self.axes_back, plain(filters.shape), False, False), filters

    def to_weights(self) -> ToWeights:
        return ToWeights(self.x, Filters(self.w, *self.axes), *self.axes)
