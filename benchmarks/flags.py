"""Text behind a flag -> its value; a mistake is told in one line and ends with exit code 2."""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Callable, Collection
from typing import Any


def parser(program: str, description: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=program,
        usage=argparse.SUPPRESS,  # it would stand in front of every mistake
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


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
        return value

    read.__name__ = kind.__name__  # argparse names it where the text is no number
    return read


def program(text: str) -> str:
    """For a program's name or path: its whole path, links left as they are, for a venv's Python is known by its own."""
    if not (found := shutil.which(text)):
        raise argparse.ArgumentTypeError(f"there is no program {text}")
    return os.path.abspath(found)  # noqa: PTH100 - Path.resolve would follow the link
