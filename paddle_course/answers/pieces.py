"""What a question function measured -> the pieces of its answer: numbers, tables, figures, results.

These are plain values; how they look is decided once, here (`cells`, `score`), and is the same in the HTML report, in
answers.md and in the terminal.
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:  # scripts name `Trained` before Paddle is imported
    from paddle import nn

    from paddle_course import training

Cell = str | int | float | bool | None

# "65.2 % ± 0.4 (n = 3)", "1,520", "3 + 2", "0.3 s", "-", "3e-05": what stands in a column of numbers, set to the right.
NUMBER = re.compile(
    r"[-+~<>≈≤≥]? ?[\d.,]+(e[-+]?\d+)?( ?(%|[a-zA-Z]{1,3}|img/s))?( [±+] [\d.,]+)?( \([^()]*\))?|nan|-?inf|–"
)


@dataclass(frozen=True)
class Table:
    """A table. Cells are values, not text: numbers are formatted alike within a column; None is shown as a dash."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.header):
                raise ValueError(f"table {self.caption!r}: {len(row)} cells {row} under {len(self.header)} headings")


@dataclass(frozen=True)
class Figure:
    """A drawing: `svg` for the page (takes the page's colours), `png` on white for the forum; `name` is a file name."""

    name: str
    caption: str
    svg: str
    png: bytes

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", self.name):
            raise ValueError(f"figure name {self.name!r}: only a-z, 0-9 and - (it becomes a file name)")


@dataclass(frozen=True)
class Result:
    """One measured number for docs/results.json. Shares (accuracy, recall ...) are between 0 and 1."""

    name: str
    metric: str
    value: float
    sd: float | None = None
    n: int = 1
    minutes: float | None = None
    data: str = ""


class Trained(NamedTuple):
    """A network and what its training left behind."""

    net: nn.Layer
    result: training.Result


@dataclass(frozen=True)
class Answer:
    """What one question function returns. `numbers` are what the words are made of."""

    numbers: Mapping[str, Any]
    tables: Sequence[Table] = ()
    figures: Sequence[Figure] = ()
    results: Sequence[Result] = field(default=())

    @classmethod
    def of(cls, *pieces: Any, **numbers: Any) -> Answer:
        """An answer of tables, figures and results in any order; what has `pieces` of its own is taken apart."""
        flat = [part for piece in pieces for part in getattr(piece, "pieces", [piece])]
        kinds = ([part for part in flat if isinstance(part, kind)] for kind in (Table, Figure, Result))
        return cls(numbers, *kinds)


@dataclass(frozen=True)
class Question:
    """A question as students received it, in Chinese and in English, and its answer."""

    zh: str
    en: str
    answer: Answer


def spread(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and standard deviation of a sample; the latter is None for a single value."""
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None


def score(
    mean: float, sd: float | None = None, n: int = 1, interval: tuple[float, float] | None = None, digits: int = 1
) -> str:
    """A share between 0 and 1 with what is known of its spread, in points; where `digits` are too few, with two.

    >>> score(0.652, sd=0.004, n=3)
    '65.2 % ± 0.4 (n = 3)'
    >>> score(0.94, interval=(0.912, 0.959))
    '94.0 % (95 %: 91.2 to 95.9)'
    """
    digits = 2 if sd is not None and sd < 0.00095 else digits  # a spread below 0.1 points needs the second digit
    text = f"{100 * mean:.{digits}f} %"
    if sd is not None:
        text += f" ± {100 * sd:.{digits}f}"
    if interval is not None:
        text += f" (95 %: {100 * interval[0]:.1f} to {100 * interval[1]:.1f})"
    return text + (f" (n = {n})" if n > 1 else "")


def plural(count: int, noun: str) -> str:
    """ "1 epoch", "3 epochs"."""
    return f"{count:,} {noun}" + "s" * (count != 1)


def number(value: Real) -> str:
    """One number alone: integers with thousands separators, others with four significant digits.

    >>> number(89910), number(0.65217), number(3e-05)
    ('89,910', '0.6522', '3e-05')
    """
    if isinstance(value, Integral):
        return f"{int(value):,}"
    value = float(value)
    if not math.isfinite(value) or (value != 0 and abs(value) < 1e-3):
        return f"{value:.3g}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def cells(table: Table) -> tuple[tuple[str, ...], ...]:
    """The table's cells as text: the numbers of a column with the same number of decimals."""
    columns = [_column([row[i] for row in table.rows]) for i in range(len(table.header))]
    return tuple(zip(*columns, strict=True)) if table.rows else ()


def numeric(table: Table) -> tuple[bool, ...]:
    """For each column, whether it holds numbers (and is set to the right)."""
    text = cells(table)
    return tuple(
        any(row[i] != "–" for row in text) and all(NUMBER.fullmatch(row[i]) for row in text)
        for i in range(len(table.header))
    )


def _column(values: Sequence[Cell]) -> list[str]:
    floats = [float(v) for v in values if isinstance(v, Real) and not isinstance(v, Integral) and math.isfinite(v)]
    sizes = [abs(v) for v in floats if v != 0]
    if not sizes or min(sizes) < 1e-3:  # none, or too far apart for one number of decimals
        return [_text(value) for value in values]
    most = min(4, max(0, 3 - math.floor(math.log10(max(sizes)))))  # four significant digits for the largest
    decimals = next(d for d in range(most + 1) if all(round(v, d) == round(v, most) for v in floats))
    return [_text(value, f",.{decimals}f") for value in values]


def _text(value: Cell, spec: str = "") -> str:
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if not isinstance(value, Real) or isinstance(value, bool):  # numpy's bool is no Real
        return "yes" if value else "no"
    return format(float(value), spec) if spec and math.isfinite(value) else number(value)
