"""Slow weights: the schedule of their share, the update by hand, and what a training with them ends with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
import pytest

from paddle_course import runtime, training
from paddle_course.training import loop
from paddle_course.training.averaging import SlowWeights, look_ahead
from tests.training import toy


def test_the_share_grows_with_the_third_power_and_ends_at_one() -> None:
    shares = [look_ahead(step, steps=100, every=5, keep=0.8, power=3) for step in range(1, 101)]
    assert [step for step, share in enumerate(shares, start=1) if share is not None] == list(range(5, 101, 5))
    assert shares[49] == pytest.approx(0.8 / 8)
    assert shares[-1] == 1.0
    assert look_ahead(7, steps=7, every=5) == 1.0  # also where the last step is no multiple
    assert [look_ahead(step, steps=3, every=5) for step in (1, 2, 3)] == [None] * 3  # else the start would come back


def test_the_update_is_a_weighted_mean_that_the_model_goes_on_from() -> None:
    net = paddle.nn.Sequential(paddle.nn.Linear(2, 1), paddle.nn.BatchNorm1D(1))
    first = {name: value.numpy().copy() for name, value in net.state_dict().items()}
    slow = SlowWeights(net)
    for value in net.state_dict().values():
        value.set_value(value + 1)
    slow.update(0.25)
    for name, value in net.state_dict().items():
        np.testing.assert_allclose(value.numpy(), first[name] + 0.75, rtol=1e-6)
        np.testing.assert_array_equal(slow.arrays()[name], value.numpy())
    assert not net[0].weight.stop_gradient


def test_a_share_of_one_gives_the_slow_weights_bit_for_bit() -> None:
    net = paddle.nn.Linear(3, 3)
    slow, before = SlowWeights(net), net.weight.numpy().copy()
    net.weight.set_value(net.weight * 1.1 + 0.3)
    slow.update(1.0)
    np.testing.assert_array_equal(net.weight.numpy(), before)


def test_slow_weights_come_back_from_their_arrays() -> None:
    net = paddle.nn.Linear(3, 3)
    arrays = SlowWeights(net).arrays()
    net.weight.set_value(net.weight + 1)
    slow = SlowWeights(net, arrays)
    slow.update(1.0)
    np.testing.assert_array_equal(net.weight.numpy(), arrays["weight"])


def test_a_training_ends_with_its_slow_weights_and_rested_params(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    biases, ends = [], []
    step = loop.Screen.step

    def watching(self: loop.Screen, *numbers: float) -> None:
        biases.append(net.conv.bias.numpy().copy())
        step(self, *numbers)

    class Watched(SlowWeights):
        def update(self, share: float) -> None:
            super().update(share)
            ends.append((share, self.arrays()))

    monkeypatch.setattr(loop.Screen, "step", watching)
    monkeypatch.setattr(loop, "SlowWeights", Watched)
    net = toy.toy_model()
    training.fit(training.Run(tmp_path / "run"), net, toy.toy_batches(), [toy.averaged()])
    assert [share is not None for share, _ in ends] == [True] * 3  # after steps 3, 6 and 8
    assert ends[-1][0] == 1.0
    np.testing.assert_array_equal(net.fc.weight.numpy(), ends[-1][1]["fc.weight"])
    assert len({bias.tobytes() for bias in biases[:4]}) == 4  # it learns in the first epoch
    assert len({bias.tobytes() for bias in biases[5:]}) <= 2  # and then only moves with the average


def test_a_pattern_that_freezes_nothing_is_refused(tmp_path: Path) -> None:
    phase = training.Phase(1, "sgd", lambda step: 0.1, freeze={"no.such.*": 1})
    with pytest.raises(runtime.UserError, match=r"freeze: no parameter of Sequential is called no\.such"):
        training.fit(training.Run(tmp_path / "run"), toy.toy_model(), toy.toy_batches(), [phase])
