"""A program -> what it costs: the lines of code it takes, and the seconds."""

from __future__ import annotations

import ast
import inspect
import io
import textwrap
import time
import tokenize
from collections.abc import Callable, Iterable
from typing import TypeVar

Made = TypeVar("Made")
NO_CODE = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)


def code_lines(function: Callable | type) -> int:
    """The lines of a function or class that hold code: blank lines, comments and docstrings do not count."""
    source = textwrap.dedent(inspect.getsource(function))
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    lines = {n for each in tokens if each.type not in NO_CODE for n in range(each.start[0], each.end[0] + 1)}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and ast.get_docstring(node):
            lines -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return len(lines)


def timed(program: Callable[[], Iterable[Made]], times: int = 1) -> tuple[list[Made], float]:
    """All that a program yields, and the seconds it took: the least of so many times, for others compute here too."""
    least = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        made = list(program())
        least = min(least, time.perf_counter() - start)
    return made, least
