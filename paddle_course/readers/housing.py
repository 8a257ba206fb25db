"""housing.data, house prices around Boston in 1970 (Harrison and Rubinfeld 1978), -> Rows.

Text: 506 lines of 14 numbers with blanks between them, a census tract each. The last number is the median price of its
houses in thousands of dollars, cut off at 50. https://archive.ics.uci.edu/ml/machine-learning-databases/housing/

The column B is a transform of the share of Black residents. The set is kept for the course's sake alone: it serves to
learn the tool on, and no result of it should decide anything about people.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from paddle_course.readers.rows import Rows
from paddle_course.runtime import UserError

COLUMNS = (
    *("CRIM", "ZN", "INDUS", "CHAS", "NOX", "RM", "AGE", "DIS", "RAD", "TAX", "PTRATIO", "B", "LSTAT"),
    "MEDV",
)
COUNT = 506
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)


def read_housing(place: str | Path) -> Rows:
    """The 13 features of every tract and its price, in the file's order."""
    path = Path(place)
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error}); delete it and get it again") from None
    rows = [_row(line, f"{path}, line {number}") for number, line in enumerate(lines, start=1) if line.strip()]
    if len(rows) != COUNT:
        raise UserError(f"{path} has {len(rows):,} rows instead of {COUNT}; delete it and get it again")
    table = np.array(rows)
    return Rows(table[:, :-1], table[:, -1:], COLUMNS, "Boston housing")


def _row(line: str, where: str) -> list[float]:
    words = line.split()
    if len(words) != len(COLUMNS):
        raise UserError(f"{where} has {len(words)} numbers instead of {len(COLUMNS)}; delete the file and get it again")
    for name, word in zip(COLUMNS, words, strict=True):
        if not NUMBER.fullmatch(word):  # float() would take "nan" and "1_000" as well
            raise UserError(f"{where}: {word!r} under {name} is no number; delete the file and get it again")
    return [float(word) for word in words]
