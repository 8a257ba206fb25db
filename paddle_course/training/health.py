"""Numbers that are not finite end a training before they spread."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import numpy as np
import paddle

from paddle_course.files import write_file
from paddle_course.runtime import UserError
from paddle_course.training import checkpoint
from paddle_course.training.checkpoint import State
from paddle_course.training.records import Run


class Diverged(UserError):
    """Loss, gradient or params are no longer finite."""


def gradient_norms(model: paddle.nn.Layer) -> dict[str, float]:
    """The L2 norm of each layer's gradients together, by the layer's name: {"features.conv1": 0.031, ...}."""
    squares = {name: p.grad.square().sum() for name, p in model.named_parameters() if p.grad is not None}
    layers: dict[str, float] = {}
    for name, square in zip(squares, paddle.stack(list(squares.values())).tolist(), strict=True):
        layer = name.rpartition(".")[0] or "model"  # its own params
        layers[layer] = layers.get(layer, 0.0) + square
    return {layer: math.sqrt(square) for layer, square in layers.items()}


def largest(model: paddle.nn.Layer) -> float:
    """The largest absolute value among the params; NaN if there is one."""
    return float(np.max([value.abs().max().item() for value in model.state_dict().values()]))


def check(run: Run, state: State, now: Mapping[str, float]) -> None:
    """Stop at the first number that is not finite. ReLU turns NaN into 0 and hides it from the loss, so gradients and
    params are looked at too."""
    for name, value in now.items():
        if not math.isfinite(value):
            good = checkpoint.latest(run.checkpoints)
            message = (
                f"{run.name}: {name.replace('_', ' ')} is {value} at step {state.step}, lr {now['lr']:g}; "
                f"{f'the last good checkpoint is {good}' if good else 'no checkpoint yet'}: try a smaller learning rate"
            )
            write_file(run.directory / "diverged.json", json.dumps({"step": state.step, "message": message}))
            raise Diverged(message)
