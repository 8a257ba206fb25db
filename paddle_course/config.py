"""A frozen dataclass <-> command line <-> config.json.

A homework derives its `Config` from `RunConfig`; each field is a flag with the help text given beside it:

    @dataclass(frozen=True)
    class Config(RunConfig):
        per_class: tuple[int, ...] = flag((10, 100), "pictures per class")

An unknown flag, and a value of the wrong type or out of its limits, end with one line and exit code 2.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import math
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from paddle_course.runtime import UserError

Config = TypeVar("Config", bound="RunConfig")


def flag(default: Any, help: str, choices: Sequence[str] = (), least: float = 0) -> Any:
    """A dataclass field that is also a command-line flag.

    A text is one of the `choices`, if there are any; a number is finite and at least `least`. For a tuple this holds of
    each item.
    """
    return field(default=default, metadata={"help": help, "choices": choices, "least": least})


@dataclass(frozen=True)
class RunConfig:
    """The flags that every homework has.

    A homework names in `without` those it has no use for, which are refused, in `apart` flags under which trainings are
    others, so that they go to a run directory of their own, in `exclusive` those of which only one can be given, and
    says by `longer` whether --full asks for other settings than its defaults.
    """

    without: ClassVar[tuple[str, ...]] = ()
    apart: ClassVar[tuple[str, ...]] = ("full",)
    exclusive: ClassVar[tuple[str, ...]] = ()
    longer: ClassVar[bool] = True

    question: tuple[int, ...] = flag((), "answer only these questions, for example 3 or 1,3")
    smoke: bool = flag(False, "run every path in a minute or two, on stand-in data; the numbers mean nothing")
    full: bool = flag(False, "longer: the source's settings where it names any, else more epochs, runs or pictures")
    seed: int = flag(0, "every draw is a function of this")
    seeds: int = flag(3, "runs per setting where a mean and its spread are reported", least=1)
    epochs: int = flag(0, "epochs of every training; 0 = each question's own budget")
    out: str = flag("", "the run directory; empty = runs/<homework>/<data>, and what sets it apart")
    data_root: str = flag("", "where the data lies; empty = PADDLE_COURSE_DATA or data/")
    data: str = flag("real", "stand-in = small synthetic data in the true file formats", ("real", "stand-in"))
    device: str = flag("cpu", "where Paddle computes", ("cpu", "gpu"))
    accelerate: str = flag("auto", "convolutions on the CPU: off = Paddle's own", ("off", "f32", "bf16", "auto"))
    fresh: bool = flag(False, "start over instead of going on where the last run stopped")
    publish: bool = flag(False, "enter the results into docs/results.json")


def parse(config: type[Config], argv: Sequence[str] | None = None, description: str = "") -> Config:
    """The command line (default: sys.argv) as a `config`. `--help` prints and ends; mistakes end with exit code 2."""
    parser = argparse.ArgumentParser(
        prog="./run.sh",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.usage = "./run.sh HOMEWORK [flags]"
    alone = parser.add_mutually_exclusive_group()
    kinds = typing.get_type_hints(config)
    for each in dataclasses.fields(config):
        if each.name in config.without:
            continue
        name, kind, choices = "--" + each.name.replace("_", "-"), kinds[each.name], each.metadata["choices"]
        help = each.metadata["help"].replace("%", "%%")
        if kind is bool:
            (alone if each.name in config.exclusive else parser).add_argument(name, action="store_true", help=help)
        else:
            parser.add_argument(
                name,
                type=_reader(kind, choices, each.metadata["least"]),
                default=each.default,
                help=f"{help} (default: {shown(each.default)})",
                metavar=f"{{{','.join(choices)}}}" if choices else each.name.upper(),
            )
    return config(**vars(parser.parse_args(argv)))


def _reader(kind: Any, choices: Sequence[str], least: float) -> Callable[[str], Any]:
    """What turns a flag's text into a value of `kind` within its limits; argparse names the flag when it raises."""
    several = typing.get_origin(kind) is tuple
    item = typing.get_args(kind)[0] if several else kind

    def one(text: str) -> Any:
        value = item(text)
        if choices and value not in choices:
            raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(choices)}")
        if item is float and not math.isfinite(value):
            raise argparse.ArgumentTypeError(f"{text} is no finite number")
        if item is not str and value < least:
            raise argparse.ArgumentTypeError(f"{text} is too small, it must be at least {least}")
        return value

    def read(text: str) -> Any:
        if not several:
            return one(text)
        if not (parts := [part for part in text.split(",") if part]):
            raise argparse.ArgumentTypeError("name at least one")
        return tuple(map(one, parts))

    read.__name__ = f"comma-separated list of {item.__name__}" if several else item.__name__
    return read


def shown(value: Any) -> str:
    """A value as one would type it behind its flag."""
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "all"
    return str(value) if value != "" else '""'


def describe(value: Any) -> Any:
    """`value` as JSON: functions by name, `functools.partial` with its arguments, dataclasses by field.

    >>> describe(functools.partial(max, key=1))
    {'name': 'max', 'key': 1}
    """
    if isinstance(value, functools.partial):
        return {"name": value.func.__name__} | {key: describe(each) for key, each in value.keywords.items()}
    if hasattr(value, "describe"):
        return value.describe()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: describe(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): describe(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [describe(each) for each in value]
    if isinstance(value, Path):
        return str(value)
    if callable(value):
        return {"name": getattr(value, "__name__", type(value).__name__)}
    if hasattr(value, "item"):
        return value.item()
    return value


def differences(old: dict[str, Any], new: dict[str, Any], path: str = "") -> list[str]:
    """Where two descriptions differ, as "optimizer.lr: 0.1, now 0.01"."""
    found = []
    for key in sorted(old.keys() | new.keys()):
        a, b, where = old.get(key), new.get(key), f"{path}{key}"
        if isinstance(a, dict) and isinstance(b, dict):
            found += differences(a, b, where + ".")
        elif a != b:
            found.append(f"{where}: {json.dumps(a)}, now {json.dumps(b)}")
    return found


def load(path: Path) -> dict[str, Any]:
    """A saved config.json. A damaged one is the user's to know about."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError("it holds no settings")
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} cannot be read ({error}): use --fresh to start over") from None
    return found
