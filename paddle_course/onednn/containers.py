"""Layers that stand together -> fewer passes over their maps: a ReLU with what is in front of it, a residual addition.

What belongs together is read from the container that calls its parts one after the other, so a part that is called by
somebody else is always computed by itself. For the same reason only containers pass maps on in bfloat16: they see that
the next part is an accelerated one. The first argument is called `self` because Paddle's exporter goes by that name.
"""

from __future__ import annotations

from collections.abc import Callable

import paddle
from paddle import nn

from paddle_course.onednn.functions import Beside, Cast, Fork, Join, call
from paddle_course.onednn.layers import fits, raised
from paddle_course.onednn.library import F32
from paddle_course.onednn.tensors import precision

FUSES = (nn.Conv2D, nn.BatchNorm2D)  # their accelerated forwards take `relu=True`


def accelerated(layer: nn.Layer) -> bool:
    """Whether it takes bfloat16 maps and `low=True`: one that a hook watches is only shown what it always was."""
    return "onednn" in vars(layer) and not hooked(layer)


def hooked(*layers: nn.Layer) -> bool:
    return any(layer._forward_pre_hooks or layer._forward_post_hooks for layer in layers)


def pickled_as_stock(forward: Callable[..., paddle.Tensor]) -> Callable[..., paddle.Tensor]:
    """A method is pickled by its name: with this one, whoever loads the model finds the stock forward of its class."""
    forward.__name__ = "forward"
    return forward


@pickled_as_stock
def sequential(self: nn.Sequential, input: paddle.Tensor, low: bool = False) -> paddle.Tensor:
    """One part after the other; a ReLU is computed together with the accelerated part in front of it.

    Not where somebody watches either of the two: a hook sees what the part would have given by itself.
    """
    if not paddle.in_dynamic_mode():
        return type(self).forward(self, input)
    x, parts, number = input, list(self._sub_layers.values()), 0  # `children` would leave out whoever comes twice
    while number < len(parts):
        here, *rest = parts[number:]
        number += 1
        if not accelerated(here):
            x = here(raised(x))
            continue
        fused = bool(rest) and type(here) in FUSES and type(rest[0]) is nn.ReLU and accelerated(rest[0])
        options, rest, number = ({"relu": True}, rest[1:], number + 1) if fused else ({}, rest, number)
        x = here(x, low=accelerated(rest[0]) if rest else low, **options)
    return x if low else raised(x)


def residual_problem(layer: nn.Layer) -> str:
    parts = dict(layer.named_children())
    if list(parts) != ["body", "shortcut", "relu"] or type(parts["relu"]) is not nn.ReLU:
        return "it is not relu(body(x) + shortcut(x))"
    return ""


@pickled_as_stock
def residual(self: nn.Layer, x: paddle.Tensor, low: bool = False) -> paddle.Tensor:
    """relu(body(x) + shortcut(x)), the addition and ReLU in one pass, and one where the two gradients meet."""
    if not fits(x) or hooked(self.relu) or type(self.relu) is not nn.ReLU:
        return type(self).forward(self, raised(x))
    a, b = fork(self, x)
    a, b = alike(through(self.body, a), through(self.shortcut, b))
    if not (fits(a) and fits(b) and a.shape == b.shape):
        return self.relu(raised(a) + raised(b))
    y = call(Join, a, b)
    return y if low else raised(y)


def dense_problem(layer: nn.Layer) -> str:
    return "" if [name for name, _ in layer.named_children()] == ["body"] else "it is not x beside body(x)"


@pickled_as_stock
def dense(self: nn.Layer, x: paddle.Tensor, low: bool = False) -> paddle.Tensor:
    """x and behind it body(x), put together pixel by pixel, as the channels lie."""
    if not fits(x):
        return type(self).forward(self, raised(x))
    a, b = fork(self, x)
    a, b = alike(a, through(self.body, b))
    if not (fits(b) and a.shape[2:] == b.shape[2:]):
        return paddle.concat([raised(a), raised(b)], axis=1)
    y = call(Beside, a, b)
    return y if low else raised(y)


def fork(block: nn.Layer, x: paddle.Tensor) -> tuple[paddle.Tensor, paddle.Tensor]:
    """x for both branches of a block, in as few bits as its body takes; their gradients meet in one pass."""
    between = block.onednn.between if accelerated(block.body) else F32
    return call(Fork, x if precision(x) == between else call(Cast, x, between))


def alike(a: paddle.Tensor, b: paddle.Tensor) -> tuple[paddle.Tensor, paddle.Tensor]:
    """Both in one precision."""
    return (a, b) if precision(a) == precision(b) else (raised(a), raised(b))


def through(part: nn.Layer, x: paddle.Tensor) -> paddle.Tensor:
    """One branch, in as few bits as it goes."""
    if type(part) is nn.Identity and not hooked(part):
        return x
    return part(x, low=True) if accelerated(part) else part(raised(x))
