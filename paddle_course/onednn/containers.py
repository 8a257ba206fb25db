"""Layers that stand together -> fewer passes over their maps: a ReLU with what is in front of it, a residual addition.

What belongs together is read from the container that calls its parts one after the other, so a part that is called by
somebody else is always computed by itself.
"""

from __future__ import annotations

import paddle
from paddle import nn

from paddle_course.onednn.functions import Fork, Join, call
from paddle_course.onednn.layers import fits

FUSES = (nn.Conv2D, nn.BatchNorm2D)  # their accelerated forwards take `relu=True`


def sequential(layer: nn.Sequential, x: paddle.Tensor) -> paddle.Tensor:
    """One part after the other; a ReLU is computed together with the accelerated part in front of it.

    Not where somebody watches either of the two: a hook sees what the part would have given by itself.
    """
    if not paddle.in_dynamic_mode():
        return type(layer).forward(layer, x)
    parts, number = list(layer.children()), 0
    while number < len(parts):
        here, number = parts[number], number + 1
        follower = parts[number] if number < len(parts) else None
        if type(here) in FUSES and "forward" in vars(here) and type(follower) is nn.ReLU and not hooked(here, follower):
            x, number = here(x, relu=True), number + 1
        else:
            x = here(x)
    return x


def residual_problem(layer: nn.Layer) -> str:
    parts = dict(layer.named_children())
    if list(parts) != ["body", "shortcut", "relu"] or type(parts["relu"]) is not nn.ReLU:
        return "it is not relu(body(x) + shortcut(x))"
    return ""


def residual(layer: nn.Layer, x: paddle.Tensor) -> paddle.Tensor:
    """relu(body(x) + shortcut(x)), the addition and ReLU in one pass, and one where the two gradients meet."""
    if not fits(x) or hooked(layer.relu):
        return type(layer).forward(layer, x)
    a, b = call(Fork, x)
    a, b = layer.body(a), layer.shortcut(b)
    if not (fits(a) and fits(b) and a.shape == b.shape):
        return layer.relu(a + b)
    return call(Join, a, b)


def hooked(*layers: nn.Layer) -> bool:
    return any(layer._forward_pre_hooks or layer._forward_post_hooks for layer in layers)
