"""Rows of cells -> an Excel workbook (.xlsx), whose bytes depend on the rows alone: libraries write the time into it.

A workbook is a zip of XML. xl/worksheets/sheet1.xml holds rows of cells, each with its kind and its value:

    <row><c><v>1</v></c><c t="inlineStr"><is><t>text</t></is></c></row>

Kind "inlineStr" is text on the spot, no kind a number. ECMA-376, part 1, chapter 18.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from paddle_course.readers import archives

SHEET = "xl/worksheets/sheet1.xml"
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
