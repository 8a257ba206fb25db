"""The gradient of a convolution's weights, worked out as a convolution: for AVX2, where oneDNN's own code is slower.

    dw[k, c, i, j] = sum over pictures n and places (h, w) of x[n, c, s h + d i - p, s w + d j - p] dy[n, k, h, w]

with stride s, dilation d and padding p. Read in another way, this is a convolution forward: the input channels are its
pictures, the pictures are its channels, and `dy` are its kernels, as large as a map; its result has as many pixels as
the kernels that are learned, its stride is the dilation, its dilation the stride.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

from paddle_course.onednn import library as dnn
from paddle_course.onednn.library import F32, Dims, create
from paddle_course.onednn.memory import (
    Layout,
    Primitive,
    Shape,
    What,
    any_layout,
    descriptor,
    implementation,
    in_blocks,
    portions,
    query,
    reorder,
    reorder_between,
    scratch,
    size_of,
    then_add,
)

if TYPE_CHECKING:
    from paddle_course.onednn.primitives import Window

# Where it is faster, by measurement: python -m benchmarks.convolutions
FEWEST, LARGEST = 16, 16 * 16  # channels of either side; pixels of a result
TOGETHER = 1 << 18  # bytes of `dy` that are taken at a time, so that they stay in the cache
BLOCK = 8  # pictures that are taken at a time are a multiple of this, as channels are of oneDNN's blocks


def exchanged(x: Shape, w: Shape, window: Window, groups: int) -> Exchanged | None:
    """What is to be taken in place of oneDNN's own gradient of float32 weights `w` for maps `x`, where it is faster."""
    pixels = prod(window.places(x[2:]))
    if dnn.vector() != BLOCK or groups > 1 or prod(w[2:]) == 1 or min(w[:2]) < FEWEST or pixels > LARGEST:
        return None
    found = Exchanged(x, w, window)
    return found if found.compiled else None


class Exchanged:
    """(x, dy, dw): from the addresses of maps and of their results' gradients, channels-last, to that of the weights'.

    Some pictures are taken at a time; what they give is added up.
    """

    gives_bias = False

    def __init__(self, x: Shape, w: Shape, window: Window):
        n, c, *size = x
        k, taps = w[0], w[2] * w[3]
        fitting = TOGETHER // (4 * k * prod(window.places(size))) // BLOCK * BLOCK
        self.parts = portions(n, max(fitting, BLOCK), lambda count: Part((count, *x[1:]), w, window))
        self.compiled = all(part.compiled for part in self.parts)
        total = in_blocks((c, k, *w[2:]))
        self.size = size_of(descriptor(total))
        self.finish = reorder(total, Layout(total.shape, (taps, c * taps, w[3], 1)))

    def __call__(self, x: int, dy: int, dw: int) -> None:
        total = scratch("sum", self.size)
        ctypes.memset(total, 0, self.size)
        for part in self.parts:
            part(x, dy, total)
            x, dy = x + part.bytes[0], dy + part.bytes[1]
        self.finish(total, dw)


class Part:
    """What some pictures add to the gradient of the weights."""

    def __init__(self, x: Shape, w: Shape, window: Window):
        what = What("gradient of weights", x, (w, window))
        n, c, height, width = x
        k, kernel = w[0], window.places((height, width))
        sides, moves = movement((height, width), kernel, window)
        maps, gradient = in_blocks((c, n, *sides)), descriptor(in_blocks((c, k, *w[2:])))
        kind = dnn.engine(), dnn.FORWARD_INFERENCE, dnn.CONVOLUTION_DIRECT
        layouts = descriptor(maps), any_layout((k, n, *kernel), F32), None, gradient
        made = create(what, "convolution_forward_primitive_desc", *kind, *layouts, *moves, then_add(what))
        self.compiled = implementation(made).startswith("jit")  # its code for everything, "ref", is very slow
        chosen = query(made, dnn.QUERY_WEIGHTS)
        given = seen_across((n, k, *kernel), kernel)
        self.turn_maps = reorder(seen_across(x, sides), maps)
        self.turn_gradients = reorder_between(What("reorder weights", given.shape), descriptor(given), chosen)
        self.convolve = Primitive(what, made, {dnn.SRC: descriptor(maps), dnn.WEIGHTS: chosen, dnn.DST: gradient})
        self.room = size_of(descriptor(maps)), size_of(chosen)
        self.bytes = 4 * prod(x), 4 * prod(given.shape)

    def __call__(self, x: int, dy: int, total: int) -> None:
        maps, kernels = scratch("maps", self.room[0]), scratch("kernels", self.room[1])
        self.turn_maps(x, maps)
        self.turn_gradients(dy, kernels)
        self.convolve(maps, kernels, total)


def seen_across(shape: Shape, sides: Sequence[int]) -> Layout:
    """Maps (N, C, H, W) that lie channels-last, as maps (C, N, *sides): of larger ones the upper left part."""
    n, c, height, width = shape
    return Layout((c, n, *sides), (1, height * width * c, width * c, c))


def movement(size: Sequence[int], kernel: Sequence[int], window: Window) -> tuple[list[int], list[Dims]]:
    """How many rows and columns of the maps the exchanged kernels reach, and how these move."""
    reach = [
        stride * (places - 1) + dilation * (taps - 1) + 1 - before
        for stride, places, dilation, taps, before in zip(
            window.stride, kernel, window.dilation, window.kernel, window.before, strict=True
        )
    ]
    sides = [min(side, end) for side, end in zip(size, reach, strict=True)]
    after = [end - side for side, end in zip(sides, reach, strict=True)]
    gaps = [stride - 1 for stride in window.stride]
    return sides, [Dims(*each) for each in (window.dilation, gaps, window.before, after)]
