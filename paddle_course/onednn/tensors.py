"""Paddle tensors in the layouts that oneDNN wants: maps channels-last, weights and blocks as a primitive asks for them.

All maps have the shape (N, C, H, W). Those made here lie channels-last in memory, as transposed views of (N, H, W, C)
tensors, which costs nothing and which Paddle's kernels read as well as any tensor, but for indexing by lists or tensors
(`y[:, [1, 0]]`): Paddle 3.3.1 answers it wrongly for every view, so what leaves a model is made `contiguous`. Maps that
come in another order (the pictures; a gradient out of Flatten) are brought into this one first.
"""

from __future__ import annotations

from collections.abc import Sequence

import paddle

from paddle_course.onednn.library import BF16, F32
from paddle_course.onednn.memory import Layout, channels_last, descriptor, plain, reorder, size_of

Tensor = paddle.Tensor
NAMES = {F32: "float32", BF16: "bfloat16"}


def precision(x: Tensor) -> int:
    return BF16 if x.dtype == paddle.bfloat16 else F32


def empty(shape: Sequence[int], dtype: int = F32) -> Tensor:
    """Maps of shape (N, C, H, W), lying N, H, W, C."""
    n, c, h, w = shape
    return paddle.empty([n, h, w, c], NAMES[dtype]).transpose([0, 3, 1, 2])


def lies_channels_last(x: Tensor) -> bool:
    """Whether each pixel's channels are neighbours; where a side is 1 long, its distance does not matter."""
    shape, have = x.shape, tuple(x.strides)
    wanted = channels_last(shape).strides
    return have == wanted or all(a == b or n == 1 for n, a, b in zip(shape, have, wanted, strict=True))


def laid(x: Tensor, dtype: int) -> Tensor:
    """`x` channels-last and in the given precision: itself where it already is."""
    return x if precision(x) == dtype and lies_channels_last(x) else moved(x, channels_last(tuple(x.shape), dtype))


def moved(x: Tensor, target: Layout) -> Tensor:
    """The numbers of `x` in another layout; maps if that is channels-last, otherwise the bytes that it takes."""
    shape, own = tuple(x.shape), precision(x)
    have = channels_last(shape, own) if lies_channels_last(x) else plain(shape, own)
    x = x if lies_channels_last(x) else x.contiguous()
    y = room(target)
    reorder(have, target)(x.data_ptr(), y.data_ptr())
    return y


def room(layout: Layout) -> Tensor:
    """Maps to be written where `layout` is channels-last, otherwise the bytes that it takes."""
    if layout.strides:
        return empty(layout.shape, layout.dtype)
    return paddle.empty([size_of(descriptor(layout))], "uint8")


def arranged(x: Tensor, layout: Layout) -> Tensor:
    """`x` in the layout that a primitive asks for."""
    return laid(x, layout.dtype) if layout.strides else moved(x, layout)


def maps(y: Tensor, layout: Layout) -> Tensor:
    """What a primitive wrote in `layout`, as channels-last maps."""
    if layout.strides:
        return y
    x = empty(layout.shape, layout.dtype)
    reorder(layout, channels_last(layout.shape, layout.dtype))(y.data_ptr(), x.data_ptr())
    return x


def over_places(x: Tensor) -> Tensor:
    """The sum of channels-last float32 maps over N, H and W, as a product of matrices, for which there is fast code."""
    rows = x.transpose([0, 2, 3, 1]).reshape([-1, x.shape[1]])
    return paddle.matmul(paddle.ones([1, rows.shape[0]]), rows)[0]


def view(x: Tensor) -> Tensor:
    """Another tensor over the same numbers. A full slice would be the same one, and count as changed in place."""
    return paddle.as_strided(x, x.shape, x.strides, x.offset)
