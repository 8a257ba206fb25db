"""Paddle's layers -> how each is computed by oneDNN, and when it is not.

One function takes the place of a layer's `forward`, and for most kinds `*_problem(layer)` says what keeps a layer stock
for good (empty: nothing). Where a single call cannot be served (float64, a GPU tensor, tracing into a graph, a shape
that oneDNN refuses), that call falls back to the stock forward.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from math import prod
from typing import NamedTuple

import paddle
import paddle.nn.functional as F
from paddle import nn

from paddle_course.onednn import library as dnn
from paddle_course.onednn.functions import Activate, Cast, Convolve, Normalize, Pool, call
from paddle_course.onednn.library import F32
from paddle_course.onednn.primitives import Window

Tensor = paddle.Tensor


class NotServed(Exception):
    """A call for the stock forward; the message says why."""


class Precision(NamedTuple):
    """What convolutions multiply in, and what maps are in between two layers of one container."""

    within: int
    between: int


def fits(x: Tensor) -> bool:
    """Maps (N, C, H, W) on the CPU, not being traced; bfloat16 ones come from accelerated layers only."""
    return (
        isinstance(x, Tensor)
        and paddle.in_dynamic_mode()
        and x.ndim == 4
        and x.dtype in (paddle.float32, paddle.bfloat16)
        and x.place.is_cpu_place()
        and 0 not in x.shape
    )


@functools.cache
def tell(message: str) -> None:
    """Say once on stderr what was not accelerated in the middle of a run."""
    print(f"warning: stock Paddle instead of oneDNN: {message}", file=sys.stderr)


def tell_misfit(layer: nn.Layer, x: Tensor) -> None:
    """Say what is in the way of what `fits` refused; of a tracer nothing, which takes what is stock by intent."""
    if isinstance(x, Tensor) and paddle.in_dynamic_mode():
        empty = ", and nothing in them" if 0 in x.shape else ""
        tell(f"{type(layer).__name__} of {x.dtype} with {x.ndim} dimensions on {x.place}{empty}")


def or_stock(fast: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """`fast`, with the stock forward of the layer's class for the calls that it cannot serve; it says why instead.

    The containers ask for more than `layer(x)`: `relu` for a ReLU behind it, `low` for bfloat16 maps if any. The
    argument that Paddle calls x in most layers and input in others goes by either name.
    """

    def forward(self: nn.Layer, *maps: Tensor, relu: bool = False, low: bool = False, **named: Tensor) -> Tensor:
        (x,) = maps or named.values()
        try:
            if fits(x):
                y = fast(self, x, relu, self.onednn.between if low else F32)
                return y if low else raised(y)
            tell_misfit(self, x)
        except (NotServed, dnn.OneDNNError) as error:
            tell(str(error))
        y = type(self).forward(self, raised(x))
        return F.relu(y) if relu else y

    return forward


def raised(x: Tensor) -> Tensor:
    """Bfloat16 maps as float32, which is what everybody but accelerated layers understands; all else as it is."""
    return call(Cast, x, F32) if isinstance(x, Tensor) and x.dtype == paddle.bfloat16 else x


def pair(value: int | list[int] | tuple[int, ...]) -> tuple[int, int]:
    """One number for both sides, or one for each."""
    height, width = (value, value) if isinstance(value, int) else value
    return int(height), int(width)


def sides(padding: object) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Padding before and after, of (height, width), from the forms Paddle takes; None for other ones."""
    if isinstance(padding, int):
        padding = [padding] * 2
    if not isinstance(padding, (list, tuple)) or not all(isinstance(each, int) for each in padding):
        return None
    if len(padding) == 2:
        return tuple(padding), tuple(padding)
    if len(padding) == 4:
        top, bottom, left, right = padding
        return (top, left), (bottom, right)
    return None


def conv_problem(layer: nn.Conv2D) -> str:
    if layer._data_format != "NCHW":
        return f"data format {layer._data_format}"
    if layer._padding_mode != "zeros":
        return f"{layer._padding_mode} padding"
    if layer._padding_algorithm != "EXPLICIT" or sides(layer._updated_padding) is None:
        return f"padding {layer._padding!r}"
    if layer.weight.dtype != paddle.float32:
        return f"weights in {dtype_name(layer.weight)}"
    return ""


@or_stock
def conv(layer: nn.Conv2D, x: Tensor, relu: bool, gives: int) -> Tensor:
    before, after = sides(layer._updated_padding)
    kernel = pair(layer._kernel_size)
    # A side of one has nothing to spread, and oneDNN crashes where it is asked to.
    dilation = tuple(1 if k == 1 else d for k, d in zip(kernel, pair(layer._dilation), strict=True))
    window = Window(kernel, pair(layer._stride), before, after, dilation)
    if layer.weight.dtype != paddle.float32 or min(window.places(x.shape[2:])) < 1:
        raise NotServed(f"Conv2D of {x.shape} with weights {layer.weight.shape} in {dtype_name(layer.weight)}")
    return call(Convolve, x, layer.weight, layer.bias, window, layer._groups, layer.onednn.within, gives, relu)


def norm_problem(layer: nn.BatchNorm2D) -> str:
    if layer._data_format != "NCHW":
        return f"data format {layer._data_format}"
    if layer.weight is None or layer.bias is None:
        return "no scale or no shift"
    if layer.weight.dtype != paddle.float32:
        return f"weights in {dtype_name(layer.weight)}"
    return ""


