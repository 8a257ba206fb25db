"""A Jinja2 template of sentences + the numbers of an answer -> Markdown, and that -> HTML.

homework/words/<homework>.md.j2 holds one block for each question and language, `q1_zh`, `q1_en`, and `summary_zh`,
`summary_en`, which see every question that was run as `q[1].accuracy` (so: `{% if 1 in q %}`). The sentence follows
the numbers through the template's `if`. A number that is missing is an error, never an empty place in a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from inspect import cleandoc
from pathlib import Path
from typing import Any

import jinja2
from markdown_it import MarkdownIt
from markupsafe import Markup

from paddle_course.answers.pieces import Question, Table, cells, numeric

LANGUAGES = ("zh", "en")
HAN = "[\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef]"

# No raw HTML and no pictures from words: a report must not be able to load anything.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def load(path: Path) -> jinja2.Template:
    """The words of a homework. Filters: percent, comma, f1, f2, f3, code."""
    return _compiled(path.name, path.read_text(encoding="utf-8"))


@cache
def _compiled(name: str, text: str) -> jinja2.Template:
    # A line that holds only a tag leaves no empty line, which would end a paragraph; an `if` within a line keeps the
    # line's end, which parts two words.
    source = re.sub(r"(?m)^[ \t]*(\{%(?:(?!%\}).)*%\})[ \t]*\n", r"\1", text)
    environment = jinja2.Environment(
        loader=jinja2.DictLoader({name: source}),
        undefined=jinja2.StrictUndefined,
        finalize=_plain,
        autoescape=False,  # the result is Markdown; `_plain` escapes values for Markdown, `html` makes the HTML
    )
    environment.filters |= {
        # `1 *`: an undefined number names itself when multiplied, but not when formatted.
        "percent": lambda share, digits=1: f"{100 * share:.{digits}f} %",
        "comma": lambda value: f"{1 * value:,.0f}",
        "f1": lambda value: f"{1 * value:,.1f}",
        "f2": lambda value: f"{1 * value:,.2f}",
        "f3": lambda value: f"{1 * value:,.3f}",
        "code": lambda text: Markup("`" + str(text).replace("`", "'") + "`"),
    }
    return environment.get_template(name)


def said(template: jinja2.Template, questions: Mapping[int, Question]) -> dict[str, dict[str, str]]:
    """Everything there is to say, as Markdown: {"summary": {"zh": ..., "en": ...}, "q1": {...}, ...}.

    ValueError names the block and the number when one is missing.
    """
    numbers = {i: dict(question.answer.numbers) for i, question in questions.items()}
    known = {"summary": {"q": numbers}} | {f"q{i}": numbers[i] for i in questions}
    return {part: {tongue: _block(template, f"{part}_{tongue}", known[part]) for tongue in LANGUAGES} for part in known}


def html(markdown: str) -> Markup:
    """Markdown as HTML, with number and unit kept on one line."""
    text = re.sub(r"(?<=[\d%]) (?=[%±])|(?<=±) (?=\d)", "\u00a0", _MARKDOWN.render(markdown))
    return Markup(text.replace("<table>", '<div class="scroll"><table>').replace("</table>", "</table></div>"))


def table(table: Table) -> str:
    """A table as GitHub-flavoured Markdown, numbers to the right."""
    lines = [table.header, *cells(table)]
    rows = ["| " + " | ".join(escape(cell).replace("\n", " ") for cell in line) + " |" for line in lines]
    rows.insert(1, "|" + "|".join(" ---: " if right else " --- " for right in numeric(table)) + "|")
    return "\n".join(rows)


def escape(text: str) -> str:
    """Text that Markdown leaves alone."""
    return re.sub(r"([\\`*_\[\]<>|~&#])", r"\\\1", text)


def _plain(value: Any) -> Any:
    return escape(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _block(template: jinja2.Template, name: str, numbers: Mapping[str, Any]) -> str:
    if name not in template.blocks:
        raise ValueError(f"{template.name} has no block {name}")
    try:
        text = cleandoc("".join(template.blocks[name](template.new_context(dict(numbers)))))
    except (jinja2.UndefinedError, TypeError, ValueError, KeyError) as error:
        raise ValueError(f"{template.name}, block {name}: {error}") from error
    text = re.sub(f"(?<={HAN})\n(?={HAN})", "", text)  # a line break within a Chinese sentence is no space
    return re.sub(r"(?<!\\)\*\*(?=\S)([^*\n]+)\*\*", _bold, text)


def _bold(found: re.Match) -> str:
    """Bold text that CommonMark takes for bold: stars between punctuation, inside, and a letter, outside, are stars to
    it, as they are in Chinese where a bold sentence ends and the next begins. A space outside makes them bold."""
    inside, before, after = found[1], found.string[: found.start()][-1:], found.string[found.end() :][:1]
    left = " " * (before.isalnum() and not inside[0].isalnum())
    return f"{left}{found[0]}" + " " * (after.isalnum() and not inside[-1].isalnum())
