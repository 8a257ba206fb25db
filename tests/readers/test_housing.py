import numpy as np
import pytest

from paddle_course import readers
from paddle_course.readers import download, locate
from paddle_course.readers.housing import COLUMNS, COUNT, read_housing
from paddle_course.readers.rows import Rows
from paddle_course.readers.stand_ins import write_stand_in
from paddle_course.runtime import UserError

LINE = " 0.00632  18.00   2.310  0  0.5380  6.5750  65.20  4.0900   1  296.0  15.30 396.90   4.98  24.00"


@pytest.fixture
def lines():
    """506 lines as they stand in the file, each with a crime rate of its own."""
    return [LINE.replace("0.00632", f"{number / 1000:.5f}") for number in range(COUNT)]


@pytest.fixture
def write(tmp_path):
    def write(lines, end="\n"):
        (tmp_path / "housing.data").write_text("\n".join(lines) + end)
        return tmp_path / "housing.data"

    return write


def test_every_number_is_where_it_was(lines, write):
    rows = read_housing(write(lines))
    assert rows.inputs.shape == (506, 13) and rows.targets.shape == (506, 1)
    assert rows.inputs.dtype == rows.targets.dtype == np.float64
    assert rows.inputs[:3, 0].tolist() == [0.0, 0.001, 0.002]
    assert rows.table[0, 1:].tolist() == [18, 2.31, 0, 0.538, 6.575, 65.2, 4.09, 1, 296, 15.3, 396.9, 4.98, 24]
    assert dict(zip(rows.names, rows.table[9], strict=True))["MEDV"] == 24 and rows.names == COLUMNS
    assert (rows.source, rows.synthetic, len(rows)) == ("Boston housing", False, 506)


def test_blank_lines_and_a_missing_last_line_break_do_no_harm(lines, write):
    expected = read_housing(write(lines)).table
    assert (read_housing(write(["", *lines, "   ", ""], end="")).table == expected).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: lines[:-1], "has 505 rows instead of 506"),
        (lambda lines: [*lines, LINE], "has 507 rows instead of 506"),
        (lambda lines: [], "has 0 rows instead of 506"),
        (lambda lines: [*lines[:300], lines[300][:40]], "line 301 has 6 numbers instead of 14"),
        (lambda lines: [lines[0] + " 1.0", *lines[1:]], "line 1 has 15 numbers instead of 14"),
        (lambda lines: ["", lines[0].replace("396.90", "396,90"), *lines[1:]], "line 2: '396,90' under B is no number"),
        (lambda lines: [*lines[:7], lines[7].replace("24.00", "nan"), *lines[8:]], "line 8: 'nan' under MEDV is no"),
        (lambda lines: [lines[0].replace("18.00", "1_800"), *lines[1:]], "line 1: '1_800' under ZN is no number"),
        (lambda lines: [lines[0].replace("18.00", "1e999"), *lines[1:]], "ZN of row 1 is inf, no number"),
        (lambda lines: ["<html>no such page</html>"], "line 1 has 3 numbers instead of 14"),
    ],
)
def test_a_damaged_file_is_refused_in_one_line(lines, write, change, message):
    path = write(change(lines))
    with pytest.raises(UserError, match=message) as caught:
        read_housing(path)
    assert "\n" not in str(caught.value)


def test_what_is_no_text_and_what_is_missing_is_refused(tmp_path):
    (tmp_path / "housing.data").write_bytes(b"\x1f\x8b\x08\xff")
    for path in (tmp_path / "housing.data", tmp_path / "none", tmp_path):
        with pytest.raises(UserError, match="cannot be read"):
            read_housing(path)


def test_a_file_cut_off_anywhere_is_never_taken_for_a_whole_one(lines, write):
    text = "\n".join(lines)
    rng = np.random.default_rng(0)
    for end in rng.integers(0, len(text) - 5, 20):  # a cut within the last number cannot be seen
        with pytest.raises(UserError):
            read_housing(write([text[:end]], end=""))


def test_rows_must_fit_together():
    good = {"inputs": np.zeros((3, 2)), "targets": np.ones((3, 1)), "names": ("a", "b", "c"), "source": "toy"}
    assert Rows(**good).take(np.array([2, 0])).table.tolist() == [[0, 0, 1], [0, 0, 1]]
    assert len(Rows(**good).take(slice(1, None))) == 2
    for change, message in (
        ({"targets": np.ones(3)}, r"toy: targets are float64 \(3,\)"),
        ({"inputs": np.zeros((3, 2), np.float32)}, "toy: inputs are float32"),
        ({"targets": np.ones((2, 1))}, "3 rows of inputs but 2 of targets"),
        ({"names": ("a", "b")}, "2 names for 3 columns"),
        ({"inputs": np.array([[0, 0], [0, np.nan], [0, 0]])}, "b of row 2 is nan"),
    ):
        with pytest.raises(UserError, match=message):
            Rows(**(good | change))


def test_it_is_found_in_the_data_root_and_in_paddles_cache_and_fetched(tmp_path, lines, write, monkeypatch):
    path = write(lines)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert locate.folder("housing", tmp_path) == path
    assert len(readers.load_rows("housing", tmp_path)) == 506
    cache = tmp_path / "home" / ".cache" / "paddle" / "dataset" / "uci_housing"
    cache.mkdir(parents=True)
    monkeypatch.setattr(download, "fetch", lambda name, root: path.rename(cache / path.name))
    assert len(readers.load_rows("housing", tmp_path / "empty")) == 506  # by the network, which brought it there
    assert locate.folder("housing", tmp_path) == cache / "housing.data"
    with pytest.raises(UserError, match="table 'mnist' is not known; use one of: housing"):
        readers.load_rows("mnist", tmp_path)


def test_the_stand_in_is_read_by_the_same_reader_and_can_be_learnt(tmp_path):
    rows = readers.load_rows("housing", tmp_path, kind="stand-in")
    assert rows.synthetic and rows.source == "stand-in Boston housing" and len(rows) == 506
    inputs, price = np.c_[rows.inputs, np.ones(506)], rows.targets[:, 0]
    weights = np.linalg.lstsq(inputs[:404], price[:404], rcond=None)[0]
    error = ((inputs[404:] @ weights - price[404:]) ** 2).mean()
    assert 4 < error < 0.4 * price[404:].var()  # a line sees much of it and not all: the noise alone is 4
    write_stand_in("housing", tmp_path)  # a stand-in in the place of the real file stays one
    assert readers.load_rows("housing", tmp_path).synthetic


def test_the_real_file(real_data):
    if not (real_data / "housing.data").is_file():
        return
    rows = read_housing(real_data / "housing.data")
    assert rows.inputs[0].tolist() == [0.00632, 18, 2.31, 0, 0.538, 6.575, 65.2, 4.09, 1, 296, 15.3, 396.9, 4.98]
    assert rows.targets[:404].mean().round(1) == 24.2 and rows.targets[404:].mean().round(1) == 16.0
