"""Rows of a table and a (seed, epoch, position) -> one batch, float32 and scaled, the same whenever it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple

import numpy as np

from paddle_course import readers
from paddle_course.batches.pipeline import Ordered
from paddle_course.runtime import UserError


@dataclass(frozen=True, eq=False)
class RowBatches(Ordered):
    """A table cut into batches, in an order that is a function of (seed, epoch).

    Every column, inputs first and targets last, is made (x - shift) / scale; one value stands for all columns.
    """

    data: readers.Rows
    size: int
    seed: int = 0
    shift: tuple[float, ...] = (0.0,)
    scale: tuple[float, ...] = (1.0,)
    shuffle: bool = True
    drop_last: bool = False
    unit: ClassVar[str] = "rows"

    def __post_init__(self) -> None:
        super().__post_init__()
        columns = len(self.data.names)
        for name, values in (("shift", self.shift), ("scale", self.scale)):
            if len(values) not in (1, columns):
                raise UserError(
                    f"{name} has {len(values)} values for {self.data.source} with {columns} columns; give one for each"
                )
        if min(self.scale) <= 0:
            name = self.data.names[int(np.argmin(self.scale))] if len(self.scale) > 1 else "all columns"
            raise UserError(
                f"{self.data.source}: the scale of {name} is {min(self.scale):g}, it must be above 0; "
                "leave out a column that has one value only"
            )

    @property
    def shape(self) -> tuple[int]:
        """One example's, (D,)."""
        return (self.data.inputs.shape[1],)

    def batch(self, epoch: int, position: int) -> tuple[np.ndarray, np.ndarray]:
        """Batch number `position` of an epoch: inputs float32 (B, D), targets float32 (B, K)."""
        index = self.index(epoch, position)
        table = np.concatenate([self.data.inputs[index], self.data.targets[index]], axis=1)
        inputs, targets = np.split((table - self.shift) / self.scale, self.shape, axis=1)
        return np.ascontiguousarray(inputs, np.float32), np.ascontiguousarray(targets, np.float32)

    def unscaled(self, targets: np.ndarray) -> np.ndarray:
        """Targets, or what a network says in their place, float32 (B, K) -> float64 in the units of the file."""
        ends = [np.broadcast_to(each, len(self.data.names))[self.shape[0] :] for each in (self.scale, self.shift)]
        return targets * ends[0] + ends[1]

    def epoch(self, epoch: int, start: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The batches of an epoch from `start` on."""
        return (self.batch(epoch, position) for position in range(start, len(self)))


def spans(rows: readers.Rows) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean, and largest minus smallest value, of each column: the `shift` and `scale` with which the course works."""
    table = rows.table
    return tuple(table.mean(0).tolist()), tuple(np.ptp(table, axis=0).tolist())


class Split(NamedTuple):
    """Rows to learn from, shuffled, and rows to judge by; the seed is for what is trained on them, too."""

    name: str
    seed: int
    learn: RowBatches
    judge: RowBatches


def cut(rows: readers.Rows, first: int, name: str = "cut", seed: int = 0, leak: bool = False) -> Split:
    """The first rows and the others, both scaled by the `spans` of the first alone.

    `leak` takes those of all rows for the inputs, which is a mistake, kept for study: what is learnt from then knows
    the extremes of what it is judged by.
    """
    train, test, inputs = rows.take(slice(first)), rows.take(slice(first, None)), rows.inputs.shape[1]
    both = zip(spans(rows if leak else train), spans(train), strict=True)
    shift, scale = (of_inputs[:inputs] + of_targets[inputs:] for of_inputs, of_targets in both)
    learn = RowBatches(train, 32, seed, shift, scale)
    return Split(name + "-leak" * leak, seed, learn, RowBatches(test, 32, seed, shift, scale, shuffle=False))


def shuffle_and_cut(rows: readers.Rows, first: int, seed: int, leak: bool = False) -> Split:
    """The same after the rows were shuffled, in an order that is a function of the seed."""
    return cut(rows.take(np.random.default_rng(seed).permutation(len(rows))), first, "random", seed, leak)


def raw_targets(split: Split) -> Split:
    """The same with targets as they stand in the file, neither shifted nor scaled."""
    (inputs,), targets = split.learn.shape, split.learn.data.targets.shape[1]
    shift, scale = split.learn.shift[:inputs] + targets * (0.0,), split.learn.scale[:inputs] + targets * (1.0,)
    learn, judge = (replace(each, shift=shift, scale=scale) for each in (split.learn, split.judge))
    return Split(f"{split.name}-raw", split.seed, learn, judge)
