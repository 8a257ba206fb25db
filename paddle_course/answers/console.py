"""The answers of a run -> the terminal: titles, words in the user's language and tables, at the terminal's width."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table as Grid
from rich.text import Text

from paddle_course import runtime
from paddle_course.answers import words as wording
from paddle_course.answers.page import SYNTHETIC
from paddle_course.answers.pieces import Question, Table, cells, numeric

LONGEST = 24  # cells of a text column, before it wraps
GAP = 3  # cells between columns


def terminal(
    title: tuple[str, str],
    questions: Mapping[int, Question],
    words: Path,
    synthetic: bool,
    console: Console | None = None,
) -> None:
    """Print the answers to stdout (or `console`), in the language that the environment asks for."""
    console = console or Console()
    questions = dict(sorted(questions.items()))
    text = wording.said(wording.load(words), questions)
    tongue = runtime.language()
    if synthetic:
        console.print(Panel(Text(SYNTHETIC[tongue]), title="SYNTHETIC · 合成数据", style="bold red", box=box.HEAVY))
    _titles(console, title, "bold cyan", "")
    console.print(Padding(Markdown(text["summary"][tongue]), (1, 0, 0, 0)))
    for i, question in questions.items():
        console.print()
        console.rule(style="dim")
        _titles(console, (question.zh, question.en), "bold", f"{i}. ")
        console.print(Padding(Markdown(text[f"q{i}"][tongue]), (1, 0, 0, 0)))
        for table in question.answer.tables:
            show(table, console)


def show(table: Table, console: Console) -> None:
    """Print one table: its caption, itself, its note."""
    console.print(Padding(Text(table.caption, style="bold"), (1, 0, 0, 0)))
    for grid in _grids(table, console.width):
        console.print(Padding(grid, (1, 0, 0, 0)))
    if table.note:
        console.print(Text(table.note, style="dim italic"))


def _titles(console: Console, title: tuple[str, str], style: str, number: str) -> None:
    if not number:
        console.print(Text(fold(title[0], console.width), style=style), Text(title[1], style="dim"), sep="\n")
        return
    both = Grid.grid(padding=0)
    both.add_column(no_wrap=True)
    both.add_column()
    room = max(20, console.width - len(number))
    both.add_row(Text(number, style=style), Text(fold(title[0], room), style=style))
    both.add_row("", Text(title[1], style="dim"))
    console.print(both)


def fold(text: str, width: int) -> str:
    """Chinese text in lines of at most `width` cells. It may break anywhere but before a full stop or in a word."""
    lines = [""]
    for piece in re.findall(r"(?:[!-~]+ ?|.)[，。、；：？！）》”]*", text):
        if lines[-1] and cell_len(lines[-1] + piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return "\n".join(line.rstrip() for line in lines)


def _grids(table: Table, room: int) -> Iterator[Grid]:
    """The table in as many parts as the room asks for, each with the first column again, so that no number is cut."""
    text, right = cells(table), numeric(table)
    columns = list(zip(*text, strict=True)) if text else [()] * len(table.header)
    longest = [max(map(cell_len, column), default=0) for column in columns]
    words = [max(map(cell_len, head.split()), default=0) for head in table.header]
    # Numbers stay whole, text wraps beyond `LONGEST`, headings wrap between words.
    need = [max(a if n else min(a, LONGEST), b) for a, b, n in zip(longest, words, right, strict=True)]
    parts: list[list[int]] = [[0]]
    for i in range(1, len(need)):
        if len(parts[-1]) > 1 and sum(need[j] + GAP for j in parts[-1]) + need[i] > room:
            parts.append([0])
        parts[-1].append(i)
    for part in parts:
        grid = Grid(
            box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="dim", padding=(0, GAP - 1, 0, 0)
        )
        spare = room - sum(need[i] + GAP for i in part) + GAP
        for i in part:
            more = max(0, min(spare, max(longest[i], cell_len(table.header[i])) - need[i]))
            spare -= more
            side = "right" if right[i] else "left"
            grid.add_column(Text(table.header[i]), justify=side, width=need[i] + more, overflow="fold")
        for row in text:
            grid.add_row(*(Text(row[i]) for i in part))
        yield grid
