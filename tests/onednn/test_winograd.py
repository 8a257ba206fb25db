"""Winograd's convolution: its algebra, oneDNN's own numbers in all three passes, and where it takes over."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_course import onednn
from paddle_course.onednn import filtering, library, primitives, winograd
from paddle_course.onednn.filtering import axis, matrices
from paddle_course.onednn.library import F32
from paddle_course.onednn.primitives import Convolution, Types, Window
from paddle_course.onednn.tensors import empty, laid
from paddle_course.onednn.winograd import Winograd, faster

from .conftest import CLOSE, difference, layers_on_maps, noise, pass_with_avx2

PLAIN = Window((3, 3), (1, 1), (1, 1), (1, 1))


@pytest.fixture(autouse=True)
def weights():
    """The same weights every time: where a result is all but 0, rounding decides what ReLU lets through."""
    paddle.seed(1)


@pytest.mark.parametrize("m", filtering.POINTS)
def test_the_matrices_are_a_correlation(m):
    a, g, b = matrices(m)
    x, w = noise(m + 2).astype(np.float64), noise(3).astype(np.float64)
    np.testing.assert_allclose(a @ ((g @ w) * (b @ x)), np.correlate(x, w), atol=1e-12)


@pytest.mark.parametrize(("places", "m", "tiles"), [(1, 2, 1), (2, 2, 1), (3, 3, 1), (4, 4, 1), (6, 3, 2), (7, 4, 2)])
def test_tiles_are_those_with_the_fewest_multiplications(places, m, tiles):
    found = axis(places + 1, places, 0)
    assert (found.values - 2, found.tiles) == (m, tiles)


@pytest.mark.parametrize(
    ("size", "before", "after"), [(9, 1, 1), (9, 0, 0), (4, 2, 2), (5, 0, 2), (12, 2, 0), (1, 1, 1)]
)
def test_a_row_of_tiles_is_a_padded_correlation(size, before, after):
    found, places = axis(size, size + before + after - 2, before), size + before + after - 2
    x, w = noise(size).astype(np.float64), noise(3, seed=1).astype(np.float64)
    weights = np.tile(found.weights @ w, found.tiles)
    there = found.gather @ (weights * (found.spread @ x))
    assert there.shape == (places,)
    np.testing.assert_allclose(there, np.correlate(np.pad(x, (before, after)), w), atol=1e-12)


def compare(x, w, window, monkeypatch) -> dict[str, float]:
    """How far each pass is from oneDNN's own, relative to the largest value."""
    monkeypatch.setattr(primitives, "faster", lambda *_: (None, None))
    monkeypatch.setattr(primitives, "exchanged", lambda *_: None)
    own, ours = Convolution(x, w, window, 1, False, Types(F32, F32, F32), False, True), Winograd(x, w, window)
    assert ours.result == own.result
    weights = paddle.to_tensor(noise(*w))
    maps, dy = (laid(paddle.to_tensor(noise(*shape)), F32) for shape in (x, own.result))
    found = {}

    def note(name, result, *runs):
        both = []
        for run in runs:
            made = result()
            run(made.data_ptr())
            both.append(made.numpy())
        found[name] = difference(*both)

    def convolved(run, filters, given):
        return lambda address: run(given.data_ptr(), filters.given(weights.data_ptr()), address)

    def learned(run):
        return lambda address: run(maps.data_ptr(), dy.data_ptr(), address)

    forward = (convolved(*pair, maps) for pair in (ours.forward(False, False), (own.forward, own.weights)))
    note("forward", lambda: empty(own.result, F32), *forward)
    back = (convolved(*pair, dy) for pair in (ours.to_data(), (own.to_data, own.weights_back)))
    note("to data", lambda: empty(x, F32), *back)
    note("to weights", lambda: paddle.full(w, float("nan")), learned(ours.to_weights()), learned(own.to_weights))
    return found


@pytest.mark.parametrize("pictures", [1, 5, 33])
@pytest.mark.parametrize("channels", [(3, 17), (16, 24), (128, 64)])
@pytest.mark.parametrize("size", [(7, 6), (2, 15), (32, 1)], ids=str)
def test_pictures_channels_and_sizes(monkeypatch, pictures, channels, size):
    c, k = channels
    assert max(compare((pictures, c, *size), (k, c, 3, 3), PLAIN, monkeypatch).values()) < CLOSE


