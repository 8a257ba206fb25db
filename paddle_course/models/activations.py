"""The name of an activation -> its layer."""

from __future__ import annotations

from paddle import nn

from paddle_course.runtime import UserError

ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "gelu": nn.GELU}


def activation(name: str) -> nn.Layer:
    """A new layer for each use: tools that look at a network layer by layer can then tell them apart."""
    if name not in ACTIVATIONS:
        raise UserError(f"no activation is called {name!r}; there are {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]()
