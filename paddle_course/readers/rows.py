"""Arrays of numbers -> `Rows`, a table in memory: what is known of each example, and what is to be predicted."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from paddle_course.runtime import UserError


@dataclass(frozen=True, eq=False)
class Rows:
    """A table of numbers in memory; UserError, naming `source`, where the arrays do not fit together."""

    inputs: np.ndarray  # float64 (N, D), in the units of the file
    targets: np.ndarray  # float64 (N, K)
    names: tuple[str, ...]  # of the D + K columns
    source: str  # for people: "Boston housing"
    synthetic: bool = False  # made up by stand_ins; reports must say so

    def __post_init__(self) -> None:
        for what, array in (("inputs", self.inputs), ("targets", self.targets)):
            if array.dtype != np.float64 or array.ndim != 2:
                raise UserError(
                    f"{self.source}: {what} are {array.dtype} {array.shape} instead of float64 (N, columns)"
                )
        if len(self.inputs) != len(self.targets):
            raise UserError(
                f"{self.source}: {len(self.inputs):,} rows of inputs but {len(self.targets):,} of targets; "
                "get the file again"
            )
        if len(self.names) != self.table.shape[1]:
            raise UserError(f"{self.source}: {len(self.names)} names for {self.table.shape[1]} columns")
        wrong = np.argwhere(~np.isfinite(self.table))
        if len(wrong):
            row, column = wrong[0]
            raise UserError(
                f"{self.source}: {self.names[column]} of row {row + 1} is {self.table[row, column]}, no number"
            )

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def table(self) -> np.ndarray:
        """Inputs and targets side by side, float64 (N, D + K)."""
        return np.concatenate([self.inputs, self.targets], axis=1)

    def take(self, indices: np.ndarray | slice) -> Rows:
        """These rows only, in this order: positions int64 (M,), a boolean mask (N,) or a slice."""
        return dataclasses.replace(self, inputs=self.inputs[indices], targets=self.targets[indices])
