"""Shapes and settings -> oneDNN primitives, each made once and kept: convolution, batch norm, pooling, ReLU, addition.

A primitive is one computation for one shape. Its maps lie channels-last in memory (N, H, W, C) though their shape is
told as (N, C, H, W), as in Paddle; a convolution's weights take whatever layout its implementation likes best.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import NamedTuple

import paddle

from paddle_course.onednn import library as dnn
from paddle_course.onednn.library import BF16, F32, Argument, Dims, Handle, create

KEPT = 1024  # primitives of one kind; the least recently used goes
Shape = tuple[int, ...]


class Layout(NamedTuple):
    """How a tensor lies in memory: shape, distances in elements, dnnl_data_type_t."""

    shape: Shape
    strides: Shape
    dtype: int = F32


def plain(shape: Shape, dtype: int = F32) -> Layout:
    """Row after row, the last dimension innermost: Paddle's usual order, for maps N, C, H, W."""
    strides = [1]
    for size in reversed(shape[1:]):
        strides.insert(0, strides[0] * max(size, 1))
    return Layout(shape, tuple(strides), dtype)


def channels_last(shape: Shape, dtype: int = F32) -> Layout:
    """Maps of shape (N, C, H, W) lying N, H, W, C."""
    _, c, h, w = shape
    return Layout(shape, (h * w * c, 1, w * c, c), dtype)


@functools.lru_cache(KEPT)
def descriptor(layout: Layout) -> Handle:
    shape, strides, dtype = layout
    return create(f"{shape}", "memory_desc_create_with_strides", len(shape), Dims(*shape), dtype, Dims(*strides))


@functools.lru_cache(KEPT)
def any_layout(shape: Shape, dtype: int) -> Handle:
    return create(f"{shape}", "memory_desc_create_with_tag", len(shape), Dims(*shape), dtype, dnn.ANY)


class Primitive:
    """One computation with a place for each argument; `primitive(*addresses)` puts them there and runs it."""

    def __init__(self, what: str, description: Handle, arguments: Mapping[int, Handle]):
        lib = dnn.library()
        self.what, self.stream = what, dnn.stream()
        self.handle = create(what, "primitive", description)
        self.memories = [create(what, "memory", each, dnn.engine(), None) for each in arguments.values()]
        pairs = (Argument(index, memory.value) for index, memory in zip(arguments, self.memories, strict=True))
        self.table = (Argument * len(self.memories))(*pairs)
        self.point, self.execute = lib.dnnl_memory_set_data_handle, lib.dnnl_primitive_execute

    def __call__(self, *addresses: int) -> None:
        for memory, address in zip(self.memories, addresses, strict=True):
            self.point(memory, address)
        status = self.execute(self.handle, self.stream, len(addresses), self.table)
        if status:
            dnn.check(status, "dnnl_primitive_execute", self.what)


def query(description: Handle, which: int) -> Handle:
    """A memory descriptor that belongs to `description`."""
    return dnn.library().dnnl_primitive_desc_query_md(description, which, 0)


def size_of(description: Handle) -> int:
    """Bytes."""
    return dnn.library().dnnl_memory_desc_get_size(description)


def reorder_between(what: str, source: Handle, target: Handle) -> Primitive:
    made = create(what, "reorder_primitive_desc", source, dnn.engine(), target, dnn.engine(), None)
    return Primitive(what, made, {dnn.SRC: source, dnn.DST: target})


@functools.lru_cache(KEPT)
def reorder(source: Layout, target: Layout) -> Primitive:
    """(source, target) -> the same numbers in another order, or another precision."""
    return reorder_between(f"reorder {source} to {target}", descriptor(source), descriptor(target))


def then_relu(what: str) -> Handle:
    """The attribute of a primitive whose result is passed through ReLU before it is written."""
    after, attribute = create(what, "post_ops"), create(what, "primitive_attr")
    lib = dnn.library()
    dnn.check(lib.dnnl_post_ops_append_eltwise(after, dnn.RELU, 0.0, 0.0), "dnnl_post_ops_append_eltwise", what)
    dnn.check(lib.dnnl_primitive_attr_set_post_ops(attribute, after), "dnnl_primitive_attr_set_post_ops", what)
    return attribute


_scratch: dict[str, paddle.Tensor] = {}


def scratch(slot: str, size: int) -> int:
    """The address of `size` bytes that last until the next primitive with the same slot; the room only grows."""
    if slot not in _scratch or _scratch[slot].shape[0] < size:
        _scratch[slot] = paddle.empty([size], "uint8")
    return _scratch[slot].data_ptr()


