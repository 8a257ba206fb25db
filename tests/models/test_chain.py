"""The chain by hand: its gradients are slopes, and on the course's table they are what they are known to be."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from paddle_course import batches, readers
from paddle_course.models import Chain

KNOWN = ("2.28e-06", "5.10e-05", "4.81e-04", "5.69e-03", "3.89e-02")  # mean |dW| of layers 1 to 5


def loss(chain: Chain, weights: list, biases: list, x: np.ndarray, y: np.ndarray) -> float:
    said = chain.forward(weights, biases, x)[-1]
    return float(-(y * np.log(said) + (1 - y) * np.log(1 - said)).sum())


@pytest.mark.parametrize(
    "chain", [Chain(), Chain(depth=1), Chain(3, 0.7, -0.2), Chain(4, bias=0.1, relu=True, first_bias=1.0)]
)
def test_gradients_are_slopes(chain: Chain) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-0.4, 0.4, (6, 2)), rng.integers(0, 2, (6, 1))
    weights, biases = chain.start()
    weights = [each + rng.normal(0, 0.1, each.shape) for each in weights]
    dws, dbs = chain.backward(weights, chain.forward(weights, biases, x), y)
    for values, gradients in ((weights, dws), (biases, dbs)):
        for value, gradient in zip(values, gradients, strict=True):
            for place in np.ndindex(value.shape):
                here, sides = value[place], []
                for step in (1e-4, -1e-4):
                    value[place] = here + step
                    sides.append(loss(chain, weights, biases, x, y))
                value[place] = here
                expected = gradient.sum(0)[place[0] if value.ndim == 2 else 0]
                assert (sides[0] - sides[1]) / 2e-4 == pytest.approx(expected, rel=1e-4, abs=1e-9)


def test_it_begins_with_what_it_is_told() -> None:
    weights, biases = Chain(3, 4.0, -2.0, first_bias=1.0).start()
    assert [each.shape for each in weights] == [(2, 1), (1, 1), (1, 1)] and {
        w for each in weights for w in each[:, 0]
    } == {4}
    assert [each.tolist() for each in biases] == [[1.0], [-2.0], [-2.0]]


def test_it_learns_one_row_at_a_time_in_their_order() -> None:
    x, y = np.array([[0.5, -0.5], [0.2, 0.4]]), np.array([[1], [0]])
    steps = list(Chain(depth=1, weight=0.0, bias=0.0, lr=2.0).learn(x, y, 2))
    assert len(steps) == 4
    (weights, biases, dws), *_ = steps
    assert dws[0][:, 0].tolist() == [-0.25, 0.25]  # (1/2 - 1) x
    assert weights[0][:, 0].tolist() == [0.5, -0.5] and biases[0].tolist() == [1.0]
    first, second = (dict(zip("ab", step[2][0][:, 0], strict=True)) for step in (steps[0], steps[1]))
    assert first["a"] < 0 < second["a"]  # the second row says no


def test_the_known_values_of_the_courses_table(real_data: Path, tmp_path: Path) -> None:
    """The mean of |dW| over all 500 updates, without the rate, over both weights of the first layer."""
    real = (real_data / "hw4_data.xls").is_file()
    rows = readers.load_rows("hw4", real_data if real else tmp_path, "real" if real else "stand-in")
    shift, scale = (np.array(each[:-1]) for each in batches.spans(rows))
    found = [dws for *_, dws in Chain().learn((rows.inputs - shift) / scale, rows.targets, 10)]
    mean = [np.mean([np.abs(dws[layer]).mean() for dws in found]) for layer in range(5)]
    assert len(found) == 500 and all(2 < b / a < 100 for a, b in pairwise(mean))
    if real:
        assert tuple(f"{each:.2e}" for each in mean) == KNOWN
