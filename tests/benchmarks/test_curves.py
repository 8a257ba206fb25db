"""The curves of stock and accelerated layers: from the same weights, on the same pictures, compared step by step."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import paddle
import pytest
from paddle import nn

from benchmarks import curves
from benchmarks.curves import Learnt
from paddle_course import models, onednn, readers
from paddle_course.models.fast import whitening
from paddle_course.onednn import library, swap

SMALL = ["--models", "lenet", "--steps", "3", "--batch", "4", "--seeds", "2"]


@pytest.fixture(autouse=True)
def stand_ins(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No data set is there; stand-ins are made, once for all tests."""
    monkeypatch.setenv("PADDLE_COURSE_DATA", str(tmp_path_factory.getbasetemp() / "curves"))
    monkeypatch.setattr(readers, "find", lambda name: None)
    cached = curves.pictures
    cached.cache_clear()
    yield
    cached.cache_clear()


@pytest.fixture
def onednn_is_here() -> None:
    if why := library.why_not():
        pytest.skip(why)


def test_only_the_rounding_differs(onednn_is_here: None) -> None:
    data = curves.prepared("lenet", 4)
    bounds = {side: {"bf16": 0.1, "rounded": 0.1}.get(side, 1e-5) for side in curves.others()}
    sides = ["stock", "stock", *bounds]
    stock, again, *others = (np.array(list(curves.losses("lenet", side, data, 5))) for side in sides)
    assert len(stock) == 5 and len(set(stock)) == 5
    assert np.array_equal(stock, again)
    for other, (side, close) in zip(others, bounds.items(), strict=True):
        assert side == "retraced" or not np.array_equal(stock, other)  # with the same weights they may agree to the bit
        assert np.allclose(stock, other, rtol=close, atol=0)


