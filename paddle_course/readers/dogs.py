"""Labelled pictures at hand -> the folder of homework 11: `./run.sh data dogs [--from DIR]`.

The course's own 42,214 pictures are not public. In their place come CIFAR-10's cats and dogs, enlarged from 32 x 32 and
fetched where they are missing, or the pictures of DIR, where a dog is what is called so: a name that begins with "dog",
or a folder of such a name, as in pets/ and in Kaggle's Dogs vs. Cats. What was made here has an origin.txt and may be
made again; what has none is the user's own and is never written to.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from paddle_course.files import alone_in, write_file
from paddle_course.readers.images import stratified_split
from paddle_course.readers.labelled import ORIGIN, SPLITS, whole, write_labelled
from paddle_course.readers.locate import load
from paddle_course.readers.pictures import SUFFIXES, read_picture
from paddle_course.readers.stand_ins import MARKER
from paddle_course.runtime import UserError

CAT, DOG = 3, 5  # in CIFAR-10


def make_dogs(root: Path, source: str = "") -> Path:
    """Write the folder dogs/ below `root`, from the folder `source` or, where none is named, from CIFAR-10."""
    folder = root / "dogs"
    with alone_in(folder):
        if whole(folder):
            raise UserError(f"{folder} is there already: delete it, or name another place with --data-root")
        _make(folder, source)
    return folder


def made_dogs(root: Path) -> Path:
    """The folder dogs/ below `root`, made of CIFAR-10 unless it is there, if only since another process made it."""
    folder = root / "dogs"
    with alone_in(folder):
        if not whole(folder):
            _make(folder)
    return folder


def _make(folder: Path, source: str = "") -> None:
    if any(folder.iterdir()) and not (folder / ORIGIN).exists():
        lacking = " and ".join(f"{split}.csv" for split in SPLITS if not (folder / f"{split}.csv").exists())
        raise UserError(f"{folder} lacks {lacking}, and its files were not made here: add it, or move them elsewhere")
    print(f"writing {folder}", file=sys.stderr)
    if source:
        _from_folder(Path(source), folder)
    else:
        _from_cifar(folder.parent, folder)


def _from_cifar(root: Path, folder: Path) -> None:
    for split in SPLITS:
        images = load("cifar10", split, root)
        images = images.take(np.isin(images.labels, (CAT, DOG)))
        if images.synthetic:
            write_file(folder / MARKER, f"made of {images.source}\n")
        grey = (cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in images.images)
        origin = f"{images.source.removesuffix(f' {split}')}, cats and dogs, enlarged"
        write_labelled(folder, split, grey, images.labels == DOG, origin)


def _from_folder(source: Path, folder: Path) -> None:
    if not source.is_dir():
        raise UserError(f"--from {source}: there is no such folder")
    paths = sorted(p for p in source.rglob("*") if p.suffix.lower() in SUFFIXES and not p.name.startswith("."))
    dog = [any(part.lower().startswith("dog") for part in path.relative_to(source).parts) for path in paths]
    labels = np.array(dog, np.int64)
    if len(paths) < 4 or len(set(dog)) < 2:
        raise UserError(
            f"--from {source}: {sum(dog)} dogs among {len(paths)} pictures; there must be two of each kind, dogs with "
            "names or in folders that begin with dog"
        )
    for split, rows in zip(SPLITS, stratified_split(labels, 0.8, seed=0), strict=True):
        pictures = (read_picture(paths[row], grey=True) for row in rows)
        write_labelled(folder, split, pictures, labels[rows], f"pictures of {source.resolve().name}")
