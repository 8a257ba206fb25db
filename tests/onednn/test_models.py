"""Whole models: the same answers, the same curves, the same bits again, and no more memory than before."""

from __future__ import annotations

import hashlib
import os
import resource
import subprocess
import sys
import weakref

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from paddle import nn

from paddle_course import models, onednn, runtime
from paddle_course.onednn import functions, library, memory, primitives, tensors

from .conftest import difference, noise, pass_with_avx2

SMALL = {
    "lenet": {},
    "lenet-sigmoid": {},
    "digitnet": {"widths": (8, 16, 32)},
    "camp": {},
    "camp-deeper": {},
    "camp-no-bn": {},
    "vgg11": {"width": 8},
    "vgg16": {"width": 8},
    "resnet18": {"width": 8},
    "resnet50": {"width": 8},
    "resnet18-imagenet": {"width": 8},
    "fast": {"width": 0.25},
    "densenet121": {"growth": 8, "classes": 10},
}


def built(name, precision=None):
    model = models.build(name, **SMALL[name])
    if precision:
        onednn.accelerate(model, precision)
    return model


def batch(name, count=8):
    channels, side, _ = models.MODELS[name].input_shape
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 4
    side = min(side, 64)
    pictures = rng.normal(size=(count, channels, side, side)) + labels[:, None, None, None] / 4
    return paddle.to_tensor(pictures.astype(np.float32)), paddle.to_tensor(labels)


def train(model, name, steps, lr=0.01):
    pictures, labels = batch(name)
    optimizer = paddle.optimizer.Momentum(lr, 0.9, parameters=model.parameters())
    losses = []
    for _ in range(steps):
        loss = F.cross_entropy(model(pictures), labels)
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("name", SMALL)
def test_answers_in_training_and_evaluation(name):
    stock, fast = built(name), built(name, "f32")
    pictures, _ = batch(name)
    for mode in (nn.Layer.train, nn.Layer.eval):
        mode(stock), mode(fast)
        with paddle.no_grad():
            assert difference(fast(pictures).numpy(), stock(pictures).numpy()) < 1e-4
    for theirs, ours in zip(stock.state_dict().values(), fast.state_dict().values(), strict=True):
        assert difference(ours.numpy(), theirs.numpy()) < 1e-4


@pytest.mark.parametrize("name", SMALL)
def test_gradients_of_a_whole_model(name):
    """In a deep network one ReLU of a million is so near to 0 that rounding decides, and much hangs on it."""
    (pictures, labels), gradients = batch(name), []
    for model in (built(name), built(name, "f32")):
        F.cross_entropy(model(pictures), labels).backward()
        gradients.append(np.concatenate([p.grad.numpy().ravel() for p in model.parameters() if not p.stop_gradient]))
    theirs, ours = gradients
    shallow = name.startswith(("lenet", "camp", "digitnet"))
    assert np.linalg.norm(ours - theirs) < (1e-5 if shallow else 0.05) * np.linalg.norm(theirs)


def test_a_resnet_without_its_shortcuts_answers_the_same():
    stock, fast = (models.build("resnet18", width=8, shortcuts=False) for _ in range(2))
    assert onednn.accelerate(fast, "f32").swapped["ReLU"] == 17
    pictures, _ = batch("resnet18")
    assert difference(fast(pictures).numpy(), stock(pictures).numpy()) < 1e-4


@pytest.mark.parametrize("name", ["lenet", "camp", "vgg11", "resnet18", "fast"])
def test_thirty_steps_are_stocks(name):
    theirs, ours = train(built(name), name, 30), train(built(name, "f32"), name, 30)
    assert theirs[-1] < theirs[0]
    np.testing.assert_allclose(ours[:10], theirs[:10], rtol=1e-3)
    np.testing.assert_allclose(ours, theirs, rtol=0.03, atol=0.003)


@pytest.mark.skipif(not library.has_bf16(), reason="this processor has no bfloat16")
@pytest.mark.parametrize("name", ["lenet", "camp", "resnet18", "fast"])
def test_bfloat16_learns_the_same(name):
    theirs, ours = train(built(name), name, 30), train(built(name, "bf16"), name, 30)
    assert ours[-1] == pytest.approx(theirs[-1], rel=0.1, abs=0.02)


@pytest.mark.skipif(not library.has_bf16(), reason="this processor has no bfloat16")
def test_bfloat16_gradients_point_the_same_way():
    gradients = []
    for precision in ("f32", "bf16"):
        model = built("camp", precision)
        pictures, labels = batch("camp")
        F.cross_entropy(model(pictures), labels).backward()
        named = model.named_parameters()
        gradients.append({n: p.grad.numpy().ravel() for n, p in named if p.grad is not None and p.ndim > 1})
    for name, ours in gradients[1].items():
        theirs = gradients[0][name]
        assert ours @ theirs / np.linalg.norm(ours) / np.linalg.norm(theirs) > 0.98, name


