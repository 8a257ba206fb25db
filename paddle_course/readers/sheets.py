"""The first sheet of an .xls, .xlsx or .csv file -> rows of cells, and such a table with yes or no at the end -> Rows.

    .xls    BIFF, Excel until 2003; read by xlrd
    .xlsx   a zip of XML, Excel since 2007; read by openpyxl
    .csv    text, UTF-8 or, as Excel writes it on a Chinese Windows, GB 18030

A file is read only as far as a table for people goes: what is larger was not meant to be read here.
"""

from __future__ import annotations

import csv
import io
import itertools
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from paddle_course.readers.rows import Rows
from paddle_course.runtime import UserError

Cell = str | float
MOST_BYTES = 10_000_000  # of the file, and ten times as much when it is unpacked
MOST_ROWS, MOST_COLUMNS = 100_000, 100
YES_NO = {"1": 1.0, "1.0": 1.0, "y": 1.0, "yes": 1.0, "0": 0.0, "0.0": 0.0, "n": 0.0, "no": 0.0}


def read_sheet(path: str | Path) -> list[tuple[Cell, ...]]:
    """The rows of the first sheet, floats and texts; an empty cell is "", rows and columns without any are left out at
    the end. UserError for another format and for a file that is damaged, cut off or too large."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): check the name, or get the file again") from None
    return sheet(data, path.suffix, path)


def sheet(data: bytes, suffix: str, where: object) -> list[tuple[Cell, ...]]:
    """The same of a file's contents, in the format of `suffix` (".xlsx"); errors call the file `where`."""
    reader = FORMATS.get(suffix.lower())
    if reader is None:
        raise UserError(f"{where} is no {', '.join(FORMATS)} file: save the table in one of these formats")
    if len(data) > MOST_BYTES:
        raise UserError(f"{where} is larger than {MOST_BYTES // 10**6} MB: it is not a table of this course")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl's, about styles and extensions that no number depends on
            rows = [[_plain(cell) for cell in row] for row in itertools.islice(reader(data), MOST_ROWS + 1)]
    except Exception as error:  # what the libraries raise on a damaged file is of any kind
        what = " ".join(str(error).split())[:80] or type(error).__name__
        raise UserError(f"{where} is damaged or no {suffix} file ({what}): get it again") from None
    if len(rows) > MOST_ROWS:
        raise UserError(f"{where} has more than {MOST_ROWS:,} rows: keep those of one table only")
    width = max((i + 1 for row in rows for i, cell in enumerate(row) if cell != ""), default=0)
    height = max((i + 1 for i, row in enumerate(rows) if any(cell != "" for cell in row)), default=0)
    return [tuple((row + [""] * width)[:width]) for row in rows[:height]]


def _xls(data: bytes) -> Iterator[list]:
    import xlrd  # only now: most homework reads no sheets

    # Ragged rows: else a single cell at the far corner would fill a sheet of 16 million.
    with xlrd.open_workbook(file_contents=data, logfile=io.StringIO(), on_demand=True, ragged_rows=True) as book:
        sheet = book.sheet_by_index(0)
        yield from (sheet.row_values(i, end_colx=MOST_COLUMNS) for i in range(sheet.nrows))


def _xlsx(data: bytes) -> Iterator[tuple]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(each.file_size for each in archive.infolist()) > 10 * MOST_BYTES:
            raise ValueError("too large when unpacked")
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    yield from book.worksheets[0].iter_rows(max_row=MOST_ROWS + 1, max_col=MOST_COLUMNS, values_only=True)


def _csv(data: bytes) -> Iterator[list[str]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030")
    yield from (row[:MOST_COLUMNS] for row in csv.reader(io.StringIO(text, newline=""), strict=True))


FORMATS: dict[str, Callable[[bytes], Iterator]] = {".xls": _xls, ".xlsx": _xlsx, ".csv": _csv}


def _plain(cell: object) -> Cell:
    if isinstance(cell, (int, float)):
        return float(cell)
    return "" if cell is None else str(cell).strip()


def read_yes_no(path: str | Path) -> Rows:
    """A table with a line of headings: numbers, and in its last column 1 or 0, Y or N."""
    head, *lines = read_sheet(path) or [()]
    if len(head) < 2 or len(lines) < 2:
        raise UserError(
            f"{path} has {len(lines)} rows of {len(head)} columns: there must be a line of headings, two columns or "
            "more, the last of them 1 or 0, and two rows or more"
        )
    table = [
        [*(_number(cell, f"{path}, row {i}") for cell in line[:-1]), _yes_no(line[-1], f"{path}, row {i}")]
        for i, line in enumerate(lines, start=2)
    ]
    array = np.array(table)
    return Rows(array[:, :-1], array[:, -1:], tuple(map(str, head)), Path(path).name)


def _number(cell: Cell, where: str) -> float:
    try:
        return float(cell)
    except ValueError:
        raise UserError(f"{where}: {cell!r} is no number; correct it") from None


def _yes_no(cell: Cell, where: str) -> float:
    if (answer := YES_NO.get(str(cell).lower())) is None:
        raise UserError(f"{where}: {cell!r} in the last column is neither 1 nor 0; correct it")
    return answer
