"""The params of a trained model -> another model of the same kind, for other pictures and other classes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from paddle import nn

from paddle_course.runtime import UserError


def transfer(params: Mapping[str, np.ndarray], model: nn.Layer) -> list[str]:
    """Set `model` from `params`, arrays by structured name, and return the names of those that stay as they were.

    A first convolution of three channels becomes one of a single channel by summing its weights over them: shown a grey
    picture, it gives what the other gave for that picture in all three. The last layer stays the model's own if its
    number of classes is another. UserError, before anything is touched, where something else does not fit.
    """
    own = model.state_dict()
    if wrong := sorted(set(params) ^ set(own)):
        raise UserError(
            f"{wrong[0]} is not in both: these are params of another network than this {type(model).__name__}"
        )
    first = next(f"{name}.weight" for name, layer in model.named_sublayers() if isinstance(layer, nn.Conv2D))
    *_, last = (name for name, layer in model.named_sublayers() if isinstance(layer, nn.Linear))
    found, fresh = {}, []
    for name, value in own.items():
        array, shape, dtype = params[name], tuple(value.shape), value.numpy().dtype
        if array.dtype != dtype:
            raise UserError(f"{name} is {array.dtype}, the model's is {dtype}: convert the params")
        if name == first and array.shape[1] == 3 and shape[1] == 1:
            array = array.sum(axis=1, keepdims=True)
        if array.shape == shape:
            found[name] = array
        elif name in (f"{last}.weight", f"{last}.bias"):
            fresh.append(name)
        else:
            raise UserError(
                f"{name} is {array.shape}, the model's is {shape}: build it with the settings of these params"
            )
    if len(fresh) == 1:  # a bias of the old classes would fit no weight of the new ones
        raise UserError(f"{fresh[0]} fits, its partner does not: the params are damaged, use others")
    for name, array in found.items():
        own[name].set_value(array)
    return fresh
