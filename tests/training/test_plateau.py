"""The rule on curves of which one knows where they level off."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_course.training import plateau


def falling(epochs: int, still: int, level: float = 0.1, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    """Straight from 0.7 to `level` in so many epochs, level from there on."""
    straight = np.interp(np.arange(epochs), [0, still], [0.7, level])
    return straight + noise * np.random.default_rng(seed).normal(size=epochs)


def test_medians_of_the_last_three() -> None:
    assert plateau.smoothed([6, 3, 9, 2]).tolist() == [6, 4.5, 6, 3]
    assert plateau.smoothed([6, 3, 0], window=1).tolist() == [6, 3, 0]


def test_a_corner_is_found_within_the_patience_behind_it() -> None:
    for corner in (8, 12, 20):
        assert (
            corner < plateau.start(falling(40, corner)) <= corner + 6
        )  # up to two of the medians, three of patience, itself
        noisy = plateau.start(falling(40, corner, noise=0.01))
        assert corner - 2 < noisy <= corner + 6


def test_a_curve_that_falls_to_the_end_has_none() -> None:
    assert plateau.start(falling(20, 30)) is None
    assert plateau.start([0.7, 0.5]) is None and plateau.start([]) is None


def test_one_bad_epoch_decides_nothing() -> None:
    losses = falling(20, 30)
    losses[10] += 0.3
    assert plateau.start(losses) is None


def test_a_loss_learnt_by_heart_levels_off_although_its_logarithm_falls() -> None:
    found = plateau.start(0.7 * np.exp(-np.arange(40) / 4))
    assert found is not None
    assert 0.7 * np.exp(-found / 4) < 0.1 * 0.7


def test_the_scale_of_the_loss_does_not_matter() -> None:
    losses = falling(30, 10, noise=0.01)
    assert plateau.start(1000 * losses) == plateau.start(losses)


def test_a_higher_bar_and_less_patience_are_sooner_content() -> None:
    losses = 0.7 * np.exp(-np.arange(40) / 4)
    bars = [plateau.start(losses, least=least) for least in (0.02, 0.05, 0.1)]
    assert bars == sorted(bars, reverse=True) and bars[0] > bars[-1]
    flat = [0.7] * 8
    assert [plateau.start(flat, patience=patience) for patience in (2, 3)] == [5, 6]


@pytest.mark.parametrize(
    ("still", "epochs", "found"),
    [
        (12, 20, (12, 16)),
        (12, 24, (12, 18)),
        (None, 12, (6, 9)),
        (11, 12, (6, 9)),
        (10, 12, (10, 11)),
        (None, 2, (1, 2)),
    ],
)
def test_where_to_decay(still: int | None, epochs: int, found: tuple[int, int]) -> None:
    assert plateau.decays(still, epochs) == found


@pytest.mark.parametrize(
    ("losses", "found"),
    [
        ([0.9, 0.70, 0.69, 0.69], True),
        ([0.69, 0.69], False),  # nobody sees two epochs come to rest
        ([0.9, 0.69, 0.69, 0.66], False),
        ([0.66], False),
    ],
)
def test_a_loss_has_converged_when_it_no_longer_changes(losses: list[float], found: bool) -> None:
    assert plateau.rests(losses, 0.691) == found
