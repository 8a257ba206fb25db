"""Trained networks -> the rows that compare them: one table, the numbers for the sentences, the published results."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from paddle_course import batches, training
from paddle_course.answers.analysis import LayerRow, counts
from paddle_course.answers.paired import Paired, right
from paddle_course.answers.pieces import Cell, Result, Table, Trained, score, spread

if TYPE_CHECKING:
    from paddle import nn


@dataclass(frozen=True)
class Comparison:
    """Several settings side by side, by name: the mean accuracy on the test pictures, also as `text` with its spread,
    and, while they were learnt from, on those of the last epoch (`train`); the pictures per second while training;
    multiply-accumulates for a picture.

    `same` tells which of them differ by more than chance, if they were asked about the same pictures once more.
    """

    table: Table
    accuracy: dict[str, float]
    text: dict[str, str]
    train: dict[str, float]
    speed: dict[str, float]
    macs: dict[str, int]
    results: list[Result]
    same: Paired | None = None

    @property
    def best(self) -> str:
        return max(self.accuracy, key=self.accuracy.__getitem__)

    @property
    def worst(self) -> str:
        return min(self.accuracy, key=self.accuracy.__getitem__)

    @property
    def pieces(self) -> list[Table | Result]:
        return [self.table, *self.results]


def compare(
    caption: str,
    rows: Mapping[str, Sequence[Trained]],
    data: str,
    setting: str,
    input_shape: Sequence[int] | None = None,
    judged: batches.Ordered | None = None,
) -> Comparison:
    """Compare settings by test accuracy, each trained once for every seed.

    Args:
        data: what it was measured on, for docs/results.json.
        setting: what all rows have in common ("3 epochs"); with the row's name it is the result's name.
        input_shape: (C, H, W) where the networks differ: adds their size and what training them costs.
        judged: pictures that the first network of every row judges once more, picture by picture, to be paired.
    """
    lines, results, accuracy, text, train, speed, macs = [], [], {}, {}, {}, {}, {}
    for name, trained in rows.items():
        finals = [each.result.final for each in trained]
        mean, sd = spread([each["test_accuracy"] for each in finals])
        minutes = statistics.fmean(each.result.minutes for each in trained)
        accuracy[name], speed[name] = mean, statistics.fmean(each.result.speed for each in trained)
        text[name] = score(mean, sd, len(finals))
        results.append(Result(f"{name}, {setting}", "test accuracy", mean, sd, len(finals), minutes, data))
        line: list[Cell] = [name]
        if input_shape:
            trainable, running, macs[name] = counts(trained[0].net, input_shape)
            # Six operations per MAC: two forward, four backward (for the weights' gradient and the input's).
            line += [trainable + running, trainable, macs[name], round(6e-9 * macs[name] * speed[name], 1)]
        train[name] = statistics.fmean(each["train_accuracy"] for each in finals)
        tested = trained[0].result.plan["held_out"]["test"]["n"]
        interval = training.metrics.wilson(mean, tested) if sd is None else None
        scores = [score(train[name]), score(mean, sd, len(finals), interval)]
        lines.append((*line, round(speed[name], 1), *scores, round(minutes, 2), round(100 * mean / minutes, 1)))
    size = ("values", "trainable", "MACs", "GFLOP/s") if input_shape else ()
    header = ("", *size, "pictures/s", "train accuracy", "test accuracy", "minutes", "points per minute")
    same = Paired({name: right(trained[0].net, judged) for name, trained in rows.items()}) if judged else None
    table = Table(f"{caption}, {setting}", header, tuple(lines))
    return Comparison(table, accuracy, text, train, speed, macs, results, same)


def mean_sd(values: Sequence[float], digits: int = 1) -> str:
    """Mean, standard deviation and number of several runs: "37.9 ± 1.2 (n = 10)"; a single value alone."""
    mean, sd = spread(values)
    return f"{mean:,.{digits}f}" + ("" if sd is None else f" ± {sd:,.{digits}f} (n = {len(values)})")


@dataclass(frozen=True)
class Layers:
    """A layer table as one reads it, with its totals and the side lengths a picture goes through ("32-28-14-..."); none
    where all layers are linear."""

    table: Table
    total: int
    trainable: int
    macs: int
    sides: str

    @property
    def pieces(self) -> list[Table]:
        return [self.table]


def layers(caption: str, rows: Sequence[LayerRow]) -> Layers:
    """The rows of `layer_table` with shapes, how each count comes about, and a last line of totals."""
    lines: list[tuple[Cell, ...]] = [
        (row.name, row.kind, times(row.input), times(row.output), row.formula, row.values or None, row.macs or None)
        for row in rows
    ]
    total, trainable, macs = (sum(getattr(row, name) for row in rows) for name in ("values", "trainable", "macs"))
    header = ("layer", "kind", "input", "output", "values, worked out", "values", "MACs")
    table = Table(caption, header, (*lines, ("total", "", "", "", "", total, macs)))
    moving = [row for row in rows if "Conv" in row.kind or "Pool" in row.kind]
    sides = [*(row.input[-1] for row in moving[:1]), *(row.output[-1] for row in moving)]
    return Layers(table, total, trainable, macs, "-".join(map(str, sides)))


@dataclass(frozen=True)
class Recount:
    """The values of the layers that have any, and how many somebody `claimed` there are altogether."""

    values: dict[str, int]
    claimed: int
    pieces: Sequence[Table]


def recount(caption: str, rows: Sequence[LayerRow], claims: Mapping[str, int], whose: str) -> Recount:
    """Set what somebody else counts of a network beside the rows of `layer_table`; `claims` are in their order."""
    counted = dict(zip(claims, (row for row in rows if row.values), strict=True))
    lines = tuple((name, row.formula, row.values, claims[name]) for name, row in counted.items())
    values = {name: row.values for name, row in counted.items()}
    return Recount(values, sum(claims.values()), [Table(caption, ("layer", "worked out", "values", whose), lines)])


def times(shape: Sequence[int]) -> str:
    """(20, 28, 28) as "20 × 28 × 28"."""
    return " × ".join(map(str, shape))


def by_epoch(trained: Trained, what: str) -> dict[str, tuple[list[int], list[float]]]:
    """The curves of "loss" or "accuracy" over the epochs, one for each data set: {"train": (epochs, values), ...}."""
    records = trained.result.epochs
    names = [key.removesuffix(f"_{what}") for key in records[0] if key.endswith(f"_{what}")]
    epochs = [each["epoch"] for each in records]
    return {name: (epochs, [each[f"{name}_{what}"] for each in records]) for name in names}


def mean_by_epoch(trained: Sequence[Trained], what: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One value of the epoch records ("test_loss") over the epochs, of several runs of one length: mean and sd.

    The standard deviation is the sample's, as in `spread`; 0 for a single run.
    """
    values = np.array([[epoch[what] for epoch in each.result.epochs] for each in trained])
    return np.arange(1, 1 + values.shape[1]), values.mean(0), values.std(0, ddof=int(len(values) > 1))


