"""A data set's name -> its Images, Rows or Drawings, wherever the files are: the one entry for homework.

Looked at, in this order: the data root (`--data-root`, else PADDLE_COURSE_DATA, else data/), Paddle's own cache, the
network. Stand-ins are made once, under stand-ins/ in the data root, which is laid out like a data root itself.
"""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from paddle_course.readers import cifar, idx, quickdraw
from paddle_course.readers.housing import read_housing
from paddle_course.readers.images import Images, one_of
from paddle_course.readers.rows import Rows
from paddle_course.readers.stand_ins import MARKER, write_stand_in
from paddle_course.readers.strokes import Drawings
from paddle_course.runtime import ROOT, UserError

READERS: dict[str, Callable[[Path, str], Images]] = {
    "cifar10": cifar.cifar10,
    "cifar100": cifar.cifar100,
    "mnist": idx.mnist,
    "fashion-mnist": functools.partial(idx.mnist, classes=idx.FASHION),
}
TABLES: dict[str, Callable[[Path], Rows]] = {"housing": read_housing}
PLACES = {
    "cifar10": (
        "cifar-10-batches-py",
        "cifar-10-python.tar.gz",
        "cifar-10-batches-bin",
        "cifar/cifar-10-python.tar.gz",
    ),
    "cifar100": ("cifar-100-python", "cifar-100-python.tar.gz", "cifar-100-binary", "cifar/cifar-100-python.tar.gz"),
    "mnist": ("mnist",),
    "fashion-mnist": ("fashion-mnist",),
    "housing": ("housing.data", "uci_housing/housing.data"),
    "pets": ("pets",),
    "doodles": ("quickdraw/simplified", "quickdraw/train_simplified"),  # fetched from Google; unpacked from Kaggle
}
CONTEST = "test_simplified.csv"  # lies beside the folder of words
Data = TypeVar("Data", Images, Rows, Drawings)
UNPACKED = {"cifar10": ("*_batch*", 6), "cifar100": ("t*", 2)}  # files of pictures in an unpacked folder


def data_root(argument: str | Path | None = None) -> Path:
    """Where the data lies: the argument, else the variable PADDLE_COURSE_DATA, else data/ beside the code."""
    return Path(argument or os.environ.get("PADDLE_COURSE_DATA") or ROOT / "data").expanduser()


def load(name: str, split: str, root: str | Path | None = None, kind: str = "real") -> Images:
    """The "train" or "test" half of a data set. A real one that is nowhere is downloaded; a stand-in is `synthetic`."""
    one_of("data set", name, READERS)
    place = folder(name, root, kind)
    return _marked(READERS[name](place, split), place, kind)


def load_rows(name: str, root: str | Path | None = None, kind: str = "real") -> Rows:
    """A table, likewise; cutting it into train and test is the homework's affair."""
    one_of("table", name, TABLES)
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
            write_stand_in(name, root)
        return _find(name, root)
    if place := find(name, root):
        return place
    if name == "pets":
        raise UserError(f"{root / name} is missing: put photos of cats and dogs into it, or use --data stand-in")
    from paddle_course.readers.download import fetch  # only now: the network's libraries take a while to import

    return fetch(name, root)


def find(name: str, root: str | Path | None = None) -> Path | None:
    """Where a real data set lies already, under the data root or in Paddle's own cache; None if it is in neither."""
    return _find(name, data_root(root)) or _find(name, Path.home() / ".cache" / "paddle" / "dataset")


def _find(name: str, root: Path) -> Path | None:
    """The first place under `root` where the data set is whole, as far as that can be seen without reading it."""
    return next((root / place for place in PLACES[name] if _whole(name, root / place)), None)


def _whole(name: str, place: Path) -> bool:
    if name in ("mnist", "fashion-mnist"):  # four files, of which a broken-off download may have brought two
        return all(idx.find_idx(place, file) for files in idx.FILES.values() for file in files)
    if name == "doodles":
        return place.is_dir() and quickdraw.whole(place)
    if place.is_dir() and name in UNPACKED:  # a half-unpacked folder must not hide the archive beside it
        pattern, count = UNPACKED[name]
        return len(list(place.glob(pattern))) >= count
    return place.exists()