class Weights:
    """A convolution's weights on their way between Paddle's layout and the one its primitive chose.

    `given(address)` is where the primitive finds the weights that Paddle has at `address`. The primitive writes their
    gradient to `taken(address)`, and `take(address)` then brings it to where Paddle wants it.
    """

    def __init__(self, paddles: Layout, chosen: Handle, gradient: bool = False):
        lib, own, what = dnn.library(), descriptor(paddles), f"reorder weights {paddles.shape}"
        self.size, self.reorder = size_of(chosen), None
        if not lib.dnnl_memory_desc_equal(own, chosen):
            self.reorder = reorder_between(what, *((chosen, own) if gradient else (own, chosen)))

    def given(self, address: int) -> int:
        if self.reorder is None:
            return address
        place = scratch("weights", self.size)
        self.reorder(address, place)
        return place

    def taken(self, address: int) -> int:
        return address if self.reorder is None else scratch("weights", self.size)

    def take(self, address: int) -> None:
        if self.reorder is not None:
            self.reorder(scratch("weights", self.size), address)


class Window(NamedTuple):
    """How a kernel moves over a map; pairs of (height, width). A dilation of 1 is none."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    before: tuple[int, int]
    after: tuple[int, int]
    dilation: tuple[int, int] = (1, 1)

    def places(self, size: tuple[int, int]) -> tuple[int, int]:
        """Height and width of the result, from those of the map."""
        return tuple(
            (n + before + after - dilation * (k - 1) - 1) // stride + 1
            for n, k, stride, before, after, dilation in zip(size, *self, strict=True)
        )

    def dims(self) -> list[Dims]:
        """As oneDNN's convolutions want it: strides, dilations counted from 0, padding before and after."""
        gaps = [each - 1 for each in self.dilation]
        return [Dims(*each) for each in (self.stride, gaps, self.before, self.after)]


