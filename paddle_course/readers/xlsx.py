"""Rows of cells -> an Excel workbook (.xlsx) whose bytes depend on the rows alone: openpyxl writes the time into it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence

from paddle_course.readers import archives

ABOUT = "docProps/core.xml"  # the part that says when it was made


def write_xlsx(rows: Sequence[Sequence[str | float]]) -> bytes:
    """A workbook of one sheet; the same rows give the same bytes."""
    import openpyxl  # only now: most homework writes no sheets

    book, file = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[ABOUT] = re.sub(rb"\d{4}-[\d:T-]+Z", b"2000-01-01T00:00:00Z", parts[ABOUT])
    return archives.packed(parts)
