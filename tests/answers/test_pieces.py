"""Values become text: the same in the page, in answers.md and in the terminal."""

import doctest

import numpy as np
import pytest

from paddle_course.answers import pieces
from paddle_course.answers.pieces import Figure, Table, cells, number, numeric, score


def column(*values):
    return [row[0] for row in cells(Table("", ("x",), tuple((value,) for value in values)))]


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(pieces).failed == 0
    assert doctest.testmod(pieces).attempted >= 3


def test_score_shows_what_is_known_and_no_more():
    assert score(0.652) == "65.2 %"
    assert score(0.652, 0.004, 3) == "65.2 % ± 0.4 (n = 3)"
    assert score(0.94016, 0.0008, 3) == "94.02 % ± 0.08 (n = 3)"  # a small spread needs the second digit
    assert score(0.94, interval=(0.912, 0.959)) == "94.0 % (95 %: 91.2 to 95.9)"


def test_numbers_of_a_column_get_the_same_decimals():
    assert column(0.652, 0.7) == ["0.652", "0.700"]
    assert column(21.25, 18.0, 1203.5) == ["21", "18", "1,204"]
    assert column(0.1, 0.01, 0.001) == ["0.100", "0.010", "0.001"]
    assert column(2.0, 3.0) == ["2", "3"]
    assert column(0.1, 3e-5) == ["0.1", "3e-05"]  # too far apart for one number of decimals


def test_cells_of_every_kind():
    assert column(89910, None, "x", True, np.int64(1520), np.bool_(False)) == ["89,910", "–", "x", "yes", "1,520", "no"]
    assert column(float("nan"), float("inf"), 0.5) == ["nan", "inf", "0.5"]
    assert column(np.float32(0.5), 0.25) == ["0.50", "0.25"]
    assert column(0.0, 0.0) == ["0", "0"]
    assert number(-1234.5) == "-1,234"
    assert cells(Table("", ("a", "b"), ())) == ()


def test_only_columns_of_numbers_stand_to_the_right():
    table = Table(
        "",
        ("name", "values", "score", "formula", "shape", "seconds", "nothing"),
        (
            ("camp", 89910, score(0.652, 0.004, 3), "20 x (3 x 5 x 5) + 20", "3 x 32 x 32", "1.2 s", None),
            ("deep", None, "55 %", "10", "50", "300 ms", None),
        ),
    )
    assert numeric(table) == (False, True, True, False, False, True, False)


def test_a_row_of_the_wrong_length_is_an_error_that_shows_it():
    with pytest.raises(ValueError, match=r"'Layers': 1 cells \('conv',\) under 2 headings"):
        Table("Layers", ("layer", "values"), (("conv",),))


@pytest.mark.parametrize("name", ["", "Loss", "../loss", "a b", "loss.png"])
def test_a_figure_name_is_a_file_name(name):
    with pytest.raises(ValueError, match="becomes a file name"):
        Figure(name, "", "", b"")
