"""Superclasses: what is right one level up, and which are confused, counted by hand."""

import numpy as np
import pytest

from paddle_course.answers import superclasses

OF, NAMES = (0, 0, 1, 1, 2, 2), ("big_cats", "birds", "fish")


def test_mistakes_are_counted_one_level_up():
    labels = np.array([0, 0, 1, 2, 3, 4, 4, 5])
    guesses = np.array([0, 1, 2, 2, 0, 4, 5, 0])  # right: 3; in the superclass: 5
    found = superclasses(np.eye(6)[guesses], labels, OF, NAMES, "made up")
    assert found.accuracy == 5 / 8
    assert found.within == 2 / 5
    assert found.by_chance == pytest.approx(1 / 5)
    assert found.pairs[0] == ("big cats", "birds", 2)  # one taken for a bird, one bird taken for a cat
    assert found.pairs[1] == ("big cats", "fish", 1)
    table, figure, result = found.pieces
    assert table.rows[0] == ("big cats", "birds", 2)
    assert "big cats" in figure.svg
    assert (result.metric, result.value) == ("accuracy", 5 / 8)


def test_without_mistakes_nothing_is_divided_by_zero():
    labels = np.arange(6)
    assert superclasses(np.eye(6), labels, OF, NAMES, "").within == 0