@pytest.mark.parametrize("name", ["lenet", "resnet18", "fast", "densenet121"])
def test_rounded_maps_and_their_gradients_hold_what_bfloat16_does(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the weights themselves and their gradients hold more than that."""
    seen = {"maps": [], "gradients": [], "weights": []}

    def before(layer: nn.Layer, given: tuple, maps: paddle.Tensor) -> None:
        if maps.ndim == 4:
            maps.register_hook(lambda gradient: seen["gradients"].append(gradient.detach()))

    def behind(layer: nn.Layer, given: tuple, maps: paddle.Tensor) -> None:
        if maps.ndim == 4:
            seen["maps"].append(maps.detach())

    def convolved(x: paddle.Tensor, weight: paddle.Tensor, *rest: object) -> paddle.Tensor:
        seen["weights"] += [x.detach(), weight.detach()]
        return conv2d(x, weight, *rest)

    conv2d = paddle.nn.functional.conv2d
    monkeypatch.setattr(paddle.nn.functional, "conv2d", convolved)
    size = {"fast": {"width": 0.25}, "lenet": {}, "densenet121": {"growth": 4}}.get(name, {"width": 8})
    net, (channels, side, _) = models.build(name, **size), models.MODELS[name].input_shape
    layers = [layer for layer in net.sublayers() if swap.kind_of(layer)]
    for layer in layers:
        layer.register_forward_post_hook(before)
    curves.round_off(net)
    for layer in layers:
        layer.register_forward_post_hook(behind)
    x = paddle.to_tensor(np.random.default_rng(0).normal(size=(2, channels, side, side)).astype(np.float32))
    x.stop_gradient = False
    net(x).square().sum().backward()
    convolutions = [layer for layer in layers if isinstance(layer, nn.Conv2D)]
    assert len(seen["maps"]) == len(seen["gradients"]) > len(convolutions) == len(seen["weights"]) / 2
    for each in (*seen["maps"], *seen["gradients"], *seen["weights"]):
        assert np.array_equal(each.numpy(), each.astype("bfloat16").astype("float32").numpy())
    weights = [layer.weight for layer in convolutions if not layer.weight.stop_gradient]
    every = np.concatenate([each.numpy().ravel() for each in weights])
    for full in (every, *(each.grad.numpy() for each in weights)):  # they, and what they learn from, stay as they are
        assert not np.array_equal(full, paddle.to_tensor(full).astype("bfloat16").astype("float32").numpy())


def test_rounded_is_what_bfloat16_learns(onednn_is_here: None) -> None:
    if not library.has_bf16():
        pytest.skip("this processor has no bfloat16")
    data = curves.prepared("camp", 16)
    stock, rounded, bf16 = (
        np.array(list(curves.losses("camp", side, data, 5))) for side in ("stock", "rounded", "bf16")
    )
    assert np.abs(bf16 - rounded).max() < np.abs(bf16 - stock).max()


def test_the_fast_network_begins_whitened() -> None:
    data = curves.prepared("fast", 4)
    one, other = (curves.begun("fast", data).features.whiten.weight.numpy() for _ in range(2))
    assert np.array_equal(one, other)
    pictures = np.concatenate([data.batch(0, i)[0] for i in range(len(data))])  # all of them, in another order
    assert np.allclose(np.abs(one), np.abs(whitening(pictures)), atol=1e-3)


def test_the_numbers_agree_with_the_curves() -> None:
    stock, above = [8.0] + 10 * [2.0], [6.0] + 10 * [2.2]
    curve = {"stock": [stock, stock], "f32": [stock, stock], "bf16": [above, stock]}
    curve |= dict.fromkeys(("rounded", "reordered", "retraced"), np.zeros((0, 0)))
    learnt = Learnt("lenet", "data", {side: np.array(each) for side, each in curve.items()}, dict.fromkeys(curve, 0.5))
    assert [learnt.last(side) for side in curve] == [[2.0, 2.0], [2.0, 2.0], pytest.approx([2.2, 2.0]), [], [], []]
    assert [learnt.off(side) for side in curve] == [[0.0, 0.0], [0.0, 0.0], pytest.approx([0.1, 0.0]), [], [], []]
    assert [learnt.apart(side) for side in curve] == [0.0, 0.0, 0.125, None, None, None]
    f32, overlay, bf16, apart = curves.results([learnt], 11)
    assert (f32.name, f32.value, f32.n, bf16.name) == ("curves, lenet, f32", 0.0, 2, "curves, lenet, bf16")
    assert bf16.metric == "mean loss of the last 10 of 11 steps above stock's, as a share of it"
    assert (bf16.value, bf16.sd) == pytest.approx((0.05, 0.1 / np.sqrt(2)))
    assert (overlay.name, overlay.value, apart.value) == ("curves, lenet, f32, apart", 0.0, 0.125)
    assert "largest distance in 11 steps, as a share of stock's loss" in apart.metric and apart.n == 2
    slower = curves.results([dataclasses.replace(learnt, rate=0.001)], 11)
    assert [each.name for each in slower[:2]] == [f"curves at 0.001, lenet, f32{more}" for more in ("", ", apart")]
    shown = curves.tables([learnt], 11)
    assert [table.rows[0][1:4] for table in shown[1:]] == [
        ("0.00 ± 0.00 %", "5.00 ± 7.07 %", None),
        ("0.00 %", "12.50 %", None),
    ]


def test_only_the_sides_that_are_asked_for_are_trained(entries, capsys: pytest.CaptureFixture[str]) -> None:
    assert curves.main([*SMALL, "--sides", "rounded"]) == 0
    shown = capsys.readouterr()
    assert [line.split(",")[1].split(":")[0] for line in shown.err.splitlines() if line.startswith("lenet, ")] == [
        " stock",
        " rounded",
    ]
    heads = [line.split()[1:] for line in shown.out.splitlines() if line.startswith("model ")]
    assert heads == [["stock", "rounded"], ["rounded"], ["rounded"]] and "–" not in shown.out
    with pytest.raises(SystemExit, match="2"):
        curves.main([*SMALL, "--sides", "float8"])
    assert "'float8' is none of f32, bf16, rounded, reordered, retraced" in capsys.readouterr().err


def test_what_is_retraced_is_stocks_way(onednn_is_here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the same weights there is but a step's rounding between the two, and a wrong layer is seen at every step."""
    data = curves.prepared("lenet", 4)

    def distances() -> np.ndarray:
        stock, retraced = (np.array(list(curves.losses("lenet", side, data, 5))) for side in ("stock", "retraced"))
        return np.abs(retraced - stock) / stock

    assert distances().max() < 1e-5
    accelerate = onednn.accelerate

    def wrong(net: nn.Layer, precision: str) -> onednn.Report:
        net.features.pool2.register_forward_post_hook(lambda layer, given, maps: 1.01 * maps)
        return accelerate(net, precision)

    monkeypatch.setattr(onednn, "accelerate", wrong)
    assert distances().min() > 1e-5


def test_seeds_are_other_weights_and_other_pictures(onednn_is_here: None) -> None:
    one, other = (next(iter(curves.losses("lenet", "f32", curves.prepared("lenet", 4, seed), 1))) for seed in (0, 1))
    assert one != other


def test_a_smaller_rate_changes_less() -> None:
    data = curves.prepared("lenet", 4)
    usual, smaller, least = (
        np.array(list(curves.losses("lenet", "stock", data, 2, rate))) for rate in (0.01, 0.001, 1e-6)
    )
    assert usual[0] == smaller[0] == least[0]
    assert abs(usual[1] - least[1]) > 2 * abs(smaller[1] - least[1]) > 0


def test_the_curves_are_drawn_and_published(
    onednn_is_here: None, entries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    digits = dataclasses.replace(curves.pictures((1, 28, 28)), synthetic=False, source="digits")
    monkeypatch.setattr(curves, "pictures", lambda shape: digits)
    seen, learn = [], curves.learn
    monkeypatch.setattr(curves, "learn", lambda *words: seen.append(learn(*words)) or seen[-1])
    assert curves.main([*SMALL, "--rate", "0.02", "--figure", str(tmp_path / "curves.png"), "--publish"]) == 0
    picture = cv2.imread(str(tmp_path / "curves.png"))
    assert picture is not None and picture.std() > 5
    found, (learnt,) = entries(), seen
    others = curves.others()
    assert learnt.rate == 0.02
    assert found.keys() == {f"curves at 0.02, lenet, {side}{more}" for side in others for more in ("", ", apart")}
    for side in others:
        assert found[f"curves at 0.02, lenet, {side}"]["value"] == np.mean(learnt.off(side))
        assert found[f"curves at 0.02, lenet, {side}, apart"]["value"] == learnt.apart(side)
        assert side == "retraced" or np.mean(learnt.off(side)) and learnt.apart(side)
    assert found["curves at 0.02, lenet, f32"]["data"] == "digits, batch 4"
    assert found["curves at 0.02, lenet, f32"]["command"].endswith(
        " --figure curves.png --publish"
    )  # and no place of this machine
    shown = capsys.readouterr()
    assert len([line for line in shown.out.splitlines() if line.startswith("lenet ")]) == 3
    assert "not there" not in shown.err


def test_made_up_pictures_are_said_to_be_and_not_published(
    entries, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert curves.main([*SMALL, "--publish"]) == 2
    assert "mnist train is synthetic" in capsys.readouterr().err and not entries()

    def lacks(net: object, asked: str) -> onednn.Report:
        return onednn.Report("", {}, {}, "the processor has neither AVX2 nor AVX-512")

    monkeypatch.setattr(library, "has_bf16", lambda: False)
    monkeypatch.setattr(onednn, "accelerate", lacks)
    assert curves.main(SMALL) == 1
    shown = capsys.readouterr()
    assert "the real pictures are not there: stand-in mnist train instead" in shown.err.splitlines()
    assert any(line.startswith("lenet, f32: failed: stock layers: the proc") for line in shown.err.splitlines())
    assert "bf16: failed" not in shown.err  # what no one has is no failure
    assert [line.count("–") for line in shown.out.splitlines() if line.startswith("lenet ")] == [2, 2, 2]


@pytest.mark.parametrize("place", ["folder.png", "file/curves.png"])
def test_a_place_where_no_picture_can_be_is_told_first(
    place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match="2"):
        curves.main([*SMALL, "--figure", str(tmp_path / place)])
    told = capsys.readouterr().err
    assert "cannot be written" in told and "loss" not in told