@pytest.mark.parametrize(
    ("before", "after"), [((0, 0), (0, 0)), ((2, 2), (2, 2)), ((0, 2), (1, 0)), ((3, 0), (0, 3))], ids=str
)
def test_paddings(monkeypatch, before, after):
    window = Window((3, 3), (1, 1), before, after)
    assert max(compare((6, 20, 8, 9), (30, 20, 3, 3), window, monkeypatch).values()) < CLOSE


def test_few_pictures_at_a_time(monkeypatch):
    """What fits into the cache is taken at a time, at least one picture, and the rest of them in the end."""
    monkeypatch.setattr(winograd, "TOGETHER", 15_000)
    monkeypatch.setattr(library, "vector", lambda: 8)  # the gap between a tile's rows, wherever this runs
    made = Winograd((7, 16, 6, 6), (16, 16, 3, 3), PLAIN).to_weights()  # a picture's tiles have 7,040 bytes
    assert [part.come.pictures for part in made.parts] == [2, 2, 2, 1] and len(set(made.parts)) == 2
    assert len(Winograd((7, 64, 16, 16), (64, 64, 3, 3), PLAIN).to_weights().parts) == 7
    assert max(compare((7, 16, 6, 6), (16, 16, 3, 3), PLAIN, monkeypatch).values()) < CLOSE


def test_where_it_takes_the_place_of_onednns_own():
    def place(x=(32, 128, 8, 8), w=(128, 128, 3, 3), window=PLAIN, groups=1):
        return [each is not None for each in faster(x, w, window, groups)]

    assert place() == [True, True]
    assert place((32, 64, 8, 8), (128, 64, 3, 3)) == [True, True]  # 85 in the mean
    assert place((32, 64, 8, 8), (64, 64, 3, 3)) == [False, True]
    assert place((32, 32, 8, 8), (64, 32, 3, 3)) == [False, False]
    assert place((8, 128, 8, 8)) == [True, True] and place((7, 128, 8, 8)) == [False, False]  # four tiles in each
    assert place(w=(128, 64, 3, 3), groups=2) == [False, False]
    for change in ({"stride": (2, 2)}, {"dilation": (2, 2)}, {"kernel": (3, 1)}):
        assert place(window=PLAIN._replace(**change)) == [False, False]


@pytest.fixture
def whatever_the_number_of_tiles(monkeypatch):
    """A few pictures have fewer tiles than it is taken for."""
    monkeypatch.setattr(winograd, "FEWEST_TILES", 1)
    primitives.convolution.cache_clear()
    yield
    primitives.convolution.cache_clear()


@pytest.mark.parametrize("name", ["fast", "vgg16", "resnet18"])
def test_every_convolution_of_a_model(like_stock, monkeypatch, whatever_the_number_of_tiles, name):
    used, run = [], winograd.ToWeights.__call__
    monkeypatch.setattr(winograd.ToWeights, "__call__", lambda self, *places: used.append(run(self, *places)))
    found = [each for each in layers_on_maps(name, 2) if isinstance(each[0], nn.Conv2D)]
    for layer, shape in found:
        like_stock(layer, *shape)
    assert len(used) == {"fast": 4, "vgg16": 8, "resnet18": 4}[name]


@pytest.mark.parametrize("frozen", ["", "weight", "bias"])
@pytest.mark.parametrize("relu", [False, True])
def test_with_a_bias_and_a_relu(like_stock, monkeypatch, frozen, relu):
    used, run = [], winograd.Convolved.__call__
    monkeypatch.setattr(winograd.Convolved, "__call__", lambda self, *places: used.append(run(self, *places)))
    conv = nn.Conv2D(80, 96, 3, padding=1)
    if frozen:
        getattr(conv, frozen).stop_gradient = True
    ours = like_stock(nn.Sequential(conv, nn.ReLU()) if relu else conv, 33, 80, 6, 7)
    assert sum(name.endswith(f"{each} gradient") for name in ours for each in ("weight", "bias")) == 2 - bool(frozen)
    assert used


def test_the_same_bits_every_time():
    layer = nn.Conv2D(96, 96, 3, padding=1)
    onednn.accelerate(layer, "f32")
    x, found = paddle.to_tensor(noise(40, 96, 7, 7), stop_gradient=False), []
    for _ in range(2):
        y = layer(x)
        y.square().sum().backward()
        found.append([each.numpy().tobytes() for each in (y, x.grad, layer.weight.grad)])
        layer.clear_gradients()
        x.clear_gradient()
    assert found[0] == found[1]


def test_with_avx2_alone():
    """With oneDNN held to AVX2, whatever this processor has."""
    pass_with_avx2(__file__, "pictures or paddings or model or bias or bits")
