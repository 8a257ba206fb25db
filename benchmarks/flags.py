"""A command line -> a benchmark's flags and its exit code; a mistake is told in one line and ends with exit code 2."""

from __future__ import annotations

import argparse
import math
import os
import shutil
import sys
from collections.abc import Callable, Collection, Sequence
from typing import Any

from benchmarks.rounds import Incomplete
from paddle_course import runtime


def parser(module: str, text: str, rounds: int = 0) -> argparse.ArgumentParser:
    """For `python -m benchmarks.<module>`, with the flags that most of them share."""
    made = argparse.ArgumentParser(
        prog=f"benchmarks.{module}",
        usage=argparse.SUPPRESS,  # it would stand in front of every mistake
        description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    if rounds:
        text = f"measurements of each; their median counts (default: {rounds})"
        made.add_argument("--rounds", type=at_least(int, 1), default=rounds, help=text)
    made.add_argument("--publish", action="store_true", help="enter the results into docs/results.json")
    return made


def names(known: Collection[str]) -> Callable[[str], tuple[str, ...]]:
    """For "a,b", where every name must be known."""

    def read(text: str) -> tuple[str, ...]:
        chosen = tuple(dict.fromkeys(text.split(",")))
        for name in chosen:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
        return chosen

    return read


def at_least(kind: type, least: float) -> Callable[[str], Any]:
    """For a number that must not be smaller."""

    def read(text: str) -> Any:
        value = kind(text)
        if not value >= least:
            raise argparse.ArgumentTypeError(f"{text} is too small, it must be at least {least}")
        if value == math.inf:
            raise argparse.ArgumentTypeError(f"{text} would never end")
        return value

    read.__name__ = kind.__name__  # argparse names it where the text is no number
    return read


def program(text: str) -> str:
    """For a program's name or path: its whole path, links left as they are, for a venv's Python is known by its own."""
    if not (found := shutil.which(text)):
        raise argparse.ArgumentTypeError(f"there is no program {text}")
    return os.path.abspath(found)  # noqa: PTH100 - Path.resolve would follow the link


def run(benchmark: Callable[[Sequence[str]], None], argv: Sequence[str] | None) -> int:
    """The exit code: 0 done, 1 not everything could be measured, 2 the user's mistake, 130 or 143 broken off."""
    words = sys.argv[1:] if argv is None else argv
    try:
        return runtime.run(lambda: benchmark(words), "nothing is kept of a benchmark that did not end")
    except Incomplete as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
