"""Recipes: rates at the marked steps, which params they treat apart, and that they fit their networks."""

from __future__ import annotations

import pytest

from paddle_course import models
from paddle_course.training import optimizers, plan, recipes


def test_airbench_rises_to_its_peak_and_ends_low() -> None:
    phase = recipes.airbench(epochs=10, steps_per_epoch=48, size=1024)
    rates = [phase.schedule(step) for step in range(480)]
    assert max(rates) == phase.schedule(110) == 1.5  # 23 % of the way
    assert rates[0] == pytest.approx(0.3)
    assert rates[-1] == pytest.approx(1.5 * 0.07, rel=0.05)
    assert recipes.airbench(10, 96, 512).schedule(220) == 0.75


def test_airbench_has_the_authors_numbers_in_units_of_a_mean_loss() -> None:
    """11.5 and 0.0153 for each 1,024 pictures, decoupled, for the sum of their losses; momentum 0.85."""
    settings, kilostep = recipes.airbench(10, 48, 1024).settings, 1024 * (1 + 1 / (1 - 0.85))
    rate = 11.5 / kilostep
    assert rate * 1024 == pytest.approx(1.5, rel=1e-3)
    assert settings["weight_decay"] == pytest.approx(0.0153 * 1024 / kilostep / rate / 1024, rel=1e-3)
    assert settings["momentum"] == 0.85
    assert settings["groups"]["*norm?.bias"]["weight_decay"] * 64 == pytest.approx(settings["weight_decay"])


def test_airbench_averages_to_the_end_and_lets_the_whitening_rest() -> None:
    phase, net = recipes.airbench(epochs=4, steps_per_epoch=3, size=8), models.build("fast", width=0.1)
    assert [phase.average(step) is not None for step in range(1, 13)] == [step in (5, 10, 12) for step in range(1, 13)]
    assert phase.average(12) == 1.0
    bias = net.features.whiten.bias
    plan.freeze(net, [phase], 2)
    assert not bias.stop_gradient
    plan.freeze(net, [phase], 3)
    assert bias.stop_gradient


def test_airbench_gives_the_six_shifts_64_times_the_rate() -> None:
    net, phase = models.build("fast", width=0.1), recipes.airbench(4, 3, 1024)
    optimizer = optimizers.build(phase.optimizer, net, **phase.settings)
    groups = {len(group["params"]): group for group in optimizer._param_groups}
    assert groups[6]["learning_rate"] == 64.0
    shifts = {name for name, p in net.named_parameters() if any(p is each for each in groups[6]["params"])}
    assert shifts == {f"features.group{i}.norm{j}.bias" for i in (1, 2, 3) for j in (1, 2)}


def test_muon_goes_straight_down_and_has_the_authors_numbers() -> None:
    """0.24 for filters; for sums of 2,000 losses 0.053 for shifts, 0.67 for the last layer by 256, decay 0.004."""
    phase = recipes.airbench_muon(epochs=8, steps_per_epoch=25, size=2000)
    assert [phase.schedule(step) for step in (0, 50, 100, 200)] == pytest.approx([0.24, 0.18, 0.12, 0.0])
    groups = phase.settings["groups"]
    assert groups["*.bias"]["learning_rate"] * 0.24 == pytest.approx(0.053 * 2000)
    assert groups["fc.weight"]["learning_rate"] * 0.24 / 9**2 == pytest.approx(0.67 * 2000 / 256**2)
    for each in groups.values():
        assert each["learning_rate"] * 0.24 * each["weight_decay"] == pytest.approx(0.004)


def test_muon_moves_the_six_filters_and_lets_the_whitening_rest() -> None:
    net, phase = models.build("fast", width=0.1), recipes.airbench_muon(4, 3, 1000)
    groups = [len(each["params"]) for each in optimizers.build(phase.optimizer, net, **phase.settings)._param_groups]
    assert groups == [6, 7, 1]
    plan.freeze(net, [phase], 3)
    assert net.features.whiten.bias.stop_gradient


def test_one_cycle_ends_at_zero() -> None:
    phase = recipes.one_cycle(epochs=5, steps_per_epoch=20, size=256)
    rates = [phase.schedule(step) for step in range(101)]
    assert max(rates) == pytest.approx(0.2)
    assert rates[100] == 0
    optimizers.build(phase.optimizer, models.build("vgg11", width=2), **phase.settings)
