"""A name and a model -> the Paddle optimizer that moves the model's trainable parameters.

The update of a parameter w with gradient g in step t = 1, 2, ...; except in adamw, g holds weight_decay w too:

    sgd        w -= lr g                                                  Robbins and Monro 1951
    momentum   v = m v + g;  w -= lr v                                    Polyak 1964; m = momentum
    nesterov   v = m v + g;  w -= lr (g + m v)                            Sutskever et al. 2013
    muon       nesterov, but for the weights of convolutions: see `muon`    Jordan et al. 2024
    adagrad    s = s + g g;  w -= lr g / (sqrt(s) + epsilon)              Duchi et al. 2011
    rmsprop    s = rho s + (1 - rho) g g;  w -= lr g / sqrt(s + epsilon)  Hinton 2012, lecture 6e
    adam       a = beta1 a + (1 - beta1) g;  s = beta2 s + (1 - beta2) g g
               w -= lr a' / (sqrt(s') + epsilon)                          Kingma and Ba 2015, arXiv 1412.6980
               with a' = a / (1 - beta1^t), s' = s / (1 - beta2^t)
    adamw      w -= lr weight_decay w, then adam                          Loshchilov and Hutter 2019, arXiv 1711.05101
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

import paddle

from paddle_course.runtime import UserError
from paddle_course.training.muon import Muon

_NESTEROV = partial(paddle.optimizer.Momentum, use_nesterov=True)
_ADAM = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}

# name -> what builds it, and its settings with their defaults
OPTIMIZERS: dict[str, tuple[Callable[..., paddle.optimizer.Optimizer], dict[str, float]]] = {
    "sgd": (paddle.optimizer.SGD, {"weight_decay": 0.0}),
    "momentum": (paddle.optimizer.Momentum, {"momentum": 0.9, "weight_decay": 0.0}),
    "nesterov": (_NESTEROV, {"momentum": 0.9, "weight_decay": 0.0}),
    "muon": (Muon, {"momentum": 0.6, "weight_decay": 0.0}),
    "adagrad": (paddle.optimizer.Adagrad, {"epsilon": 1e-6, "weight_decay": 0.0}),
    "rmsprop": (paddle.optimizer.RMSProp, {"rho": 0.95, "epsilon": 1e-6, "momentum": 0.0, "weight_decay": 0.0}),
    "adam": (paddle.optimizer.Adam, {**_ADAM, "weight_decay": 0.0}),
    "adamw": (paddle.optimizer.AdamW, {**_ADAM, "weight_decay": 0.01}),
}


def build(
    name: str,
    model: paddle.nn.Layer,
    lr: float = 0.0,
    no_decay: Sequence[str] = (),
    groups: Mapping[str, Mapping[str, float]] | None = None,
    **settings: float,
) -> paddle.optimizer.Optimizer:
    """The optimizer `name` over `model`'s trainable parameters, with the `settings` that OPTIMIZERS lists.

    The loop sets its rate at each step. `groups` gives parameters whose structured name matches a shell pattern a
    weight decay or momentum of their own, or a `learning_rate` that multiplies the optimizer's; the first match counts:
    `{"*norm*.bias": {"learning_rate": 64.0, "weight_decay": 2e-5}}`. `no_decay=("*.bias",)` is short for weight
    decay 0. Unknown names and settings, and patterns that match nothing, raise UserError.
    """
    if name not in OPTIMIZERS:
        raise UserError(f"unknown optimizer {name!r}: choose from {', '.join(OPTIMIZERS)}")
    kind, defaults = OPTIMIZERS[name]
    if unknown := sorted(settings.keys() - defaults):
        raise UserError(f"optimizer {name} has no setting {', '.join(unknown)}: it knows {', '.join(defaults)}")
    chosen: dict[str, Any] = defaults | settings
    if not chosen["weight_decay"] and name != "adamw":
        chosen["weight_decay"] = None  # Paddle would add 0 w to every gradient: 45 ms a step for 11 million weights
    special = {**(groups or {}), **{pattern: {"weight_decay": 0.0} for pattern in no_decay}}
    optimizer = kind(learning_rate=float(lr), parameters=_grouped(model, special), **chosen)
    # An older name for clear_grad, by which it refers to itself: its memory would stay until a garbage collection.
    vars(optimizer).pop("clear_gradients", None)
    return optimizer


def _grouped(model: paddle.nn.Layer, special: Mapping[str, Mapping[str, float]]) -> list[dict[str, Any]]:
    """The trainable parameters as Paddle's parameter groups: the ordinary ones, then those of each pattern.

    Paddle writes a group's decay onto the parameters, and an AdamW of the next phase would still add it: reset first.
    """
    found: dict[str, list[paddle.Tensor]] = {"": [], **{pattern: [] for pattern in special}}
    for name, parameter in model.named_parameters():
        if not parameter.stop_gradient:
            parameter.regularizer = None
            found[next((each for each in special if fnmatchcase(name, each)), "")].append(parameter)
    if unused := [pattern for pattern in special if not found[pattern]]:
        raise UserError(f"no trainable parameter is left for {', '.join(unused)} in {type(model).__name__}")
    return [{"params": each, **special.get(pattern, {})} for pattern, each in found.items() if each]
