"""What every accelerated layer must pass: the numbers of the stock layer, output and gradients alike."""

from __future__ import annotations

import copy
import os
import subprocess
import sys

import numpy as np
import paddle
import pytest

from paddle_course import models, onednn, runtime
from paddle_course.onednn import layers, library, swap

CLOSE = 1e-5  # of the largest value


@pytest.fixture(autouse=True)
def onednn_is_here():
    """On a machine that oneDNN is not for, there is nothing to compare."""
    if why := library.why_not():
        pytest.skip(why)


def difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    assert ours.shape == theirs.shape
    return float(np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1e-30))


def pass_with_avx2(file: str, chosen: str) -> None:
    """The `chosen` tests of a file pass with oneDNN held to AVX2, and none is skipped."""
    environment = os.environ | {"ONEDNN_MAX_CPU_ISA": "AVX2"}
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", file, "-k", chosen]
    run = subprocess.run(command, env=environment, cwd=runtime.ROOT, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout
    assert "skipped" not in run.stdout


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(np.float32)


def layers_on_maps(name: str, pictures: int) -> list[tuple[paddle.nn.Layer, tuple[int, ...]]]:
    """The layers of a model that are accelerated, each kind and shape once, and the shape of their maps."""
    model, met = models.build(name), {}

    def meet(layer, given, maps):
        if given[0].ndim == 4:
            met.setdefault((type(layer), layer.extra_repr(), tuple(given[0].shape)), layer)

    layers = [each for each in model.sublayers() if swap.kind_of(each) and not each.sublayers()]
    hooks = [each.register_forward_post_hook(meet) for each in layers]
    model.eval()
    with paddle.no_grad():
        model(paddle.to_tensor(noise(pictures, *models.MODELS[name].input_shape)))
    for each in hooks:
        each.remove()
    model.train()
    assert met
    return [(layer, shape) for (_, _, shape), layer in met.items()]


def numbers(layer: paddle.nn.Layer, images: np.ndarray, calls: int = 1) -> dict[str, np.ndarray]:
    """Outputs, gradients and running statistics after `calls` passes over different images."""
    found = {}
    for call in range(calls):
        x = paddle.to_tensor(images * (1 + call), stop_gradient=False)
        y = layer(x)
        y.backward(paddle.to_tensor(noise(*y.shape, seed=call + 1)))
        found |= {f"output {call}": y.numpy(), f"input gradient {call}": x.grad.numpy()}
    found |= {f"{name} gradient": p.grad.numpy() for name, p in layer.named_parameters() if p.grad is not None}
    return found | {name: value.numpy() for name, value in layer.state_dict().items()}


@pytest.fixture
def like_stock(monkeypatch):
    """Check `layer` accelerated against itself stock; returns what was compared.

    `swapped`: anything is accelerated; `told`: a call falls back to stock Paddle, and that is said.
    """

    def check(layer, *shape, calls=1, precision="f32", close=CLOSE, swapped=True, told=False):
        said = []
        monkeypatch.setattr(layers, "tell", said.append)
        onednn.restore(layer)
        layer.clear_gradients(set_to_zero=False)
        images = noise(*shape) if len(shape) > 1 else shape[0]
        stock = copy.deepcopy(layer)
        report = onednn.accelerate(layer, precision)
        assert bool(report.swapped) == swapped, report
        theirs, ours = numbers(stock, images, calls), numbers(layer, images, calls)
        assert ours.keys() == theirs.keys()
        for name, value in theirs.items():
            assert difference(ours[name], value) < close, name
        assert bool(said) == told, said
        return ours

    return check
