"""A data set's name -> its Images, Rows or Drawings, wherever the files are: the one entry for homework.

Looked at, in this order: the data root (`--data-root`, else PADDLE_COURSE_DATA, else data/), Paddle's own cache, the
network. Stand-ins are made once, under stand-ins/ in the data root, which is laid out like a data root itself.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from paddle_course.files import alone_in
from paddle_course.readers import cifar, idx, labelled, mnist_json, quickdraw
from paddle_course.readers.fundus import HELP, missing, read_fundus
from paddle_course.readers.housing import read_housing
from paddle_course.readers.images import Images, one_of
from paddle_course.readers.rows import Rows
from paddle_course.readers.sheets import read_yes_no
from paddle_course.readers.stand_ins import MARKER, write_stand_in
from paddle_course.readers.strokes import Drawings
from paddle_course.runtime import ROOT, UserError


def either_mnist(place: Path, split: str) -> Images:
    """MNIST as `place` has it: a folder of its four files, or the course's one file."""
    if place.is_dir():
        return idx.mnist(place, split)
    one_of("split", split, mnist_json.HALVES)
    return mnist_json.course_mnist(place, *mnist_json.HALVES[split])


READERS: dict[str, Callable[..., Images]] = {  # each called with a place and a split
    "cifar10": cifar.cifar10,
    "cifar100": cifar.cifar100,
    "mnist": either_mnist,
    "fashion-mnist": functools.partial(idx.mnist, classes=idx.FASHION),
    "dogs": labelled.read_labelled,
    "fundus": read_fundus,
}
TABLES: dict[str, Callable[[Path], Rows]] = {"housing": read_housing, "hw4": read_yes_no}
PLACES = {
    "cifar10": (
        "cifar-10-batches-py",
        "cifar-10-python.tar.gz",
        "cifar-10-batches-bin",
        "cifar/cifar-10-python.tar.gz",
    ),
    "cifar100": ("cifar-100-python", "cifar-100-python.tar.gz", "cifar-100-binary", "cifar/cifar-100-python.tar.gz"),
    "mnist": ("mnist", "mnist/mnist.json.gz", "mnist.json.gz"),
    "fashion-mnist": ("fashion-mnist",),
    "fundus": ("ichallenge-pm", "palm", ""),  # or the data root itself
    "housing": ("housing.data", "uci_housing/housing.data"),
    "pets": ("pets",),
    "dogs": ("dogs",),
    "hw4": ("hw4_data.xls", "hw4_data.xlsx", "hw4_data.csv"),
    "doodles": ("quickdraw/simplified", "quickdraw/train_simplified"),  # fetched from Google; unpacked from Kaggle
}
BY_HAND = {  # what no address serves, and what to do about it
    "pets": "put photos of cats and dogs into it",
    "hw4": "put the table of the course's homework 4 there, as .xls, .xlsx or .csv",
}
CONTEST = "test_simplified.csv"  # lies beside the folder of words
Data = TypeVar("Data", Images, Rows, Drawings)
UNPACKED = {"cifar10": ("*_batch*", 6), "cifar100": ("t*", 2)}  # files of a whole folder


def data_root(argument: str | Path | None = None) -> Path:
    """Where the data lies: the argument, else the variable PADDLE_COURSE_DATA, else data/ beside the code."""
    named = Path(argument or os.environ.get("PADDLE_COURSE_DATA") or ROOT / "data")
    try:
        return named.expanduser()
    except RuntimeError:  # "~nobody/data"
        raise UserError(f"--data-root {named}: there is no such home; name a folder") from None


def load(name: str, split: str, root: str | Path | None = None, kind: str = "real", **settings: Any) -> Images:
    """The "train" or "test" half of a data set; the other half of "fundus" is called "validation". A real one that is
    nowhere is downloaded; a stand-in is `synthetic`.

    `settings` are the reader's: `load("dogs", "train", count=500)`.
    """
    one_of("data set", name, READERS)
    place = folder(name, root, kind)
    return _marked(READERS[name](place, split, **settings), place, kind)


