"""Answers -> entries of docs/results.json -> every table of results that is published.

An entry is one measured number with the command, commit and machine that gave it. docs/results.md and the tables in the
READMEs between `<!-- results:begin hw08 -->` and `<!-- results:end -->` are generated, never written by hand
(`results:begin hw08 1 5` takes questions 1 and 5 only), or a pivot table of names that share a form,
`<!-- results:pivot benchmark *, {f32; bf16} -->`: a row for whatever the star stands for, a column for each word. The
index of the homework stands at `<!-- results:index -->`, a row for each of them at `<!-- results:overview -->`:

    python -m paddle_course.answers.results            writes them
    python -m paddle_course.answers.results --check    exits with 1 and names the files that are stale
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from paddle_course.answers import index, words
from paddle_course.answers.index import SHARES, Entry, measured
from paddle_course.answers.pieces import Table, number, score
from paddle_course.files import locked, write_file
from paddle_course.runtime import ROOT, UserError, environment

KEYS = ("homework", "question", "name", "metric", "value", "sd", "n", "minutes", "data", "command", "commit", "machine")
PAGES = ("README.md", "README.zh-CN.md", "homework/README.md", "docs/cpu.md")
HEADS = {
    "en": ("homework", "question", "what", "measure", "result", "minutes", "data"),
    "zh": ("作业", "问题", "内容", "指标", "结果", "分钟", "数据"),
}
SECTIONS = {"benchmark": "Benchmarks"}  # headings of what no homework measured; such an entry's question is None
PIVOT = re.compile(r"(<!-- results:pivot (\w+) (.*?){(.*?)}(.*?) -->\n).*?(<!-- results:end -->)", re.DOTALL)
INDEX = re.compile(r"(<!-- results:(index|overview) -->\n).*?(<!-- results:end -->)", re.DOTALL)
MARKED = re.compile(r"(<!-- results:begin(?: (\w+))?((?: \d+)*) -->\n).*?(<!-- results:end -->)", re.DOTALL)


def record(path: Path, new: Iterable[Entry]) -> None:
    """Enter `new` into the file: an entry takes the place of the one with the same homework, question and name.

    Nothing is written when an entry lacks a key, has a value that is no finite number, or shares its name with another.
    """
    new = [_checked(entry) for entry in new]
    names = [_key(entry) for entry in new]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"two results are named {sorted(twice)[0]}: one would replace the other")
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path.parent):  # not the file, which is replaced
        kept = [entry for entry in load(path) if _key(entry) not in names]
        ordered = sorted(kept + new, key=lambda entry: (entry["homework"], entry["question"], _natural(entry["name"])))
        # One entry a line: a changed number is one changed line in the history.
        lines = ",\n".join("  " + json.dumps(entry, ensure_ascii=False, allow_nan=False) for entry in ordered)
        write_file(path, f"[\n{lines}\n]\n" if ordered else "[]\n")


def origin() -> Entry:
    """What gave the numbers of this process: the keys command, commit and machine of their entries."""
    about = environment()
    named = " with ".join(filter(None, (about["processor"].partition(" ")[2], about["instructions"])))
    machine = f"{about['cores']} cores {named}, Paddle {about['paddle']}"
    return {"command": about["command"], "commit": about["commit"], "machine": machine}


def load(path: Path) -> list[Entry]:
    """The file's entries; none when there is no file yet."""
    if not path.exists():
        return []
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is no valid JSON ({error}): restore it with git checkout {path}") from None


def table(
    found: Sequence[Entry], homework: str | None = None, questions: Collection[int] = (), language: str = "en"
) -> str:
    """Entries as a Markdown table: of one homework, of some of its questions, or all."""
    found = [entry for entry in found if homework in (None, entry["homework"])]
    found = [entry for entry in found if not questions or entry["question"] in questions]
    rows = [
        (e["homework"], e["question"], e["name"], e["metric"], measured(e), _minutes(e["minutes"]), e["data"])
        for e in found
    ]
    # Left out: the homework where it is already known, the question where nobody asked one.
    asked = any(e["question"] is not None for e in found) or not found
    keep = [i for i in range(7) if (i != 0 or homework is None) and (i != 1 or asked)]
    head, *rows = (tuple(row[i] for i in keep) for row in (HEADS[language], *rows))
    return words.table(Table("", head, tuple(rows)))