def bits(precision):
    """SHA-256 of a small ResNet's params after three steps."""
    model = built("resnet18", precision)
    train(model, "resnet18", 3)
    return hashlib.sha256(b"".join(value.numpy().tobytes() for value in model.state_dict().values())).hexdigest()


@pytest.mark.parametrize("precision", ["f32", "bf16"])
def test_the_same_bits_again_and_in_another_process(precision):
    here = bits(precision)
    assert bits(precision) == here
    code = (
        "import importlib.util as u\nfrom paddle_course import runtime\nruntime.start()\n"
        f"s = u.spec_from_file_location('tests.onednn.test_models', {__file__!r})\n"
        f"m = u.module_from_spec(s)\ns.loader.exec_module(m)\nprint(m.bits({precision!r}))"
    )
    environment = os.environ | {"PYTHONPATH": str(runtime.ROOT)}
    words = [sys.executable, "-c", code]
    run = subprocess.run(words, env=environment, cwd=runtime.ROOT, capture_output=True, text=True, timeout=120)
    assert run.stdout.strip() == here, run.stderr


def rss():
    """Resident memory now, in kB."""
    with open("/proc/self/statm") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * resource.getpagesize() // 1024


def test_primitives_are_made_once():
    model = built("resnet18", "f32")
    made = (primitives.convolution, primitives.normalization, primitives.activation, memory.reorder)
    made += (primitives.pooling, primitives.addition)
    train(model, "resnet18", 1)
    before = [each.cache_info().misses for each in made]
    assert primitives.pooling.cache_info().currsize and primitives.addition.cache_info().currsize
    train(model, "resnet18", 3)
    assert [each.cache_info().misses for each in made] == before


def all_kinds():
    parts = [nn.Conv2D(3, 8, 3, padding=1), nn.BatchNorm2D(8), nn.ReLU(), nn.MaxPool2D(2)]
    parts += [models.Residual(nn.Conv2D(8, 8, 3, padding=1), 8, 8, 1), models.Dense(nn.Conv2D(8, 8, 1)), nn.GELU()]
    return [*parts, nn.Conv2D(16, 8, 3, padding=1), nn.ReLU()]  # the two in one, which keep their result


def all_ways():
    """By oneDNN's own code, by Winograd and with an exchanged gradient: the last with AVX2 only."""
    return [nn.Conv2D(3, 80, 3), nn.ReLU(), nn.Conv2D(80, 80, 3), nn.Conv2D(80, 16, 3, stride=2)]


@pytest.mark.parametrize(
    ("parts", "precision", "pictures", "steps"),
    [(all_kinds, "f32", 4, 150), (all_kinds, "auto", 4, 150), (all_ways, "f32", 32, 100)],
)
def test_no_memory_is_lost(parts, precision, pictures, steps):
    model = nn.Sequential(*parts(), nn.AdaptiveAvgPool2D(1), nn.Flatten())
    onednn.accelerate(model, precision)
    x = paddle.to_tensor(noise(pictures, 3, 8, 8))

    def run():
        for _ in range(steps):
            model(x).sum().backward()
            model.clear_gradients()
        return rss()

    # What is lost is lost in every stretch; what the allocator takes once, some hundred kB at any time, in one of them.
    grown = np.diff([run() for _ in range(5)])
    assert min(grown) < steps  # kB: less than one of each thousand bytes that went through


def test_no_memory_is_lost_with_avx2_alone():
    """All ways are taken with oneDNN held to AVX2, whatever this processor has."""
    pass_with_avx2(__file__, "no_memory_is_lost and all_ways")


def test_a_graph_that_nobody_goes_back_through_is_let_go(monkeypatch):
    made, empty = [], tensors.empty

    def spy(*arguments):
        made.append(weakref.ref(y := empty(*arguments)))
        return y

    for module in (functions, tensors):
        monkeypatch.setattr(module, "empty", spy)
    model, (pictures, _) = built("resnet18", "f32"), batch("resnet18")
    y = model(pictures)
    assert len(made) > 40
    del y
    assert [each for each in made if each() is not None] == []


def test_what_a_step_kept_is_let_go_with_its_backward_pass(monkeypatch):
    """The logits of a training loop outlive their step; what their gradient needed must not."""
    kept, forward = [], functions.Activate.forward

    def spy(ctx, x, kind):
        y = forward(ctx, x, kind)
        kept.append(weakref.ref(ctx.known))
        return y

    monkeypatch.setattr(functions.Activate, "forward", staticmethod(spy))
    model, x = nn.Sequential(nn.ReLU(), nn.ReLU()), paddle.to_tensor(noise(1, 1, 4, 4), stop_gradient=False)
    onednn.accelerate(model)
    y = model(x)
    loss = y.sum()
    assert all(each() is not None for each in kept)
    loss.backward()
    assert all(each() is None for each in kept)