def load_rows(name: str, root: str | Path | None = None, kind: str = "real") -> Rows:
    """A table, likewise; cutting it into train and test is the homework's affair. One that no address serves and that
    is not at hand is made up, and `synthetic`: what it shows about gradients or signs does not hang on its numbers."""
    one_of("table", name, TABLES)
    if name in BY_HAND and not find(name, root):
        kind = "stand-in"
    place = folder(name, root, kind)
    return _marked(TABLES[name](place), place, kind)


def load_drawings(
    root: str | Path | None = None, kind: str = "real", nrows: int | None = None, words: Sequence[str] = ()
) -> Drawings:
    """Quick, Draw!, the first `nrows` drawings of these words (none = all); `hold_out` makes train and test of it."""
    place = folder("doodles", root, kind)
    return _marked(quickdraw.read_words(place, nrows, words=words), place, kind)


def load_contest(root: str | Path | None = None, kind: str = "real") -> Drawings | None:
    """The drawings that Kaggle's contest wants guesses of, without labels; None where its file is not there."""
    place = folder("doodles", root, kind).parent / CONTEST
    return _marked(quickdraw.read_drawings(place), place, kind) if place.exists() else None


def _marked(data: Data, place: Path, kind: str) -> Data:
    """`data`, said to be synthetic where it is."""
    if kind == "stand-in" or any((above / MARKER).exists() for above in (place, *place.parents[:2])):
        return dataclasses.replace(data, source=f"stand-in {data.source}", synthetic=True)
    return data


def folder(name: str, root: str | Path | None = None, kind: str = "real") -> Path:
    """The folder or file that holds a data set, after downloading or making it if need be."""
    one_of("data set", name, PLACES)
    one_of("--data", kind, ("real", "stand-in"))
    root = data_root(root)
    if kind == "stand-in":
        root = root / "stand-ins" / name
        if not (root / MARKER).exists():
            with alone_in(root):
                if not (root / MARKER).exists():  # by whom this one has waited for
                    write_stand_in(name, root)
        return _find(name, root)
    if place := find(name, root):
        return place
    if name in BY_HAND:
        raise UserError(f"{advice(name, root)}, or use --data stand-in")
    if name == "fundus":
        lacks = {place: missing(place) for place in (root / each for each in PLACES[name])}
        place = min(lacks, key=lambda each: len(lacks[each]))  # where most of it is, else the first
        raise UserError(f"{place} lacks {lacks[place]}: {HELP}")
    if name == "dogs":
        from paddle_course.readers.dogs import made_dogs  # which needs this module

        return made_dogs(root)
    from paddle_course.readers.download import fetch  # only now: the network's libraries take a while to import

    return fetch(name, root)


def advice(name: str, root: Path) -> str:
    """What to do about a data set that no address serves."""
    return f"{root / PLACES[name][0]} is missing: {BY_HAND[name]}"


def find(name: str, root: str | Path | None = None) -> Path | None:
    """Where a real data set lies already, under the data root or in Paddle's own cache; None if it is in neither."""
    try:
        place = _find(name, root := data_root(root))
    except OSError as error:
        raise UserError(
            f"{root} cannot be looked into ({error.strerror}): name another place with --data-root"
        ) from None
    with contextlib.suppress(OSError, RuntimeError):  # of a home that is closed, or none at all
        place = place or _find(name, Path.home() / ".cache" / "paddle" / "dataset")
    return place


def _find(name: str, root: Path) -> Path | None:
    """The first place under `root` where the data set is whole, as far as that can be seen without reading it."""
    return next((root / place for place in PLACES[name] if _whole(name, root / place)), None)


def _whole(name: str, place: Path) -> bool:
    if place.is_dir() and name in ("mnist", "fashion-mnist"):  # a broken-off download may have brought two of four
        return all(idx.find_idx(place, file) for files in idx.FILES.values() for file in files)
    if name == "fundus":
        return not missing(place)
    if name == "dogs":
        return labelled.whole(place)
    if name == "doodles":
        return place.is_dir() and quickdraw.whole(place)
    if place.is_dir() and name in UNPACKED:  # a half-unpacked folder must not hide the archive beside it
        pattern, count = UNPACKED[name]
        return len(list(place.glob(pattern))) >= count
    return place.exists()
