"""Activations and their slopes, against what one knows of them."""

import pytest

from paddle_course.answers import activation_slopes


def test_the_largest_slopes_are_the_known_ones():
    figure, slopes = activation_slopes(("relu", "sigmoid", "tanh", "gelu"))
    expected = {"relu": 1, "sigmoid": 0.25, "tanh": 1, "gelu": 1.1289}
    assert slopes == pytest.approx(expected, abs=2e-3)
    for word in (*expected, "slope", "output"):
        assert word in figure.svg
