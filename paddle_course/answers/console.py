"""The answers of a run -> the terminal: titles, words in the user's language and tables, at the terminal's width."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from rich import box
from rich.console import Console
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table as Grid
from rich.text import Text

from paddle_course.answers import words as wording
from paddle_course.answers.page import SYNTHETIC
from paddle_course.answers.pieces import Question, Table, cells, numeric


def terminal(
    title: tuple[str, str],
    questions: Mapping[int, Question],
    words: Path,
    synthetic: bool,
    console: Console | None = None,
) -> None:
    """Print the answers to stdout (or `console`), in Chinese where LC_ALL or LANG begins with zh, else in English."""
    console = console or Console()
    questions = dict(sorted(questions.items()))
    text = wording.said(wording.load(words), questions)
    tongue = language()
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
            console.print(Padding(_grid(table), (1, 0, 0, 0)))
            if table.note:
                console.print(Text(table.note, style="dim italic"))


def language() -> str:
    """ "zh" or "en", as the environment asks."""
    asked = next((os.environ[key] for key in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(key)), "")
    return "zh" if asked.lower().startswith("zh") else "en"


def _titles(console: Console, title: tuple[str, str], style: str, number: str) -> None:
    console.print(Text(number + title[0], style=style))
    console.print(Text(" " * len(number) + title[1], style="dim"))


def _grid(table: Table) -> Grid:
    """Headings may wrap at a space; numbers keep their width, so that none is ever cut."""
    grid = Grid(
        title=Text(table.caption), title_style="bold", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False
    )
    rows = cells(table)
    for i, (head, right) in enumerate(zip(table.header, numeric(table), strict=True)):
        widest = max((len(row[i]) for row in rows), default=0)
        grid.add_column(
            Text(head),
            justify="right" if right else "left",
            min_width=widest if right else None,
            overflow="fold",
            vertical="bottom" if not rows else "top",
        )
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    return grid
