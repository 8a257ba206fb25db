"""Workbooks as Excel writes them, and as nobody should."""

import io
import zipfile

import pytest

from paddle_course.readers import read_xlsx, write_xlsx
from paddle_course.readers.xlsx import MAIN, SHEET, TEXTS
from paddle_course.runtime import UserError


def workbook(rows: str, texts: str = "") -> bytes:
    """As Excel does it: texts in a list of their own."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(SHEET, f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>')
        if texts:
            archive.writestr(TEXTS, f'<sst xmlns="{MAIN}">{texts}</sst>')
    return file.getvalue()


def test_rows_come_back():
    rows = [["ID", "imgName", "a < b & c"], [1, "V0001.jpg", 0.5]]
    assert read_xlsx(write_xlsx(rows), "x") == [["ID", "imgName", "a < b & c"], ["1", "V0001.jpg", "0.5"]]
    assert write_xlsx(rows) == write_xlsx(rows)


def test_texts_of_excel_are_looked_up_and_its_gaps_filled():
    texts = "<si><t>ID</t></si><si><r><t>img</t></r><r><t>Name</t></r></si>"
    first = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c></row>'
    second = '<row r="2"><c r="B2"><v>1157.74</v></c><c r="AA2" t="str"><v>far</v></c><c r="AB2"/></row>'
    found = read_xlsx(workbook(first + second, texts), "x")
    assert found[0] == ["ID", "", "imgName"]
    assert found[1] == ["", "1157.74", *[""] * 24, "far", ""]


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="A1" t="s"><v>7</v></c>',  # a text that is not there
        '<c r="A1" t="s"><v>-1</v></c>',
        '<c r="A1" t="s"><v>x</v></c>',
        '<c r="XFD1"><v>1</v></c>',  # a sheet as wide as can be
        '<c r="B1"/><c r="A1"/>',  # backwards
        '<c r="7"><v>1</v></c>',
    ],
)
def test_cells_that_make_no_sense(cell):
    with pytest.raises(UserError, match=r"book is no Excel workbook: its cell .* makes no sense; save it anew"):
        read_xlsx(workbook(f"<row>{cell}</row>", "<si><t>one</t></si>"), "book")


def test_what_is_no_workbook():
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("a.txt", "text")
    with pytest.raises(UserError, match=r"book is no Excel workbook: it has no xl/worksheets/sheet1.xml"):
        read_xlsx(other.getvalue(), "book")
    with pytest.raises(UserError, match="book cannot be read"):
        read_xlsx(b"ID,imgName", "book")
    with pytest.raises(UserError, match=r"book is no Excel workbook \(.*\)"):
        read_xlsx(workbook("<row>"), "book")


def test_bombs():
    laughs = "<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]>"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(SHEET, laughs + f'<worksheet xmlns="{MAIN}">&b;</worksheet>')
    with pytest.raises(UserError, match="it declares a document type"):
        read_xlsx(file.getvalue(), "book")
    large = io.BytesIO()
    with zipfile.ZipFile(large, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(SHEET, b" " * 5_000_000)
    with pytest.raises(UserError, match="would unpack to 5,000,000 bytes"):
        read_xlsx(large.getvalue(), "book")
