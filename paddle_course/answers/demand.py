"""What was measured on some drawings -> what the contest's number of them needs: bytes, minutes and hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paddle_course import readers
from paddle_course.answers.doodles import drawn_per_second
from paddle_course.answers.pieces import Table, number

WORDS, PER_WORD = 340, 4000  # of the published training
UPDATES, BATCH = 20_000, 128  # what it is taken for: of these the report tells the last halving alone, at the 18,000th


@dataclass(frozen=True)
class Demand:
    """Bytes of `drawings` drawings as strokes and as pictures of a byte each pixel; minutes to draw all of them once
    and for one epoch of training, which includes the drawing; the epochs and hours that `updates` of `batch` drawings
    take."""

    drawings: int
    strokes: float
    pictures: float
    drawing: float
    epoch: float
    epochs: float
    training: float
    updates: int
    batch: int
    pieces: Sequence[Table]


def demand(drawings: readers.Drawings, side: int, trained: float) -> Demand:
    """What WORDS x PER_WORD drawings need if they are like these, at `trained` pictures a second."""
    drawn = drawn_per_second(drawings, side)
    count = WORDS * PER_WORD
    arrays = (drawings.points, drawings.strokes, drawings.starts, drawings.labels, drawings.keys)
    each = sum(array.nbytes for array in arrays) / len(drawings)
    minutes, hours = (count / drawn / 60, count / trained / 60), UPDATES * BATCH / trained / 3600
    found = (count, each * count, side * side * count, *minutes, UPDATES * BATCH / count, hours)
    rows = (
        ("drawings", number(count), f"{WORDS} × {PER_WORD:,}"),
        ("as strokes, in memory", f"{found[1] / 1e9:.2f} GB", f"{each:,.0f} bytes each"),
        ("as pictures", f"{found[2] / 1e9:.2f} GB", f"{side} × {side} bytes each"),
        ("to draw all of them once", f"{found[3]:,.1f} min", f"{drawn:,.0f} a second"),
        ("one epoch of training", f"{found[4]:,.0f} min", f"{trained:,.0f} a second"),
        (f"{UPDATES:,} updates", f"{hours:,.1f} h", f"of {BATCH} drawings"),
    )
    return Demand(*found, UPDATES, BATCH, [Table(f"What {count:,} drawings need", ("", "value", "how"), rows)])
