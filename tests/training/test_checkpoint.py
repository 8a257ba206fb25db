"""Params and persistables: what is saved comes back, what does not fit is refused before anything is touched."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import paddle
import pytest
from safetensors.numpy import save as to_bytes

from paddle_course import runtime, training
from paddle_course.training import checkpoint, optimizers
from paddle_course.training.checkpoint import State
from tests.training import toy

OPTIMIZERS = ["sgd", "momentum", "nesterov", "muon", "adagrad", "rmsprop", "adam", "adamw"]


def stepped(
    name: str, extra: int = 0, steps: int = 3, seed: int = 0
) -> tuple[paddle.nn.Layer, paddle.optimizer.Optimizer]:
    """A model and an optimizer after a few real updates."""
    model = toy.toy_model(seed, extra=extra)
    optimizer = optimizers.build(name, model, lr=0.01)
    for step in range(steps):
        update(model, optimizer, step)
    return model, optimizer


def update(model: paddle.nn.Layer, optimizer: paddle.optimizer.Optimizer, step: int) -> None:
    images, labels = toy.toy_batches().batch(0, step)
    paddle.seed(step)
    paddle.nn.functional.cross_entropy(model(paddle.to_tensor(images)), paddle.to_tensor(labels)).backward()
    optimizer.step()
    optimizer.clear_grad()


def values(model: paddle.nn.Layer) -> dict[str, bytes]:
    return {name: value.tobytes() for name, value in checkpoint.param_arrays(model).items()}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_persistables_go_on_in_another_model_to_the_bit(tmp_path: Path, name: str) -> None:
    model, optimizer = stepped(name)
    checkpoint.save(tmp_path / "3", model, optimizer, State(step=3))
    other, its = toy.toy_model(seed=7, extra=2), None
    its = optimizers.build(name, other, lr=0.01)
    state, _ = training.load_persistables(tmp_path / "3", other, its)
    assert state.step == 3
    assert values(other) == values(model)
    for step in (1, 2):
        update(model, optimizer, step)
        update(other, its, step)
    assert values(other) == values(model)


def test_names_are_structured(tmp_path: Path) -> None:
    model, optimizer = stepped("adam", extra=1)
    checkpoint.save(tmp_path / "3", model, optimizer, State(step=3))
    assert set(checkpoint.read_arrays(tmp_path / "3" / checkpoint.PARAMS)) == {
        *(
            "conv.weight",
            "conv.bias",
            "norm.weight",
            "norm.bias",
            "norm._mean",
            "norm._variance",
            "fc.weight",
            "fc.bias",
        )
    }
    kinds = {
        name for name in checkpoint.read_arrays(tmp_path / "3" / checkpoint.OPTIMIZER) if name.startswith("conv.weight")
    }
    assert kinds == {f"conv.weight/{kind}" for kind in ("moment1", "moment2", "beta1_pow_acc", "beta2_pow_acc")}


@pytest.mark.parametrize(
    ("saved", "given"), [("adam", "sgd"), ("adam", "momentum"), ("momentum", "adam"), ("sgd", "adam")]
)
def test_another_optimizer_is_told_to_load_the_params(tmp_path: Path, saved: str, given: str) -> None:
    checkpoint.save(tmp_path / "3", *stepped(saved), State(step=3))
    model = toy.toy_model(seed=1)
    optimizer, before = optimizers.build(given, model, lr=0.01), values(model)
    with pytest.raises(runtime.UserError) as caught:
        training.load_persistables(tmp_path / "3", model, optimizer)
    for word in (
        type(optimizer).__name__,
        saved.capitalize() if saved != "sgd" else "SGD",
        "load_params",
        "params.safetensors",
    ):
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)
    assert values(model) == before
    training.load_params(tmp_path / "3" / checkpoint.PARAMS, model)  # and what it says works
    assert values(model) != before


def test_params_of_another_model_are_refused_untouched(tmp_path: Path) -> None:
    model = toy.toy_model()
    training.save_params(model, tmp_path / "p.safetensors")
    other = paddle.nn.Sequential(("conv", paddle.nn.Conv2D(1, 5, 3)), ("fc", paddle.nn.Linear(256, 2)))
    before = values(other)
    with pytest.raises(runtime.UserError, match=r"norm\._mean is one too many"):
        training.load_params(tmp_path / "p.safetensors", other)
    assert values(other) == before


def test_params_of_another_dtype_are_refused_untouched(tmp_path: Path) -> None:
    model, path = toy.toy_model(), tmp_path / "p.safetensors"
    arrays = checkpoint.param_arrays(toy.toy_model(seed=1))
    arrays["fc.weight"] = arrays["fc.weight"].astype(np.float64)
    path.write_bytes(to_bytes(arrays))
    before = values(model)
    with pytest.raises(runtime.UserError, match=r"fc\.weight is float64 \(256, 2\), not float32 \(256, 2\)"):
        training.load_params(path, model)
    assert values(model) == before


def test_persistables_of_another_model_are_refused_with_the_optimizer_untouched(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "3", *stepped("adam"), State(step=3))
    model = toy.toy_model(seed=1)
    model.fc = paddle.nn.Linear(256, 3)
    optimizer, before = optimizers.build("adam", model), values(model)
    with pytest.raises(runtime.UserError, match=r"params\.safetensors does not fit this Sequential: fc\.weight is"):
        training.load_persistables(tmp_path / "3", model, optimizer)
    assert values(model) == before and not checkpoint.accumulator_names(model, optimizer)


def test_accumulators_that_do_not_fit_leave_the_model_untouched(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "3", *stepped("adam"), State(step=3))
    for frozen, form, message in (
        (True, np.float32, r"conv\.bias/beta1_pow_acc is one too many"),
        (False, np.float64, r"fc\.bias/moment1 is float64 \(2,\), not float32 \(2,\)"),
    ):
        rewrite(tmp_path / "3", "fc.bias/moment1", form)
        model = toy.toy_model(seed=1)
        model.conv.bias.stop_gradient = frozen
        before = values(model)
        with pytest.raises(runtime.UserError, match=rf"optimizer\.safetensors does not fit this Adam: {message}"):
            training.load_persistables(tmp_path / "3", model, optimizers.build("adam", model))
        assert values(model) == before


def rewrite(directory: Path, name: str, form: type) -> None:
    """Give an accumulator of a checkpoint another dtype, as if it had been written so."""
    path, about = directory / checkpoint.OPTIMIZER, json.loads((directory / checkpoint.STATE).read_text())
    arrays = checkpoint.read_arrays(path)
    path.write_bytes(to_bytes(arrays | {name: arrays[name].astype(form)}))
    about["sha256"][checkpoint.OPTIMIZER] = checkpoint.sha256(path)
    (directory / checkpoint.STATE).write_text(json.dumps(about))


@pytest.mark.parametrize("damage", ["bfloat16", "cut", "empty", "text", "missing"])
def test_damaged_params_are_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "p.safetensors"
    training.save_params(toy.toy_model(), path)
    data = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        head = b'{"fc.bias": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}'
        damaged = {
            "cut": data[: len(data) // 2],
            "empty": b"",
            "text": b"cos\nsystem\n(S'true'\ntR.",
            "bfloat16": len(head).to_bytes(8, "little") + head + bytes(2),
        }
        path.write_bytes(damaged[damage])
    with pytest.raises(runtime.UserError, match=r"p\.safetensors"):
        training.load_params(path, toy.toy_model())


def test_transposed_weights_are_not_scrambled(tmp_path: Path) -> None:
    layer = paddle.nn.Linear(3, 4)
    layer.weight.set_value(paddle.arange(12, dtype="float32").reshape([4, 3]).T)
    training.save_params(layer, tmp_path / "p.safetensors")
    other = paddle.nn.Linear(3, 4)
    training.load_params(tmp_path / "p.safetensors", other)
    assert (other.weight.numpy() == layer.weight.numpy()).all()


def test_the_previous_checkpoint_is_kept_and_a_full_disk_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, optimizer = stepped("adam")
    for step in (1, 2, 3):
        checkpoint.save(tmp_path / str(step), model, optimizer, State(step=step))
        checkpoint.keep(tmp_path, step)
    assert [each.name for each in checkpoint.steps(tmp_path)] == ["3", "2"]

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(runtime.UserError, match="No space left on device"):
            checkpoint.save(tmp_path / "4", model, optimizer, State(step=4))
    assert checkpoint.latest(tmp_path) == tmp_path / "3"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["2", "3"]


def test_arrays_are_written_as_any_file_and_what_the_disk_refuses_is_told(tmp_path: Path) -> None:
    arrays = {"b": np.arange(6, dtype="float32").reshape(2, 3), "a": np.ones((), "int64")}
    said = checkpoint.write_arrays(tmp_path / "deep" / "a.safetensors", arrays)
    assert said == hashlib.sha256(to_bytes(arrays)).hexdigest()
    (tmp_path / "like").touch()
    assert (tmp_path / "deep" / "a.safetensors").stat().st_mode == (tmp_path / "like").stat().st_mode
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(runtime.UserError, match=r"a\.safetensors cannot be written \(File too large\): make room"):
            checkpoint.write_arrays(tmp_path / "deep" / "a.safetensors", {"a": np.zeros(10_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [each.name for each in (tmp_path / "deep").iterdir()] == ["a.safetensors"]
    assert (checkpoint.read_arrays(tmp_path / "deep" / "a.safetensors")["b"] == arrays["b"]).all()


def test_export_answers_as_the_model_does(tmp_path: Path) -> None:
    model, _ = stepped("adam")
    training.export(model, tmp_path / "inference" / "toy", (1, 8, 8))
    assert model.training
    images = np.random.default_rng(0).normal(size=(5, 1, 8, 8)).astype("float32")
    model.eval()
    code = (
        "import sys, numpy as np, paddle; net = paddle.jit.load(sys.argv[1]); net.eval(); "
        "np.save(sys.argv[3], net(paddle.to_tensor(np.load(sys.argv[2]))).numpy())"
    )
    np.save(tmp_path / "in.npy", images)
    files = [str(tmp_path / "inference/toy"), str(tmp_path / "in.npy"), str(tmp_path / "out.npy")]
    subprocess.run([sys.executable, "-c", code, *files], check=True, capture_output=True)
    assert np.load(tmp_path / "out.npy") == pytest.approx(model(paddle.to_tensor(images)).numpy(), abs=1e-5)


def test_a_materialised_optimizer_has_not_moved_the_params() -> None:
    model = toy.toy_model()
    before = values(model)
    decaying = optimizers.build("adamw", model, lr=0.5, weight_decay=0.5)
    names = partial(checkpoint.materialise, model, decaying)({"conv.weight/moment1": np.zeros(1)})
    assert values(model) == before
    assert "conv.weight/moment1" in names.values()


def test_what_a_kill_left_half_written_is_swept_away(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "1", *stepped("sgd"), State(step=1))
    (tmp_path / ".2.tmp").mkdir()
    (tmp_path / ".2.tmp" / checkpoint.PARAMS).write_bytes(b"half")
    assert checkpoint.latest(tmp_path) == tmp_path / "1"
    checkpoint.keep(tmp_path, 1)
    assert [each.name for each in tmp_path.iterdir()] == ["1"]


def test_a_damaged_checkpoint_does_not_push_out_a_good_one(tmp_path: Path) -> None:
    model, optimizer = stepped("adam")
    for step in (800, 900, 950):
        checkpoint.save(tmp_path / str(step), model, optimizer, State(step=step))
    for step in (900, 950):
        (tmp_path / str(step) / checkpoint.PARAMS).write_bytes(b"cut")
    assert checkpoint.latest(tmp_path) == tmp_path / "800"
    checkpoint.save(tmp_path / "830", model, optimizer, State(step=830))
    checkpoint.keep(tmp_path, 830)
    assert [each.name for each in checkpoint.steps(tmp_path)] == ["830", "800"]