def by_minute(trained: Trained, what: str) -> tuple[list[float], list[float]]:
    """One value of the epoch records over the minutes of training until then."""
    records = trained.result.epochs
    return [each["seconds"] / 60 for each in records], [each[what] for each in records]


def by_step(trained: Trained, what: str, kind: str = "train") -> tuple[list[int], list[float]]:
    """One value of the step records ("loss", "accuracy", "lr", "gradient_norm") over the steps; of the `kind`
    "gradients", the norm of the layer so called."""
    records = trained.result.run.records(kind)
    return [each["step"] for each in records], [each[what] for each in records]


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


def unanswered(net: nn.Layer, data: batches.Batches) -> int:
    """How many of the classes the network answers none of the pictures with."""
    scores, _ = training.predict(net, data)
    return scores.shape[1] - len(np.unique(scores.argmax(axis=1)))


def each_class(caption: str, scores: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> Table:
    """Precision, recall, F1, top-5 error, cross-entropy and average precision, class by class."""
    columns = training.metrics.per_class(scores, labels)
    rows = tuple((name, *(round(float(column[i]), 4) for column in columns)) for i, name in enumerate(classes))
    header = ("class", "precision", "recall", "F1", "top-5 error", "cross-entropy", "average precision")
    return Table(caption, header, rows)


def class_scores(scores: np.ndarray, labels: np.ndarray, index: int) -> tuple[float, float, float, float]:
    """Recall, precision and average precision of one class, and the accuracy over all."""
    found = training.metrics.per_class(scores, labels)
    one = (found.recall, found.precision, found.ap)
    return (*(round(float(column[index]), 4) for column in one), training.metrics.accuracy(scores, labels))
