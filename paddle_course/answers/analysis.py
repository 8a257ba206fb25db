"""A model -> its depth, and its layer table: what goes into each layer and comes out, its values and multiplications.

The counts are worked out from each layer's settings and shapes, as one does with pencil and paper, and compared with
the tensors the layer really holds: a table that does not agree with the network is an error, not a table.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import paddle
from paddle import nn

Shape = tuple[int, ...]
WEIGHTED = re.compile(r"Conv|Depthwise|Matmul|Linear")  # how the nodes of such layers are called in Paddle's graph


@dataclass(frozen=True)
class LayerRow:
    """One use of one layer for one picture; shapes are without the batch.

    `trainable` are the values that training changes; `running` those it does not: the statistics of a batch norm, and
    frozen weights. `macs` are the multiply-accumulates of convolutions and linear layers; what a bias, batch norm,
    activation or pooling costs is not counted.
    """

    name: str
    kind: str
    input: Shape
    output: Shape
    formula: str
    trainable: int
    running: int
    macs: int

    @property
    def values(self) -> int:
        """All the values the layer holds, which is what `formula` comes to."""
        return self.trainable + self.running


def layer_table(model: nn.Layer, input_shape: Sequence[int]) -> list[LayerRow]:
    """One row for each layer that computes, in the order in which a picture of `input_shape` (C, H, W) meets them.

    A layer used twice has two rows and its values stand in the first. The model, its modes and statistics and the state
    of the random generators are afterwards as they were. ValueError where pencil and network disagree.
    """
    rows: list[LayerRow] = []
    counted: set[int] = set()

    def add(name: str, layer: nn.Layer, inputs: Sequence[paddle.Tensor], output: paddle.Tensor) -> None:
        shape_in, shape_out = tuple(inputs[0].shape[1:]), tuple(output.shape[1:])
        form = _on_paper(layer, shape_in, shape_out)
        tensors = _tensors(layer) if id(layer) not in counted else {}
        counted.add(id(layer))
        for key, tensor in tensors.items():
            if form.sizes.get(key) != int(tensor.size):
                raise ValueError(f"layer {name}: {key} holds {int(tensor.size)} values, on paper {form.sizes.get(key)}")
        trainable = sum(int(each.size) for each in tensors.values() if not each.stop_gradient)
        running = sum(int(each.size) for each in tensors.values() if each.stop_gradient)
        macs = form.macs * math.prod(shape_out)
        rows.append(LayerRow(name, type(layer).__name__, shape_in, shape_out, form.formula, trainable, running, macs))

    walk(model, paddle.zeros([1, *input_shape]), add)
    missing = [name for name, layer in _layers(model) if _tensors(layer) and id(layer) not in counted]
    if missing:
        raise ValueError(f"the picture never passed {', '.join(missing)}: their values are in no row")
    return rows


def counts(model: nn.Layer, input_shape: Sequence[int]) -> tuple[int, int, int]:
    """(trainable, running, macs) of the whole model for one picture of `input_shape` (C, H, W)."""
    rows = layer_table(model, input_shape)
    return sum(row.trainable for row in rows), sum(row.running for row in rows), sum(row.macs for row in rows)


def depth(model: nn.Layer, input_shape: Sequence[int]) -> int:
    """How many convolutions and linear layers a picture of `input_shape` (C, H, W) passes one after the other, at most.

    That is what papers call depth: where ways part and meet again, as in a residual block, the longest counts. It is
    read off the graph that Paddle keeps for the backward pass, so the model must run on Paddle's own layers.
    """
    known: dict[int, int] = {}

    def below(node: Any) -> int:
        if node is None:
            return 0
        if (key := node.node_ptr()) not in known:
            known[key] = bool(WEIGHTED.match(node.name())) + max(map(below, node.next_functions), default=0)
        return known[key]

    images = paddle.zeros([1, *input_shape])
    images.stop_gradient = False  # or a frozen first layer would leave no trace
    with _as_tested(model):
        return below(model(images).grad_fn)


@dataclass(frozen=True)
class _Form:
    """A layer on paper: the formula of its values, the size of each tensor, multiplications per output value."""

    formula: str = ""
    sizes: dict[str, int] = field(default_factory=dict)
    macs: int = 0


def _on_paper(layer: nn.Layer, shape_in: Shape, shape_out: Shape) -> _Form:
    bias = getattr(layer, "bias", None) is not None
    if isinstance(layer, nn.Conv2D):
        inputs, outputs, (height, width) = shape_in[0] // layer._groups, shape_out[0], layer._kernel_size
        macs = inputs * height * width
        formula = f"{outputs} x ({inputs} x {height} x {width})" + f" + {outputs}" * bias
        return _Form(formula, {"weight": outputs * macs, "bias": outputs}, macs)
    if isinstance(layer, nn.Linear):
        inputs, outputs = shape_in[-1], shape_out[-1]
        formula = f"{outputs} x {inputs}" + f" + {outputs}" * bias
        return _Form(formula, {"weight": outputs * inputs, "bias": outputs}, inputs)
    if isinstance(layer, (nn.BatchNorm1D, nn.BatchNorm2D)):
        channels = shape_in[0]  # each has a gain, a shift, a running mean and a running variance
        return _Form(f"4 x {channels}", dict.fromkeys(("weight", "bias", "_mean", "_variance"), channels))
    return _Form()


def _layers(model: nn.Layer) -> list[tuple[str, nn.Layer]]:
    return list(model.named_sublayers(include_self=True))


def _tensors(layer: nn.Layer) -> dict[str, paddle.Tensor]:
    """The layer's own tensors, without its sublayers'."""
    return dict(layer.named_parameters(include_sublayers=False)) | dict(layer.named_buffers(include_sublayers=False))


def walk(model: nn.Layer, images: paddle.Tensor, add: Callable[..., None]) -> None:
    """Send `images` (B, C, H, W) through the model and call `add(name, layer, inputs, output)` behind each layer."""
    hooks = []
    for name, layer in _layers(model):
        computes = not layer.sublayers() and not isinstance(layer, nn.Identity)
        if computes or _tensors(layer):
            hooks.append(layer.register_forward_post_hook(partial(add, name)))
    try:
        with _as_tested(model), paddle.no_grad():
            model(images)
    finally:
        for hook in hooks:
            hook.remove()


@contextlib.contextmanager
def _as_tested(model: nn.Layer) -> Iterator[None]:
    """No statistics are updated and no dropout draws; afterwards every layer has its own mode again."""
    layers = [layer for _, layer in _layers(model)]
    modes = [layer.training for layer in layers]
    model.eval()
    try:
        yield
    finally:
        for layer, mode in zip(layers, modes, strict=True):
            layer.training = mode
