import io
import struct
import zipfile

import numpy as np
import openpyxl
import pytest

from paddle_course import readers
from paddle_course.readers import locate, sheets
from paddle_course.readers.sheets import read_sheet, read_yes_no
from paddle_course.runtime import UserError

HEAD = ("身高（m）", "月薪（元）", "Y=1/N=0")
ROWS = ((1.75, 8962.5, 1.0), (1.6, 4704.25, 0.0), (1.8, 5000.0, 1.0))


def xls(rows):
    """A sheet in BIFF 2, the oldest and simplest of the formats of that name: records of kind, length and content."""
    records = [(0x0009, struct.pack("<HH", 2, 0x10)), (0x0042, struct.pack("<H", 936))]  # a sheet, in GBK
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            place = struct.pack("<HH3x", i, j)
            if isinstance(cell, float):
                records.append((0x0003, place + struct.pack("<d", cell)))
            else:
                text = cell.encode("gbk")
                records.append((0x0004, place + struct.pack("<B", len(text)) + text))
    records.append((0x000A, b""))
    return b"".join(struct.pack("<HH", kind, len(content)) + content for kind, content in records)


def xlsx(rows):
    book, buffer = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(buffer)
    return buffer.getvalue()


def csv(rows, encoding="utf-8"):
    return "\n".join(",".join(map(str, row)) for row in rows).encode(encoding)


MADE = {"xls": xls, "xlsx": xlsx, "csv": csv}


@pytest.fixture
def write(tmp_path):
    def write(kind, data):
        path = tmp_path / f"table.{kind}"
        path.write_bytes(data)
        return path

    return write


