"""A model -> the same model on the fast path, and back; and a line that says what is fast and what is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from types import MethodType
from typing import NamedTuple

import paddle
from paddle import nn

from paddle_course.onednn import containers, layers, library
from paddle_course.runtime import UserError

PRECISIONS = ("f32", "bf16", "auto")


class Kind(NamedTuple):
    """What takes the place of `forward`, and what tells why one layer must stay stock (empty: nothing)."""

    forward: Callable[..., paddle.Tensor]
    problem: Callable[[nn.Layer], str] = lambda layer: ""


KINDS = {
    nn.Conv2D: Kind(layers.conv, layers.conv_problem),
    nn.BatchNorm2D: Kind(layers.norm, layers.norm_problem),
    nn.ReLU: Kind(layers.relu),
    nn.Sigmoid: Kind(layers.sigmoid),
    nn.GELU: Kind(layers.gelu),
    nn.MaxPool2D: Kind(layers.pool, layers.pool_problem),
    nn.AvgPool2D: Kind(layers.pool, layers.pool_problem),
    nn.AdaptiveAvgPool2D: Kind(layers.adaptive, layers.adaptive_problem),
    nn.AdaptiveMaxPool2D: Kind(layers.adaptive, layers.adaptive_problem),
    nn.Sequential: Kind(containers.sequential),
}
# Classes of the models go by their full names, and blocks by their parts, too: this wing stands below the models.
OF_MODELS = {
    "paddle_course.models.fast.ShiftNorm": Kind(layers.norm, layers.norm_problem),
    "paddle_course.models.resnet.Residual": Kind(containers.residual, containers.residual_problem),
    "paddle_course.models.densenet.Dense": Kind(containers.dense, containers.dense_problem),
}
# Containers and layers without arithmetic on maps: nothing to accelerate, nothing to report.
SILENT = (nn.Sequential, nn.Identity, nn.Flatten, nn.Dropout)
BY_MKL = (nn.Linear,)  # a matrix product is all they are
ACTIVATIONS = frozenset({"ReLU", "Sigmoid", "GELU"})  # on oneDNN only where they are given maps, by other layers


@dataclass(frozen=True)
class Report:
    """What `accelerate` did; `str` is the line for the start of a run.

    Attributes:
        precision: what convolutions multiply in, "f32" or "bf16"; "" where `why` says that nothing can.
        swapped: how many layers of each class run on oneDNN; an activation does where it is given maps.
        stock: how many stayed Paddle's, by class and reason: {"Conv2D (data format NHWC)": 1, "Linear (MKL)": 3}.
        why: what keeps the whole model stock; "" if nothing does.
        lacks: the precision that was asked for, and that the processor does not have; "" if it has.
    """

    precision: str
    swapped: dict[str, int]
    stock: dict[str, int]
    why: str = ""
    lacks: str = ""

    def __str__(self) -> str:
        if self.why or not self.swapped.keys() - ACTIVATIONS:
            return f"stock layers: {self.why or 'there is no convolution, batch norm or pooling to compute'}"
        lacks = f" (this processor has no {self.lacks})" if self.lacks else ""
        line = f"oneDNN {library.version()}, {self.precision} convolutions{lacks}: {counted(self.swapped)}"
        return line + (f"; stock: {counted(self.stock)}" if self.stock else "")


def counted(numbers: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in numbers.items())


def accelerate(model: nn.Layer, precision: str = "auto") -> Report:
    """Compute the layers of `model` by oneDNN, in place, wherever it can; parameters and their names stay as they are.

    Args:
        precision: "f32"; "bf16": convolutions multiply in bfloat16, and so are the maps between the layers of one
            container, while weights, gradients of weights, statistics and all that leaves a container stay float32
            ("f32" where the processor has no bfloat16); "auto": the faster of the two.
    """
    if precision not in PRECISIONS:
        raise UserError(f"there is no precision {precision!r}; there are {', '.join(PRECISIONS)}")
    restore(model)
    if why := library.why_not():
        return Report("", {}, {}, why)
    has = library.has_bf16()
    if precision == "auto":
        precision = "bf16" if has else "f32"
    lacks = precision if precision == "bf16" and not has else ""
    precision, swapped, stock = "f32" if lacks else precision, Counter(), Counter()
    model.register_forward_post_hook(leave)
    dtype = library.BF16 if precision == "bf16" else library.F32
    types = layers.Precision(within=dtype, between=dtype)
    for layer in model.sublayers(include_self=True):
        name, kind = type(layer).__name__, kind_of(layer)
        if kind is None:
            if not isinstance(layer, SILENT) and not layer.sublayers():
                stock[f"{name} ({'MKL' if type(layer) in BY_MKL else 'unknown here'})"] += 1
        elif problem := kind.problem(layer):
            stock[f"{name} ({problem})"] += 1
        else:
            layer.forward = MethodType(paddle.jit.not_to_static(kind.forward), layer)  # exported, it is stock
            layer.onednn = types
            if not isinstance(layer, SILENT):
                swapped[name] += 1
    return Report(precision, dict(swapped), dict(stock), lacks=lacks)


def leave(model: nn.Layer, given: tuple, result: object) -> object:
    """A hook for the whole model: maps that leave it lie in Paddle's own order, as whoever indexes them expects."""
    if isinstance(result, paddle.Tensor) and paddle.in_dynamic_mode() and not result.is_contiguous():
        return result.contiguous()
    return result


def precision(model: nn.Layer) -> str:
    """What the convolutions of `model` multiply in at present: "stock", "f32" or "bf16"."""
    for layer in model.sublayers(include_self=True):
        if "onednn" in vars(layer) and layer.forward.__func__ is not type(layer).forward:  # as in a pickled one
            return "bf16" if layer.onednn.within == library.BF16 else "f32"
    return "stock"


def kind_of(layer: nn.Layer) -> Kind | None:
    """Classes are compared, not instances: what a subclass does in its own forward is not known here."""
    kind = type(layer)
    return OF_MODELS.get(f"{kind.__module__}.{kind.__qualname__}") or KINDS.get(kind)


def restore(model: nn.Layer) -> None:
    """Give every layer of `model` its stock forward again."""
    for layer in model.sublayers(include_self=True):
        if "onednn" in vars(layer):
            del layer.forward, layer.onednn
        for key in [key for key, hook in layer._forward_post_hooks.items() if hook is leave]:
            del layer._forward_post_hooks[key]
