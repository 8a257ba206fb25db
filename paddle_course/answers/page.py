"""The answers of a run -> report.html (one self-contained page) and answers.md (to paste into the forum).

The page loads nothing: style and drawings are inline, and its content security policy forbids the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from paddle_course.answers import words as wording
from paddle_course.answers.pieces import Figure, Question, cells, numeric
from paddle_course.files import write_file

SYNTHETIC = {
    "zh": "本页结果来自程序生成的替代数据，其中的数字不说明真实数据上的任何结论。",
    "en": "Made from stand-in data drawn by a program: no number here says anything about real data.",
}
FACTS = {  # the facts of a run, as the footer names them
    "command": "命令 Command",
    "machine": "机器 Machine",
    "minutes": "用时（分钟） Minutes",
    "memory": "内存 Memory",
    "commit": "提交 Commit",
    "versions": "版本 Versions",
    "threads": "线程 Threads",
    "settings": "设置 Settings",
}


def write(
    run_dir: Path,
    title: tuple[str, str],
    questions: Mapping[int, Question],
    words: Path,
    synthetic: bool,
    facts: Mapping[str, Any],
) -> tuple[Path, Path]:
    """Write report.html, answers.md and figures/*.png into `run_dir`; return the paths of the first two.

    `title` is (Chinese, English); `questions` are those that were run; `words` is the template of sentences (words.py);
    `facts` say how the run was made: command, commit, machine, minutes, settings, versions (a value may be a dict).
    """
    questions = dict(sorted(questions.items()))
    _check_names(questions)
    text = wording.said(wording.load(words), questions)
    run_dir = Path(run_dir)
    (run_dir / "figures").mkdir(parents=True, exist_ok=True)
    for figure in _figures(questions):
        write_file(run_dir / "figures" / f"{figure.name}.png", figure.png)
    page = run_dir / "report.html"
    write_file(page, _html(title, questions, text, synthetic, facts))
    answers = run_dir / "answers.md"
    write_file(answers, "\n\n".join(_markdown(title, questions, text, synthetic, facts)) + "\n")
    return page, answers


def _figures(questions: Mapping[int, Question]) -> Iterator[Figure]:
    for question in questions.values():
        yield from question.answer.figures


def _check_names(questions: Mapping[int, Question]) -> None:
    names = [figure.name for figure in _figures(questions)]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"two figures are named {', '.join(sorted(twice))}: one would overwrite the other")


def _html(title: tuple[str, str], questions: Mapping, text: Mapping, synthetic: bool, facts: Mapping) -> str:
    return _template().render(
        title=title,
        questions=questions,
        text=text,
        synthetic=SYNTHETIC if synthetic else None,
        facts=[(FACTS.get(key, key), flat(value)) for key, value in facts.items() if value not in (None, "", {})],
    )


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent, encoding="utf-8"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"markdown": wording.html, "cells": cells, "numeric": numeric}
    return environment.get_template("report.html.j2")


def flat(value: Any, path: str = "") -> str | list[tuple[str, str]]:
    """A fact as text, or a dict of facts as (dotted name, text) pairs."""
    if not isinstance(value, Mapping):
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    pairs: list[tuple[str, str]] = []
    for key, each in value.items():
        inner = flat(each, f"{path}{key}.")
        pairs += inner if isinstance(inner, list) else [(f"{path}{key}", inner)]
    return pairs


def _markdown(
    title: tuple[str, str], questions: Mapping[int, Question], text: Mapping, synthetic: bool, facts: Mapping
) -> Iterator[str]:
    """answers.md, paragraph by paragraph."""
    plain = wording.escape
    if synthetic:
        yield "# SYNTHETIC · 合成数据"
        yield f"**{SYNTHETIC['zh']}**"
        yield f"**{SYNTHETIC['en']}**"
    yield f"# {plain(title[0])}"
    yield f"*{plain(title[1])}*"
    yield from text["summary"].values()
    for i, question in questions.items():
        yield f"## {i}. {plain(question.zh)}"
        yield f"*{plain(question.en)}*"
        yield from text[f"q{i}"].values()
        for table in question.answer.tables:
            yield f"**{plain(table.caption)}**"
            yield wording.table(table)
            if table.note:
                yield plain(table.note)
        for figure in question.answer.figures:
            yield f"![{plain(figure.caption)}](figures/{figure.name}.png)"
            yield f"*{plain(figure.caption)}*"
    yield "---"
    made = [(key, flat(value)) for key, value in facts.items() if value not in (None, "", {})]
    yield "\n".join(f"- {key}: `{value}`" for key, value in made if isinstance(value, str))