@pytest.mark.parametrize("kind", MADE)
def test_the_same_table_comes_out_of_every_format(write, kind):
    rows = read_yes_no(write(kind, MADE[kind]([HEAD, *ROWS])))
    assert rows.names == HEAD and rows.source == f"table.{kind}"
    assert rows.inputs.tolist() == [list(row[:2]) for row in ROWS]
    assert rows.targets.tolist() == [[1.0], [0.0], [1.0]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_may_come_from_a_chinese_windows(write, encoding):
    assert read_sheet(write("csv", csv([HEAD, ("是", "", "")], encoding))) == [HEAD, ("是", "", "")]


def test_empty_rows_and_columns_at_the_end_are_left_out(write):
    for kind in ("xlsx", "csv"):
        assert read_sheet(write(kind, MADE[kind]([("a", "", "b", ""), ("", "", "", ""), (1.5, "", "", "")]))) == [
            ("a", "", "b"),
            ("", "", ""),
            (1.5 if kind == "xlsx" else "1.5", "", ""),
        ]
        assert read_sheet(write(kind, MADE[kind]([]))) == []


def test_yes_and_no_may_be_letters(write):
    rows = read_yes_no(write("csv", csv([("a", "b"), (1, "Y"), (2, "n"), (3, "1"), (4, "0.0")])))
    assert rows.targets[:, 0].tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("a", "b"), (1, 1)], "has 1 rows of 2 columns: there must be a line of headings"),
        ([("a",), (1,), (0,)], "has 2 rows of 1 columns"),
        ([], "has 0 rows of 0 columns"),
        ([("a", "b"), ("tall", 1), (2, 0)], "row 2: 'tall' is no number"),
        ([("a", "b"), (1, 1), ("", 0)], "row 3: '' is no number"),
        ([("a", "b"), (1, 1), (2, 0.5)], r"row 3: '0.5' in the last column is neither 1 nor 0"),
        ([("a", "b"), (1, 1), ("nan", 0)], "a of row 2 is nan, no number"),
    ],
)
def test_a_table_that_is_none_is_refused_in_one_line(write, rows, message):
    with pytest.raises(UserError, match=message) as caught:
        read_yes_no(write("csv", csv(rows)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", MADE)
def test_a_file_cut_off_anywhere_or_full_of_rubbish_ends_in_one_line_or_in_fewer_rows(write, kind, real_data):
    data, rng = MADE[kind]([HEAD, *ROWS]), np.random.default_rng(0)
    real = real_data / "hw4_data.xls"
    for whole in [data, real.read_bytes()] if kind == "xls" and real.is_file() else [data]:
        cuts = [whole[:end] for end in (0, 1, 7, *rng.integers(8, len(whole), 12))]
        hurt = [bytearray(whole) for _ in range(12)]
        for each in hurt:
            for place in rng.integers(0, len(whole), 20):
                each[place] = rng.integers(256)
        for raw in [*cuts, *map(bytes, hurt), b"<html>no such page</html>"]:
            try:
                rows = read_sheet(write(kind, raw))  # a row whose number was hit comes late, behind empty ones
                assert len(rows) <= sheets.MOST_ROWS and sum(any(cell != "" for cell in row) for row in rows) <= 60
            except UserError as error:
                assert "table." in str(error) and "\n" not in str(error)


def test_one_format_under_the_name_of_another_is_refused(write):
    for kind, raw in (("xlsx", xls([HEAD])), ("xls", b"a,b\n1,1\n2,0\n"), ("csv", xlsx([HEAD]))):
        with pytest.raises(UserError, match=f"is damaged or no .{kind} file"):
            read_sheet(write(kind, raw))
    with pytest.raises(UserError, match=r"table.ods is no .xls, .xlsx, .csv file"):
        read_sheet(write("ods", b""))
    with pytest.raises(UserError, match="cannot be read"):
        read_sheet(write("csv", b"").with_name("none.csv"))


def test_what_is_too_large_is_refused_before_it_fills_the_memory(write, monkeypatch):
    with pytest.raises(UserError, match="is larger than 10 MB"):
        read_sheet(write("csv", b"1\n" * 5_000_001))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 100_000_001)
    with pytest.raises(UserError, match="too large when unpacked"):
        read_sheet(write("xlsx", buffer.getvalue()))
    monkeypatch.setattr(sheets, "MOST_ROWS", 3)
    for kind in MADE:
        assert len(read_sheet(write(kind, MADE[kind]([HEAD, *ROWS[:2]])))) == 3
        with pytest.raises(UserError, match="has more than 3 rows"):
            read_sheet(write(kind, MADE[kind]([HEAD, *ROWS])))


def test_the_table_of_the_homework_is_found_under_each_of_its_names(tmp_path):
    assert readers.load_rows("hw4", tmp_path).synthetic  # made up as long as it has none of them
    for kind in ("csv", "xlsx", "xls"):  # the last is looked for first
        (tmp_path / f"hw4_data.{kind}").write_bytes(MADE[kind]([HEAD, *ROWS]))
        assert locate.folder("hw4", tmp_path).suffix == f".{kind}"
        rows = readers.load_rows("hw4", tmp_path)
        assert len(rows) == 3 and not rows.synthetic


def test_the_stand_in_has_the_originals_shape_and_says_what_it_is(tmp_path):
    rows = readers.load_rows("hw4", tmp_path, "stand-in")
    assert rows.synthetic and rows.source == "stand-in hw4_data.csv"
    assert rows.inputs.shape == (50, 2) and rows.targets.sum() == 20 and rows.names[0] == HEAD[0]
    taller, richer = (
        rows.inputs[rows.targets[:, 0] == 1].mean(0) > rows.inputs[rows.targets[:, 0] == 0].mean(0)
    ).tolist()
    assert taller and richer


def test_the_real_table(real_data):
    if not (real_data / "hw4_data.xls").is_file():
        return
    rows = readers.load_rows("hw4", real_data)
    assert rows.inputs.shape == (50, 2) and rows.targets.sum() == 20 and not rows.synthetic
    assert rows.inputs[0].tolist() == [1.9525198079738766, 8962.728219950804] and "月薪（元）" in rows.names
