"""Muon: its matrix function against the singular value decomposition, two steps of it against NumPy."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_course.training import muon, optimizers

SHAPES = [(16, 36), (36, 16), (12, 12)]


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def turned(matrix: np.ndarray) -> np.ndarray:
    """What `orthogonal` is in the paper's words, in float64."""
    x = matrix / np.linalg.norm(matrix)
    for _ in range(3):
        square = x @ x.T
        x = 3.4445 * x - 4.7750 * square @ x + 2.0315 * square @ square @ x
    return x


@pytest.mark.parametrize("shape", SHAPES)
def test_singular_values_come_near_one_and_vectors_stay(shape):
    matrix = noise(*shape)
    u, s, v = np.linalg.svd(matrix, full_matrices=False)
    found = u.T @ muon.orthogonal(paddle.to_tensor(matrix, "float32")).numpy() @ v.T
    np.testing.assert_allclose(found, np.diag(np.diag(found)), atol=1e-5)  # the singular vectors are the same
    large = s > s.max() / 10
    assert np.diag(found)[large].min() > 0.4 and np.diag(found).max() < 1.25
    assert s[large].max() / s[large].min() > 1.5 * np.diag(found)[large].max() / np.diag(found)[large].min()


@pytest.mark.parametrize("shape", SHAPES)
def test_the_matrix_is_as_worked_out_by_hand(shape):
    np.testing.assert_allclose(
        muon.orthogonal(paddle.to_tensor(noise(*shape), "float32")), turned(noise(*shape)), atol=2e-5
    )


class Net(nn.Layer):
    """Weights (6, 4, 3, 3), with a bias, and a Linear layer."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2D(4, 6, 3)
        self.fc = nn.Linear(5, 2)


def stepped(net: nn.Layer, optimizer: paddle.optimizer.Optimizer, lr: float, count: int = 2) -> None:
    for step in range(count):
        optimizer.set_lr(lr)
        for each in net.parameters():
            (each * paddle.to_tensor(noise(*each.shape, seed=step), "float32")).sum().backward()
        optimizer.step()
        optimizer.clear_grad()


def test_two_steps_of_a_filter():
    net, m, lr = Net(), 0.5, 0.1
    w, v = net.conv.weight.numpy().astype("float64").reshape(6, -1), 0
    for step in range(2):
        g = noise(6, 4, 3, 3, seed=step).reshape(6, -1)
        v = m * v + g
        w = w * 6**0.5 / np.linalg.norm(w) - lr * turned(g + m * v)
    stepped(net, optimizers.build("muon", net, momentum=m), lr)
    np.testing.assert_allclose(net.conv.weight.numpy().reshape(6, -1), w, atol=1e-5)


def test_all_else_moves_by_nesterov_with_its_groups_settings():
    one, other = Net(), Net()
    other.set_state_dict(one.state_dict())
    groups = {"*.bias": {"momentum": 0.85, "learning_rate": 3.0, "weight_decay": 0.1}}
    stepped(one, optimizers.build("muon", one, groups=groups), 0.1)
    alone = {name: Net() for name in ("conv.bias", "fc.weight")}
    for net in alone.values():
        net.set_state_dict(other.state_dict())
    stepped(alone["conv.bias"], optimizers.build("nesterov", alone["conv.bias"], momentum=0.85, weight_decay=0.1), 0.3)
    stepped(alone["fc.weight"], optimizers.build("nesterov", alone["fc.weight"], momentum=0.6), 0.1)
    for name, net in alone.items():
        np.testing.assert_allclose(one.state_dict()[name].numpy(), net.state_dict()[name].numpy(), rtol=1e-6)


def test_a_group_of_filters_has_its_own_momentum_and_rate():
    one, other = Net(), Net()
    other.set_state_dict(one.state_dict())
    groups = {"conv.weight": {"momentum": 0.3, "learning_rate": 2.0}}
    stepped(one, optimizers.build("muon", one, groups=groups), 0.1)
    stepped(other, optimizers.build("muon", other, momentum=0.3), 0.2)
    np.testing.assert_array_equal(one.conv.weight.numpy(), other.conv.weight.numpy())


def test_filters_of_zeros_are_moved_by_the_update_alone():
    net = Net()
    net.conv.weight.set_value(paddle.zeros_like(net.conv.weight))
    stepped(net, optimizers.build("muon", net), 0.5, 1)
    assert 0 < np.linalg.norm(net.conv.weight.numpy()) < 2


def test_the_length_of_a_filter_is_given():
    """Weight decay takes nothing from it, and what it was before is forgotten."""
    found = []
    for size in (1.0, 100.0):
        paddle.seed(0)
        net = Net()
        net.conv.weight.set_value(net.conv.weight * size)
        stepped(net, optimizers.build("muon", net, weight_decay=0.5 * (size > 1)), 0.0, 1)
        found.append(net.conv.weight.numpy())
        assert np.linalg.norm(found[-1]) == pytest.approx(6**0.5, rel=1e-5)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-5)
