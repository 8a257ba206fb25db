"""Trainings of two settings crossed, some of which failed -> the grid: tables, a heat map, curves, the best of a row.

Each training holds its rate for some epochs and brings it down to zero in the rest, so that it tells both how a rate
behaves and where it leads. A cell that diverged, or whose network answers no better than at random, is marked as such.
What is chosen is chosen by the validation accuracy.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from paddle_course import batches, config, training
from paddle_course.answers.figures import Chart, heatmap, panels
from paddle_course.answers.paired import Paired, right
from paddle_course.answers.pieces import Figure, Result, Table, Trained

RANDOM = 1.5  # times the share of the commonest class: who is no better than that has learnt nothing


@dataclass(frozen=True)
class Cell:
    """One training of a grid, whose rate was held for `level` epochs; `trained` is None where it diverged.

    `chance` is the share of the commonest class.
    """

    run: training.Run
    trained: Trained | None
    level: int
    chance: float

    @cached_property
    def curve(self) -> list[float]:
        """The validation accuracy after each epoch, as far as it came."""
        return [each["validation_accuracy"] for each in self.run.records("epoch")]

    @property
    def errors(self) -> tuple[list[int], list[float]]:
        """The share of wrong answers over the epochs; where there was none, a point that is not drawn."""
        return list(range(1, len(self.curve) + 1)) or [1], [1 - each for each in self.curve] or [np.nan]

    @property
    def held(self) -> float:
        """The validation accuracy before the rate came down."""
        return self.curve[self.level - 1]

    @property
    def swing(self) -> float | None:
        """By how much the validation accuracy changes from one epoch to the next while the rate is held, on average.

        Of three epochs and more, not counting the second's, which is mostly progress. None for a single epoch.
        """
        changes = np.abs(np.diff(self.curve[: self.level]))
        return float(changes[len(changes) > 1 :].mean()) if len(changes) else None

    @property
    def step(self) -> int:
        """Of a training that diverged: the step at which it did."""
        return config.load(self.run.directory / "diverged.json")["step"]

    @property
    def mark(self) -> str:
        """What became of a training that came to nothing; empty for the others."""
        if self.trained is None:
            return "diverged"
        return "chance" if self.curve[-1] < RANDOM * self.chance else ""


def attempt(run: training.Run, train: Callable[[training.Run], Trained], level: int, chance: float) -> Cell:
    """`train(run)`; a training that diverges is a cell like the others and ends nothing."""
    try:
        return Cell(run, train(run), level, chance)
    except training.Diverged as diverged:
        print(f"marked as diverged: {diverged}", file=sys.stderr)
        return Cell(run, None, level, chance)


@dataclass(frozen=True)
class Grid:
    """Cells by (row, column), and what shows them."""

    cells: Mapping[tuple[str, float], Cell]
    rows: list[str]
    columns: list[float]
    pieces: Sequence[Table | Figure | Result]

    def best(self, row: str) -> float | None:
        """The column with the best validation accuracy in this row; None where all failed."""
        able = [column for column in self.columns if not self.cells[row, column].mark]
        return max(able, key=lambda column: self.cells[row, column].curve[-1], default=None)

    def side(self, row: str, span: tuple[float, float], judge: batches.Ordered) -> str:
        """Whether this row does best in a column "inside" of `span` or "outside"; "either" where the validation
        examples `judge` do not tell, "" where only one of the two was tried, or all failed."""
        best: dict[str, Cell] = {}
        tried = {column: "inside" if span[0] <= column <= span[1] else "outside" for column in self.columns}
        for column, where in tried.items():
            cell = self.cells[row, column]
            if not cell.mark and (where not in best or cell.curve[-1] > best[where].curve[-1]):
                best[where] = cell
        if len(set(tried.values())) < 2 or not best:
            return ""
        if len(best) < 2:
            return next(iter(best))
        seen = Paired({where: right(cell.trained.net, judge) for where, cell in best.items()})
        return max(best, key=lambda where: best[where].curve[-1]) if seen.apart(*best) else "either"

    def marked(self, mark: str) -> list[str]:
        """The cells with this mark, as "adam 0.1"."""
        return [f"{row} {column:g}" for (row, column), cell in self.cells.items() if cell.mark == mark]


def grid(what: str, cells: Mapping[tuple[str, float], Cell], data: str, setting: str) -> Grid:
    """The grid of `cells`, which must be complete: rows by name, columns by rate. `setting` is what all share."""
    rows, columns = (list(dict.fromkeys(place[i] for place in cells)) for i in range(2))
    heads = tuple(f"{each:g}" for each in columns)
    lines = tuple((row, *(said(cells[row, each]) for each in columns)) for row in rows)
    swings = tuple((row, *(swung(cells[row, each]) for each in columns)) for row in rows)
    values = [[np.nan if cells[row, each].mark else cells[row, each].curve[-1] for each in columns] for row in rows]
    marks = {(rows.index(r), columns.index(c)): cell.mark for (r, c), cell in cells.items() if cell.mark}
    level = next(iter(cells.values())).level
    charts = [
        Chart(
            {f"{each:g} {cells[row, each].mark}".strip(): cells[row, each].errors for each in columns},
            *("epoch", "validation error", row),
            logy=True,
            percent=True,
            marks={"down to 0": level},
        )
        for row in rows
    ]
    results = [
        Result(f"{row}, {column:g}, {setting}", "validation accuracy", cell.curve[-1], None, 1, minutes(cell), data)
        for (row, column), cell in cells.items()
        if cell.trained
    ]
    pieces = [
        Table(f"{what}: validation accuracy in %, rate held → down to 0", ("rate", *heads), lines, setting),
        heatmap("grid", f"{what}: validation accuracy in the end", values, rows, heads, ".2%", "rate", marks=marks),
        panels("grid-curves", f"{what}: share of wrong answers by epoch", charts, columns=2),
        Table(f"{what}: change from epoch to epoch while the rate is held, points", ("rate", *heads), swings),
    ]
    return Grid(cells, rows, columns, [*pieces, *results])


def minutes(cell: Cell) -> float:
    return cell.trained.result.minutes


def said(cell: Cell) -> str:
    """A cell of the first table; what became of it where that is not the accuracy."""
    if cell.trained is None:
        return f"diverged, step {cell.step:,}"
    return f"{100 * cell.held:.2f} → {100 * cell.curve[-1]:.2f}" + f" ({cell.mark})" * bool(cell.mark)


def swung(cell: Cell) -> float | str | None:
    return cell.mark or (None if cell.swing is None else round(100 * cell.swing, 2))
