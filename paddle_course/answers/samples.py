"""Accuracies at growing numbers of pictures per class -> the curve, the laws through it, and what they promise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from paddle_course import readers
from paddle_course.answers import figures
from paddle_course.answers.pieces import Figure, Result, Table, score, spread
from paddle_course.runtime import UserError

SENSIBLE = 1e9  # pictures of one class: more than any set has of anything


@dataclass(frozen=True)
class SampleCurve:
    """Mean test accuracy by pictures per class, with its fits.

    `slope` is the gain per factor of ten of the line a + slope log10(n); the power law is error = `a` n^-`b`, the form
    in which test error falls over many tasks (Hestness et al. 2017, arXiv 1712.00409).
    """

    sizes: np.ndarray
    mean: np.ndarray
    runs: int
    slope: float
    line_r2: float
    a: float
    b: float
    power_r2: float
    pieces: Sequence[Table | Figure | Result]

    def elbow(self, points: int) -> float | None:
        """The elbow of the first `points` points; None where there is none."""
        return elbow(self.sizes[:points], self.mean[:points])

    @property
    def doubling(self) -> tuple[float, float]:
        """What doubling the number of pictures brings at least and at most, from one point to the next."""
        gains = np.diff(self.mean) / np.diff(np.log2(self.sizes))
        return float(gains.min()), float(gains.max())

    def measured(self, goal: float) -> int | None:
        """The fewest pictures per class with which the goal was reached; None where it never was."""
        return next((int(n) for n, mean in zip(self.sizes, self.mean, strict=True) if mean >= goal), None)

    def needed(self, goal: float) -> float:
        """Pictures per class at which the power law reaches the goal, to one digit: it is carried beyond what was
        measured. Infinite where no sensible number does."""
        n = reached(self.a, self.b, goal)
        return float(f"{n:.0e}") if n < SENSIBLE else np.inf

    def by_line(self, goal: float) -> float:
        """The same by the straight line, which no accuracy can follow for ever."""
        decades = (goal - self.mean.mean()) / self.slope if self.slope > 0 else np.inf
        n = 10.0 ** min(float(np.log10(self.sizes).mean() + decades), 99.0)
        return float(f"{n:.0e}") if n < SENSIBLE else np.inf


def by_count(
    images: readers.Images,
    sizes: Iterable[int],
    seeds: Sequence[int],
    accuracy: Callable[[int, int, readers.Images, readers.Images], float],
    flag: str,
) -> dict[int, list[float]]:
    """Test accuracies by pictures per class, one for each seed, as far as `images` has so many of every class.

    Args:
        accuracy: that of a training, of the size, the seed, and four fifths of the pictures to fit and the rest to
            validate by.
        flag: where the sizes come from, for the message.
    """
    most = np.bincount(images.labels).min()
    if len(able := sorted({size for size in sizes if size <= most})) < 3:
        raise UserError(f"{flag} {tuple(sizes)}: a curve needs three sizes that {images.source} has")
    found: dict[int, list[float]] = {size: [] for size in able}
    for size, seed in product(able, seeds):
        some = images.take(readers.balanced(images, size, seed))
        halves = (some.take(part) for part in readers.stratified_split(some.labels, 0.8, seed))
        found[size].append(accuracy(size, seed, *halves))
    return found


def sample_curve(scores: Mapping[int, Sequence[float]], data: str) -> SampleCurve:
    """The curve through `scores`: test accuracies of several runs, by pictures per class."""
    n, values = np.array(list(scores)), [spread(each) for each in scores.values()]
    mean, sd = np.array([m for m, _ in values]), np.array([s or 0.0 for _, s in values])
    slope, intercept = np.polyfit(np.log10(n), mean, 1)
    a, b = power_law(n, mean)
    line, power = intercept + slope * np.log10(n), 1 - a * n**-b
    series = {"measured": (n, mean, sd), "straight line in log10(n)": (n, line), "power law": (n, power)}
    measured = [score(m, s, len(scores[size])) for size, (m, s) in zip(scores, values, strict=True)]
    rows = zip(scores, measured, map(score, power), strict=True)
    pieces = [
        Table("Test accuracy by pictures per class", ("pictures per class", "test accuracy", "power law"), tuple(rows)),
        figures.curves(
            "samples",
            "Accuracy against the number of pictures; the band is one standard deviation",
            series,
            "pictures per class",
            "test accuracy",
            logx=True,
            percent=True,
            dashed=tuple(series)[1:],
        ),
        *(
            Result(f"{size} per class", "test accuracy", m, s, len(scores[size]), data=data)
            for size, (m, s) in zip(scores, values, strict=True)
        ),
    ]
    laws = (round(float(slope), 9) + 0.0, r_squared(mean, line), a, b, r_squared(mean, power))
    return SampleCurve(n, mean, min(map(len, scores.values())), *laws, pieces)


@dataclass(frozen=True)
class LearningCurves:
    """Networks side by side, each with its test accuracy by the number of pictures.

    `needed` is the number at which the power law through a curve, error = a n^-b, reaches the goal; infinite where the
    error does not fall. Far from the measured points it is a direction rather than a number.
    """

    accuracy: dict[str, dict[int, float]]
    needed: dict[str, float]
    pieces: Sequence[Table | Figure | Result]


def learning_curves(accuracy: Mapping[str, Mapping[int, float]], goal: float, data: str) -> LearningCurves:
    """The curves through the accuracies of networks, name -> pictures -> accuracy; all at the same numbers."""
    sizes = np.array(list(next(iter(accuracy.values()))))
    laws = {name: power_law(sizes, np.array(list(curve.values()))) for name, curve in accuracy.items()}
    needed = {name: reached(*law, goal) for name, law in laws.items()}
    series = {name: (sizes, list(curve.values())) for name, curve in accuracy.items()}
    series |= {f"{name}, power law": (sizes, 1 - a * sizes**-b) for name, (a, b) in laws.items()}
    rows = [(int(n), *(score(curve[n]) for curve in accuracy.values())) for n in sizes]
    dashed, options = tuple(series)[len(laws) :], {"logx": True, "percent": True}
    text = "Test accuracy by the number of pictures learnt from"
    return LearningCurves(
        {name: dict(curve) for name, curve in accuracy.items()},
        needed,
        [
            Table(text, ("pictures", *accuracy), tuple(rows)),
            figures.curves("learning", text, series, "pictures", "test accuracy", dashed=dashed, **options),
            *(
                Result(f"{name}, {n} pictures", "test accuracy", value, data=data)
                for name, curve in accuracy.items()
                for n, value in curve.items()
            ),
        ],
    )


def power_law(n: np.ndarray, accuracy: np.ndarray) -> tuple[float, float]:
    """a and b of error = a n^-b, a straight line through the logarithms."""
    exponent, log_a = np.polyfit(np.log(n), np.log(np.maximum(1 - accuracy, 1e-6)), 1)
    return float(np.exp(log_a)), float(-exponent)


def reached(a: float, b: float, goal: float) -> float:
    """The n at which 1 - a n^-b is `goal`; infinite where the error does not fall, or so slowly that n has no end."""
    return float((a / (1 - goal)) ** (1 / b)) if b > 0.01 else np.inf


def r_squared(y: np.ndarray, fitted: np.ndarray) -> float:
    """The share of the variance of `y` that `fitted` explains; 0 where there is no variance."""
    variance = ((y - y.mean()) ** 2).sum()
    return float(1 - ((y - fitted) ** 2).sum() / variance) if variance > 1e-12 else 0.0  # less is rounding


def elbow(n: np.ndarray, accuracy: np.ndarray) -> float | None:
    """The n whose point lies farthest above the chord from the first point to the last, both axes scaled to 0..1.

    The usual reading of a bend by eye (Satopaa et al. 2011, "Kneedle"). It depends on where the curve was cut off. None
    for a curve that does not rise, and for two points, which have no bend.
    """
    if len(n) < 3 or accuracy[-1] <= accuracy[0]:
        return None
    x = (n - n[0]) / (n[-1] - n[0])
    y = (accuracy - accuracy[0]) / (accuracy[-1] - accuracy[0])
    return float(n[np.argmax(y - x)])
