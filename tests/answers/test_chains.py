"""Chains on a table: sizes by layer, the sweep over depths with its bound, and chains side by side."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_course.answers import chains
from paddle_course.models import Chain

RNG = np.random.default_rng(0)
X = RNG.uniform(-0.5, 0.5, (20, 2))
Y = (X.sum(1, keepdims=True) > 0.1).astype(np.int64)
KINDS = {"sigmoid": Chain(), "steep": Chain(weight=4.0, bias=-2.0), "relu": Chain(bias=0.0, relu=True, first_bias=1.0)}


def test_a_trial_keeps_every_update_of_every_layer() -> None:
    found = chains.trial(Chain(), X, Y, 3)
    assert [each.shape for each in found.gradients] == [(60, 2)] + 4 * [(60, 1)]
    assert found.sizes.shape == (60, 5) and found.by_pass.shape == (3, 5)
    np.testing.assert_allclose(found.sizes[:, 0], np.abs(found.gradients[0]).mean(1))
    np.testing.assert_allclose(found.by_pass.mean(0), found.sizes.mean(0))
    assert (np.diff(found.sizes.mean(0)) > 0).all()
    p = found.said
    assert found.right == ((p > 0.5) == Y).mean() and p.shape == (20, 1)
    assert found.spread == p.max() - p.min() > 0 == chains.trial(Chain(relu=True), X, Y, 2).spread  # dead
    assert found.loss == pytest.approx(-np.where(Y == 1, np.log(p), np.log(1 - p)).mean())
    low, high = found.swing
    assert low <= p.mean() <= high and low < 0.2 < 0.8 < high  # a rate of 2, and rows that say yes and rows that say no
    assert np.ptp(chains.trial(Chain(lr=0.01), X, Y, 3).swing) < 0.05


def test_steep_sigmoids_creep_towards_their_middle() -> None:
    chain = Chain(depth=20, weight=4.0, bias=-2.0)
    away = [float(np.abs(outputs - 0.5).mean()) for outputs in chain.forward(*chain.start(), X)[1:]]
    assert away == sorted(away, reverse=True) and away[0] > 2 * away[-1] > 0.1


def test_a_dead_layer_is_not_drawn() -> None:
    chart = chains.trial(Chain(relu=True), X, Y, 2).chart("dead")
    assert np.isnan(np.stack([values for _, values in chart.series.values()])).any()
    assert len(chart.series) == 5 and (chart.xlabel, chart.logy) == ("pass", True)


@pytest.mark.parametrize("weight", [1.0, 3.0])
def test_the_bound_holds_and_is_reached_where_sigmoids_are_steepest(weight: float) -> None:
    for depth in (2, 5, 9):
        size, most, largest = chains.at_first(Chain(depth, weight), X, Y)
        assert 0 < size <= most and size < largest
        size, most, _ = chains.at_first(Chain(depth, weight, -weight / 2, first_bias=0.0), X / 10, Y)
        assert size <= most < 1.2 * size  # all outputs near 1/2, all slopes near 1/4
    assert chains.at_first(Chain(1), X, Y).mean == chains.at_first(Chain(1), X, Y).most


def test_the_bound_with_as_many_weights_as_layers_is_none() -> None:
    """n slopes, but n - 1 weights: with w < 1 the gradient may be larger than (|w| / 4)^n allows."""
    size, most, _ = chains.at_first(Chain(3, 0.1, -0.05, first_bias=0.0), X / 10, Y)
    assert size > most * 0.1 / 4


def test_a_sweep_tells_vanishing_from_lasting() -> None:
    found = chains.depth_sweep(KINDS, X, Y, 20)
    first, last = found.ends["sigmoid"]
    assert first > 1e10 * last > 0
    assert found.factor == pytest.approx(0.116, abs=0.002)  # a (1 - a) where a = sigmoid(a + 1)
    for name in ("steep", "relu"):
        assert found.ends[name][1] > 0.2 * found.ends[name][0]
    one, moved = np.float32(1), []
    for chain in (Chain(found.still - 1), Chain(found.still)):
        weights, biases = chain.start()
        steps = chain.lr * chain.backward(weights, chain.forward(weights, biases, X), Y)[0][0]
        moved.append(bool((one - steps.astype(np.float32) != one).any()))
    assert moved == [True, False]  # of all rows and both weights
    assert found.heavy[16.0][0] < found.heavy[1.0][0] < found.heavy[4.0][1]
    deep, heavy, figure = found.pieces
    assert [row[0] for row in deep.rows] == [2, 5, 10, 15, 20] and len(heavy.rows) == 5
    assert figure.name == "depth" and "sigmoid: at most" in figure.svg
    assert chains.depth_sweep(KINDS, X, Y, 7).still is None


def test_chains_side_by_side() -> None:
    kinds = KINDS | {"longer": Chain()}
    found = chains.compare_chains(kinds, X, Y, dict.fromkeys(KINDS, 2) | {"longer": 4})
    assert found.first["sigmoid"] == found.first["longer"] and len(found.trials["longer"].sizes) == 80
    ratio = {name: last / first for name, (first, last) in found.first.items()}
    assert ratio["sigmoid"] > 1000 > 30 > ratio["steep"] and ratio["relu"] < 30
    table, figure = found.pieces
    assert [row[:3] for row in table.rows][-1] == ("longer", 2.0, 4)
    assert figure.svg.count("<svg") == 3  # the longer one has an axis of its own
