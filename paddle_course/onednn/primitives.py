"""Shapes and settings -> oneDNN primitives, each made once and kept: convolution, batch norm, pooling, ReLU, addition.

A primitive is one computation for one shape. Its maps lie channels-last in memory (N, H, W, C) though their shape is
told as (N, C, H, W), as in Paddle; a convolution's weights take whatever layout its implementation likes best.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import NamedTuple

from paddle_course.onednn import library as dnn
from paddle_course.onednn.exchange import exchanged
from paddle_course.onednn.library import BF16, F32, Dims, Handle, create
from paddle_course.onednn.memory import (
    KEPT,
    Layout,
    Primitive,
    Shape,
    Weights,
    What,
    any_layout,
    channels_last,
    descriptor,
    implementation,
    in_blocks,
    plain,
    query,
    size_of,
    then_relu,
)
from paddle_course.onednn.winograd import faster


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


class Types(NamedTuple):
    """The precisions of a convolution: of the maps that come, of its products, of the maps that go."""

    x: int
    within: int
    gives: int


class ToWeights:
    """(x, dy, dw, db if there is a bias): addresses; oneDNN's own gradients of a convolution's weights and bias."""

    gives_bias = True

    def __init__(self, what: What, made: Handle, paddles: Layout, maps: Mapping[int, Handle], bias: Handle | None):
        chosen = query(made, dnn.QUERY_DIFF_WEIGHTS)
        self.weights = Weights(paddles, chosen, gradient=True)
        biases = {dnn.DIFF_BIAS: bias} if bias else {}
        self.compute = Primitive(what, made, {**maps, dnn.DIFF_WEIGHTS: chosen, **biases})

    def __call__(self, x: int, dy: int, dw: int, *db: int) -> None:
        self.compute(x, dy, self.weights.taken(dw), *db)
        self.weights.take(dw)


class Convolution:
    """dst = src * weights (+ bias, then ReLU if asked for), and for training its two gradients.

    https://uxlfoundation.github.io/oneDNN/v3.6/dev_guide_convolution.html. In bf16 the maps and weights that are read
    are bfloat16; what is written is float32, maps bfloat16 if asked for. In float32 `winograd` and `exchange` take the
    place of oneDNN's own convolution where they are faster.
    """

    def __init__(
        self, x: Shape, w: Shape, window: Window, groups: int, bias: bool, types: Types, relu: bool, train: bool
    ):
        precision = "bf16" if types.within == BF16 else "f32"
        self.what = What("convolution", x, (w, window, groups, precision))
        self.result = (x[0], w[0], *window.places(x[2:]))
        self.grouped = (groups, w[0] // groups, *w[1:]) if groups > 1 else w
        self.moves = window.dims()
        self.read = descriptor(channels_last(x, types.within))
        self.free = any_layout(self.grouped, types.within)
        self.bias = descriptor(plain((w[0],))) if bias else None
        self.gives = types.gives
        maps, weights = faster(x, w, window, groups) if set(types) == {F32} else (None, None)
        self.forward, self.weights = maps.forward(bias, relu) if maps else self.own_forward(relu)
        if train:
            arriving = descriptor(channels_last(self.result, types.within))
            leaving = descriptor(channels_last(x, types.x))
            self.to_data, self.weights_back = maps.to_data() if maps else self.own_to_data(leaving, arriving)
            other = exchanged(x, w, window, groups) if types.within == F32 and not weights else None
            self.to_weights = weights.to_weights() if weights else other or self.own_to_weights(arriving)

    def describe(self, attribute: Handle | None = None) -> Handle:
        wrote = descriptor(channels_last(self.result, self.gives))
        kind = dnn.engine(), dnn.FORWARD_TRAINING, dnn.CONVOLUTION_DIRECT
        layouts = self.read, self.free, self.bias, wrote
        return create(self.what, "convolution_forward_primitive_desc", *kind, *layouts, *self.moves, attribute)

    def own_forward(self, relu: bool) -> tuple[Primitive, Weights]:
        made = self.describe(then_relu(self.what) if relu else None)
        chosen = query(made, dnn.QUERY_WEIGHTS)
        biases = {dnn.BIAS: self.bias} if self.bias else {}
        wrote = descriptor(channels_last(self.result, self.gives))
        places = {dnn.SRC: self.read, dnn.WEIGHTS: chosen, **biases, dnn.DST: wrote}
        return Primitive(self.what, made, places), Weights(plain(self.grouped), chosen)

    @functools.cached_property
    def hint(self) -> Handle:
        """What the gradients are told of the way forward; they know nothing of the ReLU."""
        return self.describe()

    def own_to_weights(self, arriving: Handle) -> ToWeights:
        layouts = self.read, any_layout(self.grouped, F32), self.bias, arriving
        kind = dnn.engine(), dnn.CONVOLUTION_DIRECT
        name = "convolution_backward_weights_primitive_desc"
        made = create(self.what, name, *kind, *layouts, *self.moves, self.hint, None)
        self.pass_over_wrong(made)
        return ToWeights(self.what, made, plain(self.grouped), {dnn.SRC: self.read, dnn.DIFF_DST: arriving}, self.bias)

    def pass_over_wrong(self, made: Handle) -> None:
        """Take oneDNN's second choice where its first one is wrong.

        With AVX2, oneDNN 3.6.2 computes the gradient of 1 x 1 weights behind a stride from eight channels of a pixel at
        a time; where the last ones are fewer, it takes those of the next pixel as well, and writes behind its own room.
        """
        strided, channels = tuple(self.moves[0][:2]) != (1, 1), self.grouped[-3]
        if strided and channels % 8 and implementation(made) == "jit_1x1:avx2":
            dnn.check(dnn.library().dnnl_primitive_desc_next_impl(made), "dnnl_primitive_desc_next_impl", self.what)

    def own_to_data(self, leaving: Handle, arriving: Handle) -> tuple[Primitive, Weights]:
        kind, layouts = (dnn.engine(), dnn.CONVOLUTION_DIRECT), (leaving, self.free, arriving)
        name = "convolution_backward_data_primitive_desc"
        made = create(self.what, name, *kind, *layouts, *self.moves, self.hint, None)
        chosen = query(made, dnn.QUERY_WEIGHTS)
        places = {dnn.DIFF_DST: arriving, dnn.WEIGHTS: chosen, dnn.DIFF_SRC: leaving}
        return Primitive(self.what, made, places), Weights(plain(self.grouped), chosen)


class Normalization:
    """Batch norm over N, H and W, then ReLU if asked for; `given` means with given mean and variance, not the batch's.

    https://uxlfoundation.github.io/oneDNN/v3.6/dev_guide_batch_normalization.html
    """

    def __init__(self, x: Shape, epsilon: float, given: bool, dtype: int, relu: bool, train: bool):
        what = What("batch norm", x)
        # oneDNN takes the channels one after the other where they do not fill its vectors.
        self.layout = channels_last(x, dtype) if x[1] % dnn.vector() == 0 else in_blocks(x, dtype)
        maps, channels = descriptor(self.layout), descriptor(plain((x[1],)))
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

    def __init__(self, x: Shape, window: Window, result: Shape, kind: int, dtype: int, train: bool):
        what = What("pooling", x, (window,))
        maps, pooled = descriptor(channels_last(x, dtype)), descriptor(channels_last(result, dtype))
        stride, gaps, before, after = window.dims()
        moves = stride, Dims(*window.kernel), gaps, before, after
        direction = dnn.FORWARD_TRAINING if train else dnn.FORWARD_INFERENCE
        hint = create(what, "pooling_forward_primitive_desc", dnn.engine(), direction, kind, maps, pooled, *moves, None)
        kept, self.kept = {}, 0  # where the largest value stood
        if train and kind == dnn.POOLING_MAX:
            kept = {dnn.WORKSPACE: query(hint, dnn.QUERY_WORKSPACE)}
            self.kept = size_of(kept[dnn.WORKSPACE])
        self.forward = Primitive(what, hint, {dnn.SRC: maps, dnn.DST: pooled, **kept})
        if train:
            made = create(what, "pooling_backward_primitive_desc", dnn.engine(), kind, maps, pooled, *moves, hint, None)
            self.backward = Primitive(what, made, {dnn.DIFF_DST: pooled, dnn.DIFF_SRC: maps, **kept})


class Activation:
    """A function of each of `size` numbers in a row: https://uxlfoundation.github.io/oneDNN/v3.6/dev_guide_eltwise.html

    `kind` is a dnnl_alg_kind_t; its gradient is computed from the result or from the input, see `library.BY_RESULT`.
    """

    def __init__(self, kind: int, size: int, dtype: int):
        what, row = What(dnn.ACTIVATIONS[kind], (size,)), descriptor(plain((size,), dtype))
        hint = create(
            what, "eltwise_forward_primitive_desc",
            dnn.engine(), dnn.FORWARD_TRAINING, kind, row, row, 0.0, 0.0, None,
        )  # fmt: skip
        self.forward = Primitive(what, hint, {dnn.SRC: row, dnn.DST: row})
        made = create(
            what, "eltwise_backward_primitive_desc",
            dnn.engine(), kind, row, row, row, 0.0, 0.0, hint, None,
        )  # fmt: skip
        known = dnn.DST if kind in dnn.BY_RESULT else dnn.SRC
        self.backward = Primitive(what, made, {known: row, dnn.DIFF_DST: row, dnn.DIFF_SRC: row})


@functools.lru_cache(KEPT)
def addition(size: int, dtype: int, relu: bool) -> Primitive:
    """a + b over `size` numbers, then ReLU; https://uxlfoundation.github.io/oneDNN/v3.6/dev_guide_binary.html"""
    what, row = What("addition", (size,)), descriptor(plain((size,), dtype))
    attribute = then_relu(what) if relu else None
    made = create(what, "binary_primitive_desc", dnn.engine(), dnn.BINARY_ADD, row, row, row, attribute)
    return Primitive(what, made, {dnn.SRC: row, dnn.SRC_1: row, dnn.DST: row})


convolution = functools.lru_cache(KEPT)(Convolution)
normalization = functools.lru_cache(KEPT)(Normalization)
pooling = functools.lru_cache(KEPT)(Pooling)
activation = functools.lru_cache(KEPT)(Activation)
