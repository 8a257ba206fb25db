"""Rows to learn from and rows to judge by -> how far they are apart, column by column: covariate shift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from paddle_course import readers
from paddle_course.answers.figures import curves
from paddle_course.answers.pieces import Figure, Table


@dataclass(frozen=True)
class Shift:
    """`inputs`: (column, difference of the two means in standard deviations of the rows learnt from), largest first."""

    inputs: list[tuple[str, float]]
    means: tuple[float, float]  # of the target, in both
    pieces: Sequence[Table | Figure]

    @property
    def largest(self) -> float:
        """How far the input moved that moved most."""
        return abs(self.inputs[0][1])


def covariate_shift(train: readers.Rows, test: readers.Rows) -> Shift:
    """Compare two parts of a table that stand one behind the other in their file; drawn is the last column."""
    first, last, n = train.table, test.table, len(train)
    columns = zip(train.names, first.mean(0), last.mean(0), first.std(0), strict=True)
    rows = [(name, a, b, (b - a) / sd if sd else 0.0) for name, a, b, sd in columns]
    rows.sort(key=lambda row: -abs(row[3]))
    values, both = np.concatenate([first, last])[:, -1], ((1, n), (n + 1, n + len(test)))
    means = float(first[:, -1].mean()), float(last[:, -1].mean())
    names = [f"mean of rows {a:,} to {b:,}: {mean:.1f}" for (a, b), mean in zip(both, means, strict=True)]
    lines = {name: (ends, (mean, mean)) for name, ends, mean in zip(names, both, means, strict=True)}
    series = {train.names[-1]: (np.arange(1, len(values) + 1), values)} | lines
    header = ("column", "mean of the training rows", "of the test rows", "moved by, in sd")
    table = Table("How far the test rows are from the training rows", header, tuple(map(_texts, rows)))
    figure = curves(
        "shift", f"{train.names[-1]} in the order of the file", series, "row", train.names[-1], dashed=names
    )
    known = train.names[: train.inputs.shape[1]]
    return Shift([(name, moved) for name, _, _, moved in rows if name in known], means, [table, figure])


def _texts(row: tuple[str, float, float, float]) -> tuple[str, str, str, float]:
    """Three digits for each mean: the columns have nothing in common."""
    name, a, b, moved = row
    return name, f"{a:.3g}", f"{b:.3g}", round(moved, 2)
