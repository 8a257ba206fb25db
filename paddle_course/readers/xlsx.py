"""The first sheet of an Excel workbook (.xlsx) <-> rows of text.

A workbook is a zip of XML. xl/worksheets/sheet1.xml holds rows of cells, each with its place, its kind and its value:

    <row r="2"><c r="A2"><v>1</v></c><c r="B2" t="s"><v>5</v></c><c r="C2" t="inlineStr"><is><t>text</t></is></c></row>

Kind "s" is text number 5 of xl/sharedStrings.xml, "inlineStr" text on the spot, no kind a number. Cells that are empty
may be left out. ECMA-376, part 1, chapter 18.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from paddle_course.readers import archives
from paddle_course.runtime import UserError

SHEET, TEXTS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
LARGEST, WIDEST = 4_000_000, 256  # bytes of XML, columns
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
# What a program asks of a workbook before it looks at the sheet.
FRAME = {
    "[Content_Types].xml": f"""<Types xmlns="{PACKAGE}/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/>
<Override PartName="/{SHEET}" ContentType="{KIND}.worksheet+xml"/></Types>""",
    "_rels/.rels": f"""<Relationships xmlns="{PACKAGE}/relationships">
<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>""",
    "xl/workbook.xml": f"""<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">
<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>""",
    "xl/_rels/workbook.xml.rels": f"""<Relationships xmlns="{PACKAGE}/relationships">
<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>""",
}


def read_xlsx(raw: bytes, where: object) -> list[list[str]]:
    """The rows of the sheet, as long as their last cell; empty cells are "". UserError, naming `where`, if amiss."""
    with archives.opened(io.BytesIO(raw), where) as archive:
        members = {each.filename: each for each in archives.members(archive, where, 1000)}
        if SHEET not in members:
            raise UserError(f"{where} is no Excel workbook: it has no {SHEET}; save it anew as .xlsx")
        found = [name for name in (SHEET, TEXTS) if name in members]
        sheet, *texts = (_parsed(archives.content(archive, members[name], where, LARGEST), where) for name in found)
    shared = dict(enumerate(_text(each) for tree in texts for each in tree.iter(f"{{{MAIN}}}si")))
    return [_row(each, shared, where) for each in sheet.iter(f"{{{MAIN}}}row")]


def _parsed(xml: bytes, where: object) -> ElementTree.Element:
    # Office writes no document type; with one, a few lines could name a text of a billion letters.
    try:
        if b"<!DOCTYPE" in xml:
            raise ElementTree.ParseError("it declares a document type")
        return ElementTree.fromstring(xml)
    except ElementTree.ParseError as error:
        raise UserError(f"{where} is no Excel workbook ({error}); save it anew as .xlsx") from None


def _text(element: ElementTree.Element) -> str:
    """All the text below an element: one that has several fonts is in several parts."""
    return "".join(each.text or "" for each in element.iter(f"{{{MAIN}}}t"))


def _row(row: ElementTree.Element, shared: Mapping[int, str], where: object) -> list[str]:
    cells: list[str] = []
    for cell in row.iter(f"{{{MAIN}}}c"):
        place, kind, value = cell.get("r", ""), cell.get("t"), cell.findtext(f"{{{MAIN}}}v", "")
        column = _column(place) if place else len(cells)
        try:
            value = shared[int(value)] if kind == "s" else _text(cell) if kind == "inlineStr" else value
        except (ValueError, KeyError):
            column = -1
        if not len(cells) <= column < WIDEST:
            raise UserError(f"{where} is no Excel workbook: its cell {place} makes no sense; save it anew as .xlsx")
        cells += [""] * (column - len(cells)) + [value]
    return cells


def _column(place: str) -> int:
    """The number of a cell's column: 0 of "A2", 26 of "AA2"; -1 of what is no place."""
    letters = re.match(r"[A-Z]{0,3}", place)[0]
    return sum((ord(letter) - 64) * 26**i for i, letter in enumerate(reversed(letters))) - 1


def write_xlsx(rows: Sequence[Sequence[str | float]]) -> bytes:
    """A workbook of one sheet; the same rows give the same bytes."""
    lines = ("".join(map(_cell, row)) for row in rows)
    sheet = "".join(f"<row>{line}</row>" for line in lines)
    parts = FRAME | {SHEET: f'<worksheet xmlns="{MAIN}"><sheetData>{sheet}</sheetData></worksheet>'}
    return archives.packed({name: text.encode() for name, text in parts.items()})


def _cell(value: str | float) -> str:
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f"<c><v>{value}</v></c>"