def pivot(found: Iterable[Entry], form: str, columns: Sequence[str], end: str = "") -> str:
    """Entries named `form` + a column + `end` as a Markdown table; the star in `form` is the row, without a comma."""
    rows: dict[str, dict[str, Entry]] = {}
    for entry in found:
        for column in columns:
            name = re.escape(f"{form}{column}{end}").replace(r"\*", "([^,]+)")
            if match := re.fullmatch(name, entry["name"]):
                rows.setdefault(match[1], {})[column] = entry

    def cell(entry: Entry | None) -> str | None:
        if entry is None:
            return None
        if SHARES.search(entry["metric"]):
            return score(entry["value"], entry["sd"])
        spread = f" ± {number(_rounded(entry['sd'], 1))}" if entry["metric"] == "ratio" and entry["sd"] else ""
        return number(_rounded(entry["value"], 3)) + spread

    if not rows:
        return "(Not measured yet.)"
    lines = tuple((row, *(cell(each.get(column)) for column in columns)) for row, each in rows.items())
    return words.table(Table("", ("", *columns), lines))


def page(found: Sequence[Entry]) -> str:
    """docs/results.md: a table for each homework, and under it the commands that measured it."""
    parts = [
        "# Results",
        "Generated from `docs/results.json` by `python -m paddle_course.answers.results`; every number was measured by "
        "a command named under its table.",
    ]
    for homework in sorted({entry["homework"] for entry in found}):
        mine = [entry for entry in found if entry["homework"] == homework]
        runs = dict.fromkeys((e["command"], e["machine"], e["commit"]) for e in mine)
        lines = [f"- `{command}`, {words.escape(machine)}, commit `{commit}`" for command, machine, commit in runs]
        parts += [f"## {SECTIONS.get(homework, homework)}", table(mine, homework), "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def stale(root: Path) -> dict[Path, str]:
    """The generated files that do not say what docs/results.json says -> what they should say."""
    found = load(root / "docs" / "results.json")
    wanted = {root / "docs" / "results.md": page(found)}
    for name in PAGES:
        path = root / name
        if path.exists():
            language = "zh" if "zh" in path.name else "en"
            text = PIVOT.sub(lambda m: _pivot(m, found), path.read_text(encoding="utf-8"))
            text = INDEX.sub(lambda m: _index(m, found, root / "homework", language), text)  # noqa: B023
            wanted[path] = MARKED.sub(lambda m: _section(m, found, language), text)  # noqa: B023
    return {p: text for p, text in wanted.items() if not p.exists() or p.read_text(encoding="utf-8") != text}


def main(argv: Sequence[str] | None = None) -> int:
    """Write the generated files, or with --check only say which are stale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when a file is stale")
    parser.add_argument("--root", type=Path, default=ROOT, help="the project's folder")
    arguments = parser.parse_args(argv)
    changed = stale(arguments.root)
    for path, text in changed.items():
        print(f"{path.relative_to(arguments.root)}: {'stale' if arguments.check else 'written'}")
        if not arguments.check:
            write_file(path, text)
    return 1 if arguments.check and changed else 0


def _section(marks: re.Match[str], found: Sequence[Entry], language: str) -> str:
    begin, homework, questions, end = marks.groups()
    return f"{begin}\n{table(found, homework, [int(i) for i in questions.split()], language)}\n\n{end}"


def _index(marks: re.Match[str], found: Sequence[Entry], folder: Path, language: str) -> str:
    begin, kind, end = marks.groups()
    text = index.questions(found, folder) if kind == "index" else index.overview(found, folder, language)
    return f"{begin}\n{text}\n\n{end}"


def _pivot(marks: re.Match[str], found: Sequence[Entry]) -> str:
    begin, homework, form, columns, tail, end = marks.groups()
    mine = [entry for entry in found if entry["homework"] == homework]
    return f"{begin}\n{pivot(mine, form, columns.split('; '), tail)}\n\n{end}"


def _rounded(value: float, digits: int) -> float:
    """To so many digits that count: a speed has three, its spread one."""
    return float(f"{value:.{digits}g}")


def _checked(entry: Entry) -> Entry:
    wrong = set(KEYS) ^ entry.keys()
    if wrong:
        raise ValueError(f"result {entry.get('name')!r}: missing or unknown {', '.join(sorted(wrong))}")
    plain = {key: entry[key].item() if hasattr(entry[key], "item") else entry[key] for key in KEYS}  # numpy's numbers
    for key in ("value", "sd", "minutes"):
        if plain[key] is None and key != "value":
            continue
        if not isinstance(plain[key], (int, float)) or not math.isfinite(plain[key]):
            raise ValueError(f"result {entry['name']!r}: {key} is {plain[key]!r}, not a finite number")
    return plain


def _key(entry: Entry) -> tuple[str, int, str]:
    return entry["homework"], entry["question"], entry["name"]


def _natural(name: str) -> list[tuple[int, str]]:
    """An order in which "20 per class" stands before "100 per class"."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name.replace(",", ""))]


def _minutes(value: float | None) -> str | None:
    return None if value is None else f"{value:.1f}"


if __name__ == "__main__":
    sys.exit(main())
