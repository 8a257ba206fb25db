"""Homework scripts and their results -> the index: every question with its command, its minutes and its result.

A script names, in `HEADLINES`, the result of each question that stands for its answer; `FIRST_ZH` is Chinese for the
first of them. The title and the questions are those that its reports show.
"""

from __future__ import annotations

import math
import re
import runpy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddle_course.answers import words
from paddle_course.answers.pieces import Cell, Table, number, score

SHARES = re.compile(r"accuracy|recall|precision|specificity|sensitivity|share|error rate")  # shown in per cent
TRAINED = "all trainings"  # the result that tells a question's minutes
HEADS = {
    "en": ("homework", "", "result", "minutes of training"),
    "zh": ("作业", "", "结果", "训练用时（分钟）"),
}

Entry = dict[str, Any]


@dataclass(frozen=True)
class Script:
    """A homework script: its title and, by question, Chinese and English, and the name of the result to show.

    The first of these stands for the whole homework; `first_zh` says in Chinese what it is.
    """

    path: Path
    title: tuple[str, str]
    questions: dict[int, tuple[str, str]]
    headlines: dict[int, str]
    first_zh: str

    @property
    def name(self) -> str:
        """As one types it behind ./run.sh."""
        return self.path.stem.partition("_")[0]


def scripts(folder: Path) -> list[Script]:
    """The scripts hw01 to hw12 that `folder` has, in order."""
    found = []
    for path in sorted(folder.glob("hw[0-9][0-9]_*.py")):
        script = runpy.run_path(str(path))  # which imports no Paddle
        questions = {number: asked(function) for number, function in script["QUESTIONS"].items()}
        found.append(Script(path, script["TITLE"], questions, script["HEADLINES"], script["FIRST_ZH"]))
    return found


def asked(function: Callable) -> tuple[str, str]:
    """A question as the function that answers it tells it: Chinese, English."""
    chinese, english = (line.strip() for line in function.__doc__.strip().splitlines()[:2])
    return chinese, english


def questions(found: Iterable[Entry], folder: Path) -> str:
    """A section for each homework with a row for each of its questions, as Markdown."""
    by_name = {(e["homework"], e["question"], e["name"]): e for e in found}
    parts = []
    for script in scripts(folder):
        rows: list[tuple[Cell, ...]] = []
        for asking, (chinese, english) in script.questions.items():
            took = by_name.get((script.name, asking, TRAINED))
            known = by_name.get((script.name, asking, script.headlines.get(asking)))
            command = f"./run.sh {script.name} --question {asking}{flags(known)}"
            own = took and (known is None or flags(took) == flags(known))  # not of what other flags made
            minutes = f"{took['value']:.1f}" if own else None
            rows.append((asking, f"{chinese} {english}", command, minutes, said(known)))
        head = ("", "question", "command", "minutes of training", "result")
        parts += [f"### [{script.path.name}]({script.path.name}) {' · '.join(map(words.escape, script.title))}"]
        parts += [words.table(Table("", head, tuple(rows)))]
    return "\n\n".join(parts)


def flags(entry: Entry | None) -> str:
    """What must stand behind the question for a result to come about: " --full --networks fast"."""
    _, _, given = (entry["command"] if entry else "").partition("./run.sh ")
    return re.sub(r" --(publish|question \S+)", "", given[len("hw00") :])


def overview(found: Sequence[Entry], folder: Path, language: str) -> str:
    """A row for each homework: its title, its first headline and the minutes of all its questions, as Markdown.

    Where those of some were not noted, they are at least those of the training behind the headline. "173 + 27" where
    the headline took flags of its own: 27 minutes are its trainings', the rest are the questions' without such flags.
    """
    rows = []
    for script in scripts(folder):
        mine = [entry for entry in found if entry["homework"] == script.name]
        named = {(e["question"], e["name"]): e for e in mine}
        shown = next(filter(None, map(named.get, script.headlines.items())), None)
        noted, alone = sum(e["value"] for e in mine if e["name"] == TRAINED), (shown or {}).get("minutes") or 0
        minutes, more = max(noted, alone), "≥ " * (alone > noted)
        took = f"{more}{minutes:.{int(minutes < 1)}f}" if minutes else None
        usual = named.get((shown["question"], TRAINED)) if shown else None
        if usual and alone and flags(shown) != flags(usual):
            took = f"{noted:.0f} + {alone * shown['n']:.0f}"
        result = said(shown)
        if shown and language == "zh" and (shown["question"], shown["name"]) == next(iter(script.headlines.items())):
            result = f"{script.first_zh} {measured(shown)}"
        rows.append((script.name, script.title[language == "en"], result, took))
    return words.table(Table("", HEADS[language], tuple(rows)))


def said(entry: Entry | None) -> str | None:
    """A result in words: "camp network, Adam, 20 epochs: test accuracy 67.0 % ± 0.5 (n = 3)"."""
    if entry is None:
        return None
    name, metric = entry["name"], entry["metric"]
    return f"{name.removesuffix(f', {metric}')}: {metric} {measured(entry)}"


def measured(entry: Entry) -> str:
    """An entry's value with its spread: "65.2 % ± 0.4 (n = 3)" for shares, "89,910" or "0.9432 ± 0.0021 (n = 3)"."""
    value, sd, n = entry["value"], entry["sd"], entry["n"]
    if SHARES.search(entry["metric"]):
        return score(value, sd, n)
    spread = "" if sd is None else f" ± {number(float(f'{sd:.2g}'))}"
    if sd:
        value = round(value, max(0, 1 - math.floor(math.log10(sd))))  # to the place where the spread ends
    return number(value) + spread + (f" (n = {n})" if n > 1 else "")
