"""The gradient of weights as a convolution: the numbers of oneDNN's own gradient, and where it takes its place."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_course import onednn
from paddle_course.onednn import exchange, library, primitives
from paddle_course.onednn.exchange import Exchanged, exchanged
from paddle_course.onednn.library import F32
from paddle_course.onednn.primitives import Convolution, Types, Window
from paddle_course.onednn.tensors import laid, over_places

from .conftest import CLOSE, difference, noise, pass_with_avx2

PLAIN = Window((3, 3), (1, 1), (1, 1), (1, 1))


def gradients(x, w, window, monkeypatch) -> tuple[np.ndarray, np.ndarray]:
    """Of the same maps: the exchanged one, and oneDNN's own."""
    monkeypatch.setattr(primitives, "exchanged", lambda *_: None)
    convolution = Convolution(x, w, window, 1, False, Types(F32, F32, F32), False, True)
    maps, dy = (laid(paddle.to_tensor(noise(*shape)), F32) for shape in (x, convolution.result))
    found = []
    for way in (Exchanged(x, w, window), convolution.to_weights):
        dw = paddle.full(w, float("nan"))
        way(maps.data_ptr(), dy.data_ptr(), dw.data_ptr())
        found.append(dw.numpy())
    return tuple(found)


@pytest.mark.parametrize("pictures", [1, 8, 20, 64])
@pytest.mark.parametrize("channels", [(16, 16), (24, 16), (20, 50), (3, 17)])
def test_all_pictures_and_channels_count(monkeypatch, pictures, channels):
    c, k = channels
    ours, own = gradients((pictures, c, 7, 6), (k, c, 3, 3), PLAIN, monkeypatch)
    assert difference(ours, own) < CLOSE


@pytest.mark.parametrize(
    "window",
    [
        Window((5, 5), (1, 1), (0, 0), (0, 0)),
        Window((3, 3), (2, 2), (1, 1), (1, 1)),
        Window((3, 3), (2, 2), (0, 0), (0, 0)),  # leaves the last column of 12 out
        Window((2, 2), (3, 3), (0, 0), (0, 0)),
        Window((3, 3), (1, 1), (2, 2), (2, 2), (2, 2)),
        Window((1, 3), (2, 1), (0, 1), (0, 2)),
        Window((3, 2), (1, 2), (2, 0), (0, 1), (1, 3)),
    ],
    ids=str,
)
def test_windows(monkeypatch, window):
    ours, own = gradients((11, 16, 9, 12), (24, 16, *window.kernel), window, monkeypatch)
    assert difference(ours, own) < CLOSE


def test_few_pictures_at_a_time(monkeypatch):
    """200 pictures of 50 kB go through the cache in 25 parts, 20 of them in two parts and a rest."""
    parts = Exchanged((200, 16, 7, 7), (256, 16, 3, 3), PLAIN).parts
    assert len(parts) == 25 and len(set(parts)) == 1
    few = Exchanged((20, 16, 7, 7), (256, 16, 3, 3), PLAIN).parts
    assert [part.bytes[0] // (4 * 16 * 7 * 7) for part in few] == [8, 8, 4]
    assert len(Exchanged((200, 16, 3, 3), (16, 16, 3, 3), PLAIN).parts) == 1


def test_where_it_takes_the_place_of_onednns_own(monkeypatch):
    if library.vector() != 8:  # there oneDNN has no compiled code for some of these
        monkeypatch.setattr(exchange, "implementation", lambda made: "jit:any")
    monkeypatch.setattr(library, "vector", lambda: 8)

    def place(x=(16, 32, 8, 8), w=(32, 32, 3, 3), window=PLAIN, groups=1):
        return exchanged(x, w, window, groups)

    single = Window((1, 1), (1, 1), (0, 0), (0, 0))
    assert place()
    assert place((16, 32, 16, 16)) and not place((16, 32, 17, 16))  # its kernels would be too large
    assert place((16, 16, 8, 8), (16, 16, 3, 3)) and not place((16, 15, 8, 8), (16, 15, 3, 3))
    assert not place(w=(15, 32, 3, 3))
    assert not place(w=(32, 32, 1, 1), window=single)
    assert not place(w=(32, 16, 3, 3), groups=2)
    monkeypatch.setattr(library, "vector", lambda: 16)
    assert not place()


def test_not_where_onednn_has_no_compiled_code_for_it(monkeypatch):
    monkeypatch.setattr(library, "vector", lambda: 8)
    monkeypatch.setattr(exchange, "implementation", lambda made: "ref:any")
    assert exchanged((16, 32, 8, 8), (32, 32, 3, 3), PLAIN, 1) is None


@pytest.mark.parametrize("frozen", ["", "weight", "bias"])
def test_with_a_bias(like_stock, monkeypatch, frozen):
    used, run = [], Exchanged.__call__
    monkeypatch.setattr(Exchanged, "__call__", lambda self, *places: used.append(run(self, *places)))
    layer = nn.Conv2D(16, 20, 3, padding=1)
    if frozen:
        getattr(layer, frozen).stop_gradient = True
    ours = like_stock(layer, 20, 16, 8, 7)
    assert {f"{name} gradient" for name in ("weight", "bias") if name != frozen} <= ours.keys()
    assert bool(used) == (library.vector() == 8 and frozen != "weight")


def test_the_sum_over_all_places():
    maps = noise(5, 24, 3, 4)
    np.testing.assert_allclose(over_places(laid(paddle.to_tensor(maps), F32)), maps.sum((0, 2, 3)), 1e-5, 1e-5)


def test_the_same_bits_every_time():
    layer = nn.Conv2D(32, 32, 3, padding=1)
    onednn.accelerate(layer, "f32")
    found = []
    for _ in range(2):
        layer(paddle.to_tensor(noise(40, 32, 8, 8))).square().sum().backward()
        found.append(layer.weight.grad.numpy().tobytes())
        layer.clear_gradients()
    assert found[0] == found[1]


def test_with_avx2_alone():
    """With oneDNN held to AVX2, whatever this processor has."""
    pass_with_avx2(__file__, "pictures or windows or bias or bits or where_it_takes")
