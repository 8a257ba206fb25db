"""Covariate shift, on a table in which one column moves by a known step."""

import numpy as np
import pytest

from paddle_course import readers
from paddle_course.answers import covariate_shift


def table(inputs: np.ndarray, price: np.ndarray) -> readers.Rows:
    return readers.Rows(inputs, price[:, None], ("still", "moving", "constant", "PRICE"), "toy")


def test_the_column_that_moved_comes_first():
    rng = np.random.default_rng(0)
    still, moving = rng.normal(size=60), np.tile([9.0, 11.0], 30)  # standard deviation 1
    inputs = np.stack([still, moving, np.ones(60)], 1)
    inputs[40:, 1] += 3
    price = np.where(np.arange(60) < 40, 20.0, 14.0)
    rows = table(inputs, price)
    found = covariate_shift(rows.take(slice(40)), rows.take(slice(40, None)))
    assert found.inputs[0] == ("moving", pytest.approx(3)) and found.largest == pytest.approx(3)
    assert dict(found.inputs)["constant"] == 0 and "PRICE" not in dict(found.inputs)
    assert found.means == (20, 14)
    lines, figure = found.pieces
    assert [row[0] for row in lines.rows][:1] == ["moving"] and len(lines.rows) == 4
    assert lines.rows[0] == ("moving", "10", "13", 3.0)
    for word in ("mean of rows 1 to 40: 20.0", "mean of rows 41 to 60: 14.0", "PRICE"):
        assert word in figure.svg
