"""The scores by hand, and that those of the batches make that of the data set."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from paddle_course.training import scores


def test_soft_labels_count_by_their_largest_share() -> None:
    logits = np.array([[2.0, 1.0], [0.0, 3.0], [5.0, 1.0]])
    assert scores.accuracy(logits, np.array([0, 1, 1])) == 2 / 3
    assert scores.accuracy(logits, np.array([[0.7, 0.3], [0.6, 0.4], [0.9, 0.1]])) == 2 / 3


def test_a_single_logit_says_one_where_it_is_above_zero() -> None:
    logits, labels = np.float32([[2.0], [-1.0], [0.0], [3.0]]), np.array([1, 1, 0, 0])
    assert scores.accuracy(logits, labels) == 2 / 4
    assert scores.accuracy(np.hstack([np.zeros_like(logits), logits]), labels) == 2 / 4  # the same as two logits


def test_paddles_accuracy_of_a_single_logit_counts_the_zeros_whatever_it_says() -> None:
    labels = np.array([1, 1, 0, 1, 1])
    for logits in (np.ones((5, 1)), -np.ones((5, 1)), np.random.default_rng(0).normal(size=(5, 1))):
        assert scores.single_logit(logits.astype("float32"), labels) == pytest.approx(1 / 5)


def test_mse_in_the_targets_own_unit() -> None:
    outputs, targets = np.float32([[1], [2], [3]]), np.float32([[1], [0], [4]])
    assert scores.mse(outputs, targets) == pytest.approx(5 / 3)
    assert scores.mse(outputs, targets, unit=45.0) == pytest.approx(45**2 * 5 / 3)


def test_batches_weighted_by_their_sizes_make_the_whole() -> None:
    rng = np.random.default_rng(0)
    outputs, targets = rng.normal(size=(2, 25, 1)).astype("float32")
    parts = [(scores.mse(outputs[i : i + 10], targets[i : i + 10]), len(targets[i : i + 10])) for i in (0, 10, 20)]
    assert sum(value * count for value, count in parts) / 25 == pytest.approx(scores.mse(outputs, targets))


def test_a_score_is_recorded_under_its_name() -> None:
    assert scores.name(scores.accuracy) == "accuracy"
    assert scores.name(partial(scores.mse, unit=2.0)) == "mse"


def test_a_single_logit_says_yes_above_its_threshold() -> None:
    logits, labels = np.float32([[-1.0], [0.2], [0.7], [3.0]]), np.array([0, 1, 1, 0])
    assert scores.accuracy(logits, labels) == 0.75
    assert scores.accuracy(logits, labels, threshold=0.5) == 0.5
    assert scores.name(partial(scores.accuracy, threshold=0.5)) == "accuracy"
