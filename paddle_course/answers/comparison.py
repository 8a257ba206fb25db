"""Trained networks -> the rows that compare them: one table, the numbers for the sentences, the published results."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from paddle_course import training
from paddle_course.answers.analysis import LayerRow, counts
from paddle_course.answers.pieces import Cell, Result, Table, Trained, score


@dataclass(frozen=True)
class Comparison:
    """A table of several settings; `accuracy` holds each one's mean, `best` and `worst` are names."""

    table: Table
    accuracy: dict[str, float]
    best: str
    worst: str
    results: list[Result]


def compare(
    caption: str,
    rows: Mapping[str, Sequence[Trained]],
    data: str,
    input_shape: Sequence[int] | None = None,
    setting: str = "",
) -> Comparison:
    """Compare settings by test accuracy, each trained once for every seed.

    Args:
        data: what it was measured on, for docs/results.json.
        input_shape: (C, H, W) where the networks differ: adds their size and MACs.
        setting: what all rows have in common ("3 epochs"), for the names of the results.
    """
    lines, accuracy, results = [], {}, []
    for name, trained in rows.items():
        finals = [each.result.final for each in trained]
        mean, sd = spread([each["test_accuracy"] for each in finals])
        minutes = statistics.fmean(each.result.minutes for each in trained)
        accuracy[name] = mean
        results.append(Result(f"{name}, {setting}".strip(", "), "test accuracy", mean, sd, len(finals), minutes, data))
        line: list[Cell] = [name]
        if input_shape:
            trainable, running, macs = counts(trained[0].net, input_shape)
            line += [trainable + running, trainable, macs]
        train = statistics.fmean(each["train_accuracy"] for each in finals)
        lines.append((*line, score(train), score(mean, sd, len(finals)), round(minutes, 2), mean * 100 / minutes))
    size = ("values", "trainable", "MACs") if input_shape else ()
    header = ("", *size, "train accuracy", "test accuracy", "minutes", "points per minute")
    best, worst = max(accuracy, key=accuracy.__getitem__), min(accuracy, key=accuracy.__getitem__)
    return Comparison(Table(caption, header, tuple(lines)), accuracy, best, worst, results)


def spread(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and standard deviation of a sample; the latter is None for a single value."""
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None


def layers(caption: str, rows: Sequence[LayerRow]) -> Table:
    """A layer table as one reads it: shapes, how the count comes about, and a last line of totals."""
    lines: list[tuple[Cell, ...]] = [
        (row.name, row.kind, times(row.input), times(row.output), row.formula, row.values or None, row.macs or None)
        for row in rows
    ]
    total = ("total", "", "", "", "", sum(row.values for row in rows), sum(row.macs for row in rows))
    header = ("layer", "kind", "input", "output", "values, worked out", "values", "MACs")
    return Table(caption, header, (*lines, total))


def times(shape: Sequence[int]) -> str:
    """(20, 28, 28) as "20 × 28 × 28"."""
    return " × ".join(map(str, shape))


def sizes(rows: Sequence[LayerRow]) -> str:
    """The side lengths that a picture goes through, where a layer may change them: "32-28-14-10-5-1-1"."""
    moving = [row for row in rows if "Conv" in row.kind or "Pool" in row.kind]
    return "-".join(str(side) for side in (moving[0].input[-1], *(row.output[-1] for row in moving)))


def by_epoch(trained: Trained, what: str) -> dict[str, tuple[list[int], list[float]]]:
    """The curves of "loss" or "accuracy" over the epochs, one for each data set: {"train": (epochs, values), ...}."""
    records = trained.result.epochs
    names = [key.removesuffix(f"_{what}") for key in records[0] if key.endswith(f"_{what}")]
    epochs = [each["epoch"] for each in records]
    return {name: (epochs, [each[f"{name}_{what}"] for each in records]) for name in names}


def measures(scores: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """All the usual scores of one model, by the name they are reported under."""
    metrics = training.metrics
    return {
        "accuracy": metrics.accuracy(scores, labels),
        "top-5 error": 1 - metrics.top_k(scores, labels, 5),
        "macro-F1": metrics.macro_f1(scores, labels),
        "mAP": metrics.mean_average_precision(scores, labels),
        "MAP@3": metrics.map_at_k(scores, labels, 3),
        "cross-entropy": metrics.cross_entropy(scores, labels),
    }


def each_class(caption: str, scores: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> Table:
    """Precision, recall, F1 and average precision, class by class."""
    found = training.metrics.per_class(scores, labels)
    columns = (found.precision, found.recall, found.f1, found.ap)
    rows = tuple((name, *(round(float(column[i]), 4) for column in columns)) for i, name in enumerate(classes))
    return Table(caption, ("class", "precision", "recall", "F1", "average precision"), rows)
