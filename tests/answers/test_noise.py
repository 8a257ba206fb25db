"""Gradient noise: it falls as one over the root of the batch, and measuring it leaves the network alone."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from paddle_course import batches
from paddle_course.answers import gradient_noise
from paddle_course.answers.noise import Noise, gradient
from tests.training import toy


def test_a_batch_of_all_has_no_noise_and_smaller_ones_as_much_as_the_law_says() -> None:
    net, data = toy.toy_model(), batches.Batches(toy.stripes(256), 64, shuffle=False)
    found = gradient_noise(net, data, (4, 16, 64, 256))
    assert found.by_size[256] < 1e-5
    small = Noise({size: found.by_size[size] for size in (4, 64)})
    assert small.law == 4 and 2.5 < small.falls < 6.5
    (figure,) = small.pieces
    assert "as 1 / √B" in figure.svg


def test_the_network_stays_as_it_was() -> None:
    net, data = toy.toy_model(), batches.Batches(toy.stripes(32), 16, shuffle=False)
    net.train()
    net.norm.eval()
    before = {name: value.numpy().copy() for name, value in net.state_dict().items()}
    gradient_noise(net, data, (4, 8))
    assert all(np.array_equal(value.numpy(), before[name]) for name, value in net.state_dict().items())
    assert net.dropout.training and not net.norm.training
    assert all(p.grad is None or not p.grad.any().item() for p in net.parameters())


def test_the_gradient_is_that_of_the_mean_loss() -> None:
    net = paddle.nn.Sequential(paddle.nn.Flatten(), paddle.nn.Linear(4, 2, bias_attr=False))
    net[1].weight.set_value(paddle.zeros([4, 2]))
    images = np.ones((2, 1, 2, 2), np.float32)
    assert gradient(net, images, np.array([0, 0])) == pytest.approx([-0.5, 0.5] * 4)
