"""Workbooks that are written: what is in them comes back, and nothing else."""

import re

from paddle_course.readers import write_xlsx
from paddle_course.readers.sheets import sheet


def test_rows_come_back():
    rows = [("ID", "imgName", "a < b & c"), (1.0, "V0001.jpg", 0.5)]
    assert sheet(write_xlsx(rows), ".xlsx", "x") == rows


def test_the_same_rows_give_the_same_bytes():
    rows = [("ID", "Label"), (1, 0.25)]
    assert write_xlsx(rows) == write_xlsx(rows) != write_xlsx(rows[:1])
    assert set(re.findall(rb"\d{4}-\d\d-\d\dT[\d:]+Z", write_xlsx(rows))) == {b"2000-01-01T00:00:00Z"}
