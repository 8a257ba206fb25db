"""In place, and as if nothing had happened: names, tensors, checkpoints, optimizers, copies, exports."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from paddle import nn

from paddle_course import models, onednn, runtime, training
from paddle_course.onednn import library, swap

from .conftest import difference, noise


def small(**settings):
    return models.build("resnet18", width=4, **settings)


def images(count=4):
    return paddle.to_tensor(noise(count, 3, 16, 16))


def steps(model, count=3, optimizer=None):
    optimizer = optimizer or paddle.optimizer.Momentum(0.01, 0.9, parameters=model.parameters())
    losses = []
    for _ in range(count):
        loss = F.cross_entropy(model(images()), paddle.arange(4))
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        losses.append(loss.item())
    return losses


def test_the_report_names_what_was_swapped_and_what_was_not():
    class Own(nn.Conv2D):
        pass

    parts = [nn.Conv2D(3, 4, 3), nn.ReLU(), nn.Conv2D(4, 4, 3, padding="same"), Own(4, 4, 3), nn.Tanh()]
    report = onednn.accelerate(nn.Sequential(*parts, nn.Flatten(), nn.Linear(1, 2)), "f32")
    assert report.swapped == {"Conv2D": 1, "ReLU": 1}
    assert report.stock == {
        "Conv2D (padding 'same')": 1,
        "Own (unknown here)": 1,
        "Tanh (unknown here)": 1,
        "Linear (MKL)": 1,
    }
    assert str(report) == (
        f"oneDNN {library.version()}, f32 convolutions: 1 Conv2D, 1 ReLU; "
        "stock: 1 Conv2D (padding 'same'), 1 Own (unknown here), 1 Tanh (unknown here), 1 Linear (MKL)"
    )


def test_names_tensors_and_the_printed_model_stay():
    model = small()
    before, words = model.state_dict(), str(model)
    report = onednn.accelerate(model)
    assert report.swapped == {"Conv2D": 20, "BatchNorm2D": 20, "ReLU": 17, "Residual": 8, "AdaptiveAvgPool2D": 1}
    after = model.state_dict()
    assert list(after) == list(before)
    assert all(after[name] is before[name] for name in before)
    assert str(model) == words


def test_restored_it_is_stock_again():
    model = small()
    stock = small()(images()).numpy()
    onednn.accelerate(model, "f32")
    assert not np.array_equal(model(images()).numpy(), stock)  # the last bits tell who computed
    onednn.restore(model)
    assert np.array_equal(model(images()).numpy(), stock)
    assert not any("forward" in vars(layer) for layer in model.sublayers(include_self=True))


def test_a_second_call_changes_the_precision():
    model = small()
    onednn.accelerate(model, "f32")
    expected = model(images()).numpy()
    onednn.accelerate(model, "bf16")
    onednn.accelerate(model, "f32")
    assert np.array_equal(model(images()).numpy(), expected)


def test_a_copy_uses_its_own_weights():
    model = small()
    onednn.accelerate(model)
    model.eval()
    expected, other = model(images()).numpy(), copy.deepcopy(model)
    steps(other.train())
    assert np.array_equal(model(images()).numpy(), expected)
    assert not np.array_equal(other.eval()(images()).numpy(), expected)


def test_a_pickled_one_is_stock():
    model = nn.Sequential(nn.Conv2D(3, 4, 3), nn.ReLU(), models.Residual(nn.Sequential(nn.ReLU()), 4, 4, 1))
    onednn.accelerate(model, "f32")
    loaded, x = pickle.loads(pickle.dumps(model)), paddle.to_tensor(noise(1, 3, 6, 6))
    assert onednn.precision(loaded) == "stock" and onednn.precision(model) != "stock"
    assert difference(loaded(x).numpy(), model(x).numpy()) < 1e-5
    onednn.accelerate(loaded, "f32")
    assert (loaded(x).numpy() == model(x).numpy()).all() and onednn.precision(loaded) != "stock"


def test_what_leaves_the_model_can_be_indexed():
    """By Paddle 3.3.1 a transposed view cannot: it answers with other numbers, in another shape, and says nothing."""
    for model in (nn.Conv2D(3, 5, 3), nn.Sequential(nn.Conv2D(3, 5, 3), nn.ReLU()), nn.Sequential(nn.ReLU())):
        onednn.accelerate(model, "f32")
        x = paddle.to_tensor(noise(3, 3, 8, 8), stop_gradient=False)
        y = model(x)
        wanted = y.numpy()
        assert y.is_contiguous() and np.array_equal(y[:, [1, 0]].numpy(), wanted[:, [1, 0]])
        assert y.view([3, -1]).shape == [3, wanted[0].size]
        y[:, [1, 0]].sum().backward()  # and it has a gradient
        assert x.grad is not None
        copied = pickle.loads(pickle.dumps(model))
        assert len(model._forward_post_hooks) == len(copied._forward_post_hooks) == 1
        onednn.accelerate(copied)
        assert len(copied._forward_post_hooks) == 1
        onednn.restore(model)
        assert not model._forward_post_hooks


def test_classes_of_others_are_not_taken_for_ours():
    class Dense(nn.Layer):
        def __init__(self):
            super().__init__()
            self.body = nn.Conv2D(3, 3, 1)

        def forward(self, x):
            return self.body(x)

    class Residual(models.Residual):
        def forward(self, x):
            return self.relu(self.body(x)) + self.shortcut(x)

    x, blocks = paddle.to_tensor(noise(2, 3, 4, 4)), [Dense(), Residual(nn.Conv2D(3, 3, 1), 3, 3, 1)]
    for block in blocks:
        theirs = block(x).numpy()
        assert type(block).__name__ not in onednn.accelerate(block, "f32").swapped
        assert difference(block(x).numpy(), theirs) < 1e-5
    ours = models.Residual(nn.Conv2D(3, 3, 1), 3, 3, 1)
    onednn.accelerate(ours, "f32")
    ours.relu = nn.Sigmoid()
    assert difference(ours(x).numpy(), nn.functional.sigmoid(ours.body(x) + x).numpy()) < 1e-5


def test_a_checkpoint_moves_freely(tmp_path):
    fast, stock = small(), small(seed=1)
    onednn.accelerate(fast, "f32")
    steps(fast)
    training.save_params(fast, tmp_path / "params")
    training.load_params(tmp_path / "params", stock)
    fast.eval(), stock.eval()
    assert difference(fast(images()).numpy(), stock(images()).numpy()) < 1e-5


def test_an_optimizer_made_before_works_as_one_made_after():
    results = []
    for early in (True, False):
        model = small()
        optimizer = paddle.optimizer.Adam(0.01, parameters=model.parameters()) if early else None
        onednn.accelerate(model, "f32")
        results.append(steps(model, 3, optimizer or paddle.optimizer.Adam(0.01, parameters=model.parameters())))
    assert results[0] == results[1]


def test_double_precision_falls_back_and_says_so(capsys):
    from paddle_course.onednn import layers

    layers.tell.cache_clear()
    parts = [nn.Conv2D(3, 4, 3), nn.BatchNorm2D(4), nn.ReLU(), nn.GELU(), nn.MaxPool2D(2), nn.Flatten(), nn.Sigmoid()]
    model = nn.Sequential(*parts)
    onednn.accelerate(model)
    model.to(dtype="float64")
    for _ in range(2):
        assert model(images().astype("float64")).dtype == paddle.float64
    said = capsys.readouterr().err.splitlines()
    assert len(said) == len(set(said)) == 4  # a ReLU goes with the layer in front of it, and behind Flatten are no maps
    assert all(line.startswith("warning: stock Paddle instead of oneDNN: ") for line in said)
    assert "float64" in said[0]


def test_an_empty_batch_falls_back_and_says_so(capsys):
    from paddle_course.onednn import layers

    layers.tell.cache_clear()
    model = nn.Conv2D(3, 4, 3)
    onednn.accelerate(model)
    assert model(images()[:0]).shape[:2] == [0, 4]
    assert "Conv2D of paddle.float32 with 4 dimensions on Place(cpu), and nothing in them" in capsys.readouterr().err


def test_a_network_without_maps_is_said_to_be_stock():
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    assert str(onednn.accelerate(model)) == "stock layers: there is no convolution, batch norm or pooling to compute"
    assert onednn.precision(model) != "stock"  # its ReLU would take maps


def test_what_onednn_refuses_is_stock(monkeypatch, capsys):
    from paddle_course.onednn import layers, primitives

    def refuse(*_):
        raise library.OneDNNError("oneDNN: nothing today")

    layers.tell.cache_clear()
    layer = nn.Conv2D(3, 4, 3)
    expected = layer(images()).numpy()
    onednn.accelerate(layer)
    monkeypatch.setattr(primitives, "convolution", refuse)
    assert np.array_equal(layer(images()).numpy(), expected)
    assert "nothing today" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["resnet18", "camp"])
def test_it_can_still_be_exported(name, tmp_path):
    model = models.build(name)
    onednn.accelerate(model, "f32")
    model.eval()
    x = paddle.to_tensor(noise(2, 3, 32, 32))
    expected = model(x).numpy()
    static = paddle.jit.to_static(
        copy.deepcopy(model), input_spec=[paddle.static.InputSpec([None, 3, 32, 32])], full_graph=True
    )
    assert difference(static(x).numpy(), expected) < 1e-4


@pytest.mark.parametrize(
    ("place", "name", "value", "why"),
    [
        ("platform", "machine", lambda: "aarch64", "aarch64 is not x86-64"),
        (None, "may_use", lambda isa: False, "no AVX2"),
        ("paddle", "get_device", lambda: "gpu:0", "gpu:0"),
        (None, "library", None, "brings no libdnnl.so"),
    ],
)
def test_where_it_cannot_work_the_model_stays_stock(monkeypatch, place, name, value, why):
    if name == "library":
        monkeypatch.setattr(paddle, "__file__", "/nowhere/paddle/__init__.py")
        value = library.library.__wrapped__
    target = {"platform": library.platform, "paddle": paddle, None: library}[place]
    monkeypatch.setattr(target, name, value)
    model = models.build("lenet")
    report = onednn.accelerate(model)
    assert why in str(report)
    assert report.swapped == {}
    assert not any("forward" in vars(layer) for layer in model.sublayers())


@pytest.mark.parametrize(
    ("isa", "said"), [("AVX", "stock layers: the processor has no AVX2"), ("AVX2", "f32 convolutions")]
)
def test_it_uses_what_onednn_may_use(isa, said):
    code = "from paddle_course import runtime, models, onednn\nruntime.start()\n"
    code += "print(onednn.accelerate(models.build('lenet')))"
    environment = os.environ | {"PYTHONPATH": str(runtime.ROOT), "ONEDNN_MAX_CPU_ISA": isa}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert said in run.stdout, run.stderr


def test_without_bfloat16_float32_is_used(monkeypatch):
    monkeypatch.setattr(library, "has_bf16", lambda: False)
    assert onednn.accelerate(models.build("lenet"), "auto").precision == "f32"
    report = onednn.accelerate(models.build("lenet"), "bf16")
    assert report.precision == "f32"
    assert ", f32 convolutions (this processor has no bf16): 2 Conv2D, " in str(report)


def test_mistakes_are_told():
    with pytest.raises(runtime.UserError, match="f32, bf16, auto"):
        onednn.accelerate(nn.ReLU(), "f16")


def test_errors_name_function_primitive_and_shape():
    with pytest.raises(library.OneDNNError, match=r"dnnl_x for convolution of \(1, 2\): unimplemented"):
        library.check(3, "dnnl_x", "convolution of (1, 2)")


def test_every_class_that_is_swapped_is_one_of_paddles():
    assert all(kind.__module__.startswith("paddle.nn") for kind in swap.KINDS)