@or_stock
def norm(layer: nn.BatchNorm2D, x: Tensor, relu: bool, gives: int) -> Tensor:
    given = layer._use_global_stats
    if given is None:
        given = not layer.training
    mean, variance = layer._mean, layer._variance
    if layer.weight.dtype != paddle.float32 or x.shape[1] != layer._num_features:
        features = f"{layer._num_features} features in {dtype_name(layer.weight)}"
        raise NotServed(f"BatchNorm2D of {x.shape} with {features}")
    if given:
        return call(Normalize, x, layer.weight, layer.bias, (mean, variance), layer._epsilon, relu)
    if not layer.training:
        raise NotServed("BatchNorm2D with the batch's statistics in evaluation, where Paddle's gradient is its own")
    if prod(x.shape) == x.shape[1]:
        raise NotServed("BatchNorm2D of a single value for each channel, which Paddle hands on as it is")
    y, *of_batch = call(Normalize, x, layer.weight, layer.bias, None, layer._epsilon, relu)
    with paddle.no_grad():
        for running, new in zip((mean, variance), of_batch, strict=True):
            running.scale_(layer._momentum).add_(new * (1 - layer._momentum))
    return y


def activation(kind_of: Callable[[nn.Layer], int]) -> Callable[..., Tensor]:
    """The forward of an activation. Only maps are worth it: behind a linear layer the values are few, and Paddle's."""

    def forward(self: nn.Layer, x: Tensor, low: bool = False) -> Tensor:
        if not fits(x):
            if isinstance(x, Tensor) and x.ndim == 4:
                tell_misfit(self, x)
            return type(self).forward(self, x)
        y = call(Activate, x, kind_of(self))
        return y if low else raised(y)

    return forward


relu = activation(lambda layer: dnn.RELU_BY_RESULT)
sigmoid = activation(lambda layer: dnn.SIGMOID_BY_RESULT)
gelu = activation(lambda layer: dnn.GELU_TANH if layer._approximate in (True, "tanh") else dnn.GELU_ERF)


def pool_problem(layer: nn.MaxPool2D | nn.AvgPool2D) -> str:
    if layer.data_format != "NCHW":
        return f"data format {layer.data_format}"
    if sides(layer.padding) is None:
        return f"padding {layer.padding!r}"
    if isinstance(layer, nn.MaxPool2D):
        return "it returns indices" if layer.return_mask else ""
    if layer.divisor is not None:
        return "its own divisor"
    if layer.ceil_mode and not layer.exclusive:
        return "ceil_mode that counts the padding"
    return ""


@or_stock
def pool(layer: nn.MaxPool2D | nn.AvgPool2D, x: Tensor, relu: bool, gives: int) -> Tensor:
    size, kernel = x.shape[2:], pair(layer.ksize)
    stride = pair(layer.stride if layer.stride is not None else layer.ksize)
    before, after = sides(layer.padding)
    result, reach = [], []
    for n, k, step, b, a in zip(size, kernel, stride, before, after, strict=True):
        # As Paddle's C++ counts (PoolOutputSize): the division cuts towards zero, so a 2x2 window on a 1x1 map gives 1.
        room = n - k + b + a + (step - 1 if layer.ceil_mode else 0)
        count = int(room / step) + 1
        last = (count - 1) * step + k - n - b  # how far the last window reaches beyond the map
        if count < 1 or max(b, last) >= k:
            raise NotServed(f"{type(layer).__name__} of {x.shape} with a window that sees nothing but padding")
        if isinstance(layer, nn.AvgPool2D) and not layer.exclusive and last > b:
            raise NotServed(f"AvgPool2D of {x.shape} with a window of which Paddle counts a part")
        result.append(count)
        reach.append(max(last, 0))
    window = Window(kernel, stride, before, tuple(reach))
    kind = dnn.POOLING_MAX
    if isinstance(layer, nn.AvgPool2D):
        kind = dnn.POOLING_AVG_EXCLUDE_PADDING if layer.exclusive else dnn.POOLING_AVG_INCLUDE_PADDING
    return call(Pool, x, window, (*x.shape[:2], *result), kind)


def adaptive_problem(layer: nn.AdaptiveAvgPool2D | nn.AdaptiveMaxPool2D) -> str:
    if isinstance(layer, nn.AdaptiveMaxPool2D):
        return "it returns indices" if layer._return_mask else ""
    return "" if layer._data_format == "NCHW" else f"data format {layer._data_format}"


@or_stock
def adaptive(layer: nn.AdaptiveAvgPool2D | nn.AdaptiveMaxPool2D, x: Tensor, relu: bool, gives: int) -> Tensor:
    wanted = layer._output_size
    if isinstance(wanted, int):
        wanted = (wanted, wanted)
    result = [n if want is None else want for n, want in zip(x.shape[2:], wanted, strict=True)]
    if any(n % want for n, want in zip(x.shape[2:], result, strict=True)):
        raise NotServed(f"{type(layer).__name__} of {x.shape} to {result}: windows of different sizes")
    window = tuple(n // want for n, want in zip(x.shape[2:], result, strict=True))
    if window == (1, 1):
        return x.clone()  # not `x`: what is done to the one in place would be done to the other
    none = (0, 0)
    shape = (*x.shape[:2], *result)
    kind = dnn.POOLING_MAX if isinstance(layer, nn.AdaptiveMaxPool2D) else dnn.POOLING_AVG_EXCLUDE_PADDING
    return call(Pool, x, Window(window, window, none, none), shape, kind)


def dtype_name(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("paddle.")
