"""Sample counts and accuracies -> the curves through them and what they promise."""

from __future__ import annotations

import numpy as np


def line(n: np.ndarray, accuracy: np.ndarray) -> tuple[float, float, float]:
    """Intercept and slope of accuracy = a + b log10(n) by least squares, and R^2."""
    x, y = np.log10(n), np.asarray(accuracy)
    slope, intercept = np.polyfit(x, y, 1)
    return float(intercept), float(slope), r_squared(y, intercept + slope * x)


def power_law(n: np.ndarray, accuracy: np.ndarray) -> tuple[float, float, float]:
    """a and b of error = a n^-b, fitted as a line through the logarithms, and R^2 of the accuracies.

    The form in which test error falls with the amount of data over many tasks (Hestness et al. 2017, arXiv 1712.00409).
    """
    slope, intercept = np.polyfit(np.log(n), np.log(1 - np.asarray(accuracy)), 1)
    a, b = float(np.exp(intercept)), float(-slope)
    return a, b, r_squared(np.asarray(accuracy), 1 - a * np.asarray(n, float) ** -b)


def r_squared(y: np.ndarray, fitted: np.ndarray) -> float:
    """The share of the variance of `y` that `fitted` explains."""
    return float(1 - ((y - fitted) ** 2).sum() / ((y - y.mean()) ** 2).sum())


def elbow(n: np.ndarray, accuracy: np.ndarray) -> float:
    """The n whose point lies farthest above the chord from the first point to the last, both axes scaled to 0..1.

    The usual reading of a bend by eye (Satopaa et al. 2011, "Kneedle"). It depends on where the curve was cut off.
    """
    n, accuracy = np.asarray(n, float), np.asarray(accuracy, float)
    x = (n - n[0]) / (n[-1] - n[0])
    y = (accuracy - accuracy[0]) / (accuracy[-1] - accuracy[0])
    return float(n[np.argmax(y - x)])


def needed(a: float, b: float, accuracy: float) -> float:
    """The n at which 1 - a n^-b reaches `accuracy`."""
    return float((a / (1 - accuracy)) ** (1 / b))
