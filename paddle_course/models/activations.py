"""The name of an activation -> its layer."""

from __future__ import annotations

import paddle
from paddle import nn

from paddle_course.runtime import UserError


class CentredSigmoid(nn.Layer):
    """sigmoid(x) - 1/2: the same slope everywhere, but outputs that can be negative, and 0 where the input is."""

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return nn.functional.sigmoid(x) - 0.5


ACTIVATIONS = {
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "centred-sigmoid": CentredSigmoid,
    "tanh": nn.Tanh,
    "gelu": nn.GELU,
}


def activation(name: str) -> nn.Layer:
    """A new layer for each use: tools that look at a network layer by layer can then tell them apart."""
    if name not in ACTIVATIONS:
        raise UserError(f"no activation is called {name!r}; there are {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]()
