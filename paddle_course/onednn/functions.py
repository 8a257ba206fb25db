"""Paddle tensors -> Paddle tensors, computed by oneDNN, with their gradients: what the accelerated layers call.

oneDNN is given bare addresses, so whatever it reads or writes is held in a local name until it has run, and whatever
the gradient needs is held by the PyLayer's context, which Paddle drops after the backward pass - after the first one:
through any PyLayer, Paddle 3.3.1 crashes in a second pass, even if `retain_graph` was asked for, and it takes gradients
of gradients for nothing; `Once` and `gradient` refuse them. Nor can `paddle.grad` go back through one that has weights,
and what a hook on a result makes of its gradient is not used. `restore` the model first where one of these is needed;
`backward` does all the rest.

A result that the context keeps is kept detached: as it is, it would hold the context in turn, for ever. What is changed
in place between the two passes would make a wrong gradient; `gradient` refuses that, too, as Paddle does. Only
`contiguous`, which moves a tensor's numbers and those of its detached copies in place, is made good by `laid`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import paddle
from paddle.autograd import PyLayer

from paddle_course.onednn import primitives
from paddle_course.onednn.library import BY_RESULT, RELU_BY_RESULT
from paddle_course.onednn.memory import ALONE, Shape
from paddle_course.onednn.primitives import Window
from paddle_course.onednn.tensors import arranged, empty, laid, maps, over_places, precision, room, view

Tensor = paddle.Tensor
FOR_STOCK = "is for stock layers: onednn.restore(model) first, or --accelerate off"


def remember(ctx: Any, *tensors: Tensor) -> None:
    """The gradient needs these as they are now."""
    ctx.remembered = [(each, each.inplace_version) for each in tensors]


def gradient(backward: Callable) -> Callable:
    """A `backward` that refuses what would be wrong.

    RuntimeError, which Paddle passes on as an OSError, if a tensor that was remembered has been changed in place, or if
    gradients of these gradients are wanted.
    """

    @functools.wraps(backward)
    def checked(ctx: Any, *dy: Tensor) -> Any:
        if any(each.inplace_version != version for each, version in getattr(ctx, "remembered", ())):
            raise RuntimeError("a tensor that the gradient needs was changed in place after the forward pass")
        if paddle.is_grad_enabled():  # it is within a backward pass only if that makes a graph of its own
            raise RuntimeError(f"a gradient of a gradient {FOR_STOCK}")
        return backward(ctx, *dy)

    return checked


class Cast(PyLayer):
    """x -> x in another precision; its gradient comes back in x's."""

    @staticmethod
    def forward(ctx, x: Tensor, dtype: int):
        if ctx is not None:
            ctx.own = precision(x)
        return laid(x, dtype)

    @staticmethod
    @gradient
    def backward(ctx, dy: Tensor):
        return laid(dy, ctx.own)


class Convolve(PyLayer):
    """(x, w, bias or None) -> conv2d(x, w) + bias, then ReLU if asked for; multiplied in `dtype`, given out in `gives`.

    Weights, bias and their gradients are float32 in any case.
    """

    @staticmethod
    def forward(
        ctx, x: Tensor, w: Tensor, bias: Tensor | None, window: Window, groups: int, dtype: int, gives: int, relu: bool
    ):
        train, biased = ctx is not None, bias is not None
        types = primitives.Types(precision(x), dtype, gives)
        conv = primitives.convolution(tuple(x.shape), tuple(w.shape), window, groups, biased, types, relu, train)
        read, w, y = laid(x, dtype), w.contiguous(), empty(conv.result, gives)
        biases = [bias.data_ptr()] if biased else []
        with ALONE:
            conv.forward(read.data_ptr(), conv.weights.given(w.data_ptr()), *biases, y.data_ptr())
        if train:
            ctx.conv, ctx.types, ctx.shape = conv, types, x.shape
            ctx.x, ctx.w, ctx.y = read, w, y.detach() if relu else None
            remember(ctx, read, w, *([ctx.y] if relu else []))
            ctx.wanted = [each is not None and not each.stop_gradient for each in (x, w, bias)]
            ctx.biased = biased
        return y

    @staticmethod
    @gradient
    def backward(ctx, dy: Tensor):
        conv, (for_x, for_w, for_bias) = ctx.conv, ctx.wanted
        if ctx.y is not None:
            dy = before(RELU_BY_RESULT, ctx.y, dy)
        x, dy, dx, dw, db = laid(ctx.x, ctx.types.within), laid(dy, ctx.types.within), None, None, None
        own = conv.to_weights.gives_bias
        if for_w or (for_bias and own):
            dw = paddle.empty(ctx.w.shape, "float32")
            db = paddle.empty([ctx.w.shape[0]], "float32") if ctx.biased and own else None
            with ALONE:
                conv.to_weights(*(each.data_ptr() for each in (x, dy, dw, db) if each is not None))
        if for_bias and not own:
            db = over_places(dy)
        if for_x:
            dx = empty(ctx.shape, ctx.types.x)
            with ALONE:
                conv.to_data(dy.data_ptr(), conv.weights_back.given(ctx.w.data_ptr()), dx.data_ptr())
        gradients = (dx, dw if for_w else None)
        return (*gradients, db if for_bias else None) if ctx.biased else gradients