class Convolution:
    """dst = src * weights (+ bias, then ReLU if asked for), and for training its two gradients.

    https://uxlfoundation.github.io/oneDNN/v3.6/dev_guide_convolution.html. In bf16 the maps and weights that are read
    are bfloat16, and all that is written is float32.
    """

    def __init__(self, x: Shape, w: Shape, window: Window, groups: int, bias: bool, dtype: int, relu: bool, train: bool):
        what = f"convolution of {x} with {w}, {window}, groups {groups}, {'bf16' if dtype == BF16 else 'f32'}"
        self.result = (x[0], w[0], *window.places(x[2:]))
        grouped = (groups, w[0] // groups, *w[1:]) if groups > 1 else w
        read, wrote = descriptor(channels_last(x, dtype)), descriptor(channels_last(self.result))
        biases, moves = descriptor(plain((w[0],))) if bias else None, window.dims()
        kind = (dnn.engine(), dnn.CONVOLUTION_DIRECT)

        free = any_layout(grouped, dtype)
        attribute = then_relu(what) if relu else None
        made = create(
            what, "convolution_forward_primitive_desc",
            dnn.engine(), dnn.FORWARD_TRAINING, dnn.CONVOLUTION_DIRECT, read, free, biases, wrote, *moves, attribute,
        )  # fmt: skip
        chosen = query(made, dnn.QUERY_WEIGHTS)
        extra = {dnn.BIAS: biases} if bias else {}
        self.weights = Weights(plain(grouped), chosen)
        self.forward = Primitive(what, made, {dnn.SRC: read, dnn.WEIGHTS: chosen, **extra, dnn.DST: wrote})
        if not train:
            return

        hint = made
        if relu:  # backward knows nothing of the ReLU
            hint = create(
                what, "convolution_forward_primitive_desc",
                dnn.engine(), dnn.FORWARD_TRAINING, dnn.CONVOLUTION_DIRECT, read, free, biases, wrote, *moves, None,
            )  # fmt: skip
        arriving, leaving = descriptor(channels_last(self.result, dtype)), descriptor(channels_last(x))
        made = create(
            what, "convolution_backward_weights_primitive_desc",
            *kind, read, any_layout(grouped, F32), biases, arriving, *moves, hint, None,
        )  # fmt: skip
        chosen = query(made, dnn.QUERY_DIFF_WEIGHTS)
        extra = {dnn.DIFF_BIAS: biases} if bias else {}
        self.weights_gradient = Weights(plain(grouped), chosen, gradient=True)
        self.to_weights = Primitive(
            what, made, {dnn.SRC: read, dnn.DIFF_DST: arriving, dnn.DIFF_WEIGHTS: chosen, **extra}
        )
        made = create(
            what, "convolution_backward_data_primitive_desc", *kind, leaving, free, arriving, *moves, hint, None
        )
        chosen = query(made, dnn.QUERY_WEIGHTS)
        self.weights_back = Weights(plain(grouped), chosen)
        self.to_data = Primitive(what, made, {dnn.WEIGHTS: chosen, dnn.DIFF_DST: arriving, dnn.DIFF_SRC: leaving})


class Normalization:
    """Batch norm over N, H and W, then ReLU if asked for; `given` means with given mean and variance, not the batch's.

    https://uxlfoundation.github.io/oneDNN/v3.6/dev_guide_batch_normalization.html
    """

    def __init__(self, x: Shape, epsilon: float, given: bool, relu: bool, train: bool):
        what = f"batch norm of {x}"
        maps, channels = descriptor(channels_last(x)), descriptor(plain((x[1],)))
        flags = dnn.USE_SCALE | dnn.USE_SHIFT | given * dnn.USE_GLOBAL_STATS | relu * dnn.FUSE_NORM_RELU
        kind = dnn.FORWARD_TRAINING if train or not given else dnn.FORWARD_INFERENCE
        hint = create(
            what, "batch_normalization_forward_primitive_desc", dnn.engine(), kind, maps, maps, epsilon, flags, None
        )
        kept, self.kept = {}, 0  # where ReLU let something through
        if relu and kind == dnn.FORWARD_TRAINING:
            kept = {dnn.WORKSPACE: query(hint, dnn.QUERY_WORKSPACE)}
            self.kept = size_of(kept[dnn.WORKSPACE])
        of_batch = {dnn.MEAN: channels, dnn.VARIANCE: channels}
        affine = {dnn.SCALE: channels, dnn.SHIFT: channels}
        self.forward = Primitive(what, hint, {dnn.SRC: maps, **affine, **of_batch, dnn.DST: maps, **kept})
        if not train:
            return
        made = create(
            what, "batch_normalization_backward_primitive_desc",
            dnn.engine(), dnn.BACKWARD, maps, maps, maps, epsilon, flags, hint, None,
        )  # fmt: skip
        gradients = {dnn.DIFF_SRC: maps, dnn.DIFF_SCALE: channels, dnn.DIFF_SHIFT: channels}
        self.backward = Primitive(
            what, made, {dnn.SRC: maps, dnn.SCALE: channels, **of_batch, dnn.DIFF_DST: maps, **gradients, **kept}
        )


class Pooling:
    """The largest or the mean value under a window: https://uxlfoundation.github.io/oneDNN/v3.6/dev_guide_pooling.html"""

    def __init__(self, x: Shape, window: Window, result: Shape, kind: int, train: bool):
        what = f"pooling of {x}, {window}"
        maps, pooled = descriptor(channels_last(x)), descriptor(channels_last(result))
        stride, gaps, before, after = window.dims()
        moves = stride, Dims(*window.kernel), gaps, before, after
        direction = dnn.FORWARD_TRAINING if train else dnn.FORWARD_INFERENCE
        hint = create(
            what, "pooling_forward_primitive_desc", dnn.engine(), direction, kind, maps, pooled, *moves, None
        )
        kept, self.kept = {}, 0  # where the largest value stood
        if train and kind == dnn.POOLING_MAX:
            kept = {dnn.WORKSPACE: query(hint, dnn.QUERY_WORKSPACE)}
            self.kept = size_of(kept[dnn.WORKSPACE])
        self.forward = Primitive(what, hint, {dnn.SRC: maps, dnn.DST: pooled, **kept})
        if train:
            made = create(
                what, "pooling_backward_primitive_desc", dnn.engine(), kind, maps, pooled, *moves, hint, None
            )
            self.backward = Primitive(what, made, {dnn.DIFF_DST: pooled, dnn.DIFF_SRC: maps, **kept})


class Relu:
    """max(x, 0) over `size` numbers in a row; https://uxlfoundation.github.io/oneDNN/v3.6/dev_guide_eltwise.html"""

    def __init__(self, size: int):
        what, row = f"ReLU of {size}", descriptor(plain((size,)))
        hint = create(
            what, "eltwise_forward_primitive_desc",
            dnn.engine(), dnn.FORWARD_TRAINING, dnn.RELU_BY_RESULT, row, row, 0.0, 0.0, None,
        )  # fmt: skip
        self.forward = Primitive(what, hint, {dnn.SRC: row, dnn.DST: row})
        made = create(
            what, "eltwise_backward_primitive_desc",
            dnn.engine(), dnn.RELU_BY_RESULT, row, row, row, 0.0, 0.0, hint, None,
        )  # fmt: skip
        self.backward = Primitive(what, made, {dnn.DST: row, dnn.DIFF_DST: row, dnn.DIFF_SRC: row})


@functools.lru_cache(KEPT)
def addition(size: int, relu: bool) -> Primitive:
    """a + b over `size` numbers, then ReLU; https://uxlfoundation.github.io/oneDNN/v3.6/dev_guide_binary.html"""
    what, row = f"addition of {size}", descriptor(plain((size,)))
    attribute = then_relu(what) if relu else None
    made = create(what, "binary_primitive_desc", dnn.engine(), dnn.BINARY_ADD, row, row, row, attribute)
    return Primitive(what, made, {dnn.SRC: row, dnn.SRC_1: row, dnn.DST: row})


convolution = functools.lru_cache(KEPT)(Convolution)
normalization = functools.lru_cache(KEPT)(Normalization)
pooling = functools.lru_cache(KEPT)(Pooling)
rectifier = functools.lru_cache(KEPT)(Relu)
