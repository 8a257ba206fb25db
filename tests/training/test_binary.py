"""Sensitivity, specificity, ROC curve and its area by hand, and against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from paddle_course.training import binary, scores

LOGITS = np.float32([[3.0], [-1.0], [2.0], [0.0], [-2.0]])
LABELS = np.array([1, 1, 0, 0, 0])


def test_by_hand() -> None:
    assert binary.sensitivity(LOGITS, LABELS) == 1 / 2
    assert binary.specificity(LOGITS, LABELS) == pytest.approx(2 / 3)  # a logit of 0 says no
    assert scores.accuracy(LOGITS, LABELS) == 3 / 5
    # Pairs: 3 beats all three, -1 beats -2 alone.
    assert binary.area(LOGITS, LABELS)[0] == pytest.approx(4 / 6)


def test_the_curve_and_its_area_are_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 300)
    logits = np.round(rng.normal(labels, 1.0), 1)[:, None]  # with ties
    area, low, high = binary.area(logits, labels)
    assert area == pytest.approx(metrics.roc_auc_score(labels, logits[:, 0]))
    false, true = binary.roc(logits, labels)
    assert metrics.auc(false, true) == pytest.approx(area)
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1) and (np.diff(false) >= 0).all()
    assert low < area < high


def test_the_interval_holds_the_truth_in_about_19_of_20_samples() -> None:
    rng, held = np.random.default_rng(1), 0
    truth = 0.8556  # of two normal distributions 1.5 apart: Phi(1.5 / sqrt 2)
    for _ in range(400):
        labels = np.repeat([0, 1], 60)
        _, low, high = binary.area(rng.normal(1.5 * labels, 1.0)[:, None], labels)
        held += low <= truth <= high
    assert 0.91 < held / 400 < 0.98


def test_a_perfect_curve_and_a_useless_one() -> None:
    assert binary.area(np.float32([[1], [2], [-1], [-2]]), np.array([1, 1, 0, 0])) == (1, 1, 1)
    assert binary.area(np.zeros((4, 1)), np.array([1, 1, 0, 0]))[0] == 0.5
    assert binary.area(np.float32([[1], [0]]), np.array([1, 0]))[0] == 1  # one of each


def test_without_looking() -> None:
    accuracy, loss = binary.blind(np.array([1, 1, 1, 0]), np.array([1, 0, 0]))
    assert accuracy == pytest.approx(1 / 3)
    assert loss == pytest.approx(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25)))
    assert binary.blind(np.array([0, 0]), np.array([1, 0])) == (0.5, 0)