class Normalize(PyLayer):
    """(x, scale, shift) -> batch norm of x, then ReLU if asked for; also returns mean and variance.

    `given` is the mean and variance to use; None: the batch's own, of which the variance is the biased one.
    """

    @staticmethod
    def forward(
        ctx, x: Tensor, scale: Tensor, shift: Tensor, given: Sequence[Tensor] | None, epsilon: float, relu: bool
    ):
        train, dtype = ctx is not None, precision(x)
        norm = primitives.normalization(tuple(x.shape), epsilon, given is not None, dtype, relu, train)
        wanted = [not each.stop_gradient for each in (x, scale, shift)]  # of `x` itself: a copy wants none
        x, y = arranged(x, norm.layout), room(norm.layout)
        mean, variance = given or (paddle.empty_like(scale), paddle.empty_like(scale))
        kept = [paddle.empty([norm.kept], "uint8")] if norm.kept else []
        norm.forward(*(each.data_ptr() for each in (x, scale, shift, mean, variance, y, *kept)))
        if train:
            ctx.norm, ctx.wanted, ctx.kept = norm, wanted, kept
            ctx.tensors = (x, scale, mean.detach(), variance.detach())
            remember(ctx, x, scale)
        y = maps(y, norm.layout)
        return y if given else (y, mean, variance)

    @staticmethod
    @gradient
    def backward(ctx, dy: Tensor, *_: Tensor):
        (x, scale, mean, variance), layout = ctx.tensors, ctx.norm.layout
        x, dy, dx = laid(x, layout.dtype) if layout.strides else x, arranged(dy, layout), room(layout)
        of_affine = paddle.empty_like(scale), paddle.empty_like(scale)
        places = (x, scale, mean, variance, dy, dx, *of_affine, *ctx.kept)
        ctx.norm.backward(*(each.data_ptr() for each in places))
        gradients = maps(dx, layout), *of_affine
        return tuple(each if wanted else None for each, wanted in zip(gradients, ctx.wanted, strict=True))


class Pool(PyLayer):
    """x -> the largest or the mean value under the window, wherever it stands."""

    @staticmethod
    def forward(ctx, x: Tensor, window: Window, result: Shape, kind: int):
        train, dtype = ctx is not None, precision(x)
        pool = primitives.pooling(tuple(x.shape), window, result, kind, dtype, train)
        x, y = laid(x, dtype), empty(result, dtype)
        kept = [paddle.empty([pool.kept], "uint8")] if pool.kept else []
        pool.forward(*(each.data_ptr() for each in (x, y, *kept)))
        if train:
            ctx.pool, ctx.kept, ctx.shape, ctx.dtype = pool, kept, x.shape, dtype
        return y

    @staticmethod
    @gradient
    def backward(ctx, dy: Tensor):
        dy, dx = laid(dy, ctx.dtype), empty(ctx.shape, ctx.dtype)
        ctx.pool.backward(*(each.data_ptr() for each in (dy, dx, *ctx.kept)))
        return dx


class Activate(PyLayer):
    """ReLU, sigmoid or GELU of each value; `kind` is oneDNN's."""

    @staticmethod
    def forward(ctx, x: Tensor, kind: int):
        dtype = precision(x)
        x, y = laid(x, dtype), empty(x.shape, dtype)
        primitives.activation(kind, prod(x.shape), dtype).forward(x.data_ptr(), y.data_ptr())
        if ctx is not None:
            ctx.kind, ctx.known = kind, y.detach() if kind in BY_RESULT else x
            remember(ctx, ctx.known)
        return y

    @staticmethod
    @gradient
    def backward(ctx, dy: Tensor):
        return before(ctx.kind, ctx.known, dy)


def before(kind: int, known: Tensor, dy: Tensor) -> Tensor:
    """The gradient in front of an activation, from its result or its input."""
    dtype = precision(known)
    known, dy, dx = laid(known, dtype), laid(dy, dtype), empty(known.shape, dtype)
    function = primitives.activation(kind, prod(known.shape), dtype)
    function.backward(known.data_ptr(), dy.data_ptr(), dx.data_ptr())
    return dx


class Fork(PyLayer):
    """x -> x, x. The two gradients are added here, channels-last; Paddle would bring them into its own order first."""

    @staticmethod
    def forward(ctx, x: Tensor):
        return view(x), view(x)

    @staticmethod
    @gradient
    def backward(ctx, da: Tensor, db: Tensor):
        return added(da, db, relu=False)


class Beside(PyLayer):
    """(a, b) -> the channels of a and behind them those of b; both of one precision."""

    @staticmethod
    def forward(ctx, a: Tensor, b: Tensor):
        dtype = precision(a)
        pixels = [laid(each, dtype).transpose([0, 2, 3, 1]) for each in (a, b)]  # each pixel's channels in a row
        if ctx is not None:
            ctx.counts, ctx.dtype = [a.shape[1], b.shape[1]], dtype
            ctx.wanted = [not each.stop_gradient for each in (a, b)]
        return paddle.concat(pixels, axis=3).transpose([0, 3, 1, 2])

    @staticmethod
    @gradient
    def backward(ctx, dy: Tensor):
        parts = paddle.split(laid(dy, ctx.dtype).transpose([0, 2, 3, 1]), ctx.counts, axis=3)
        pairs = zip(parts, ctx.wanted, strict=True)
        return tuple(part.contiguous().transpose([0, 3, 1, 2]) if wanted else None for part, wanted in pairs)


class Join(PyLayer):
    """(a, b) -> relu(a + b)."""

    @staticmethod
    def forward(ctx, a: Tensor, b: Tensor):
        y = added(a, b, relu=True)
        if ctx is not None:
            ctx.y, ctx.wanted = y.detach(), [not each.stop_gradient for each in (a, b)]
            remember(ctx, ctx.y)
        return y

    @staticmethod
    @gradient
    def backward(ctx, dy: Tensor):
        dx = before(RELU_BY_RESULT, ctx.y, dy)
        # Paddle's own gradients may be written over the one that they are given, if it lies in Paddle's order.
        views = dx, dx.clone() if dx.is_contiguous() else view(dx)
        return tuple(each if wanted else None for each, wanted in zip(views, ctx.wanted, strict=True))


def added(a: Tensor, b: Tensor, relu: bool) -> Tensor:
    """a + b, of one precision."""
    dtype = precision(a)
    a, b, y = laid(a, dtype), laid(b, dtype), empty(a.shape, dtype)
    primitives.addition(prod(a.shape), dtype, relu)(a.data_ptr(), b.data_ptr(), y.data_ptr())
    return y


class Once:
    """A hook on a result that lets a gradient by, and no second one: hooks come before the PyLayer that would crash."""

    def __init__(self) -> None:
        self.passed = False

    def __call__(self, dy: Tensor) -> None:
        if self.passed:
            raise RuntimeError(f"a second backward pass through the same graph {FOR_STOCK}")
        self.passed = True


def call(function: type[PyLayer], *arguments: object) -> Tensor | tuple[Tensor, ...]:
    """Apply `function`; where nobody can ask for a gradient, without the bookkeeping for one: its context is None."""
    if paddle.is_grad_enabled() and any(isinstance(a, Tensor) and not a.stop_gradient for a in arguments):
        y = function.apply(*arguments)
        for each in y if isinstance(y, tuple) else [y]:
            each.register_hook(Once())
        return y
    return function.forward(None, *arguments)
