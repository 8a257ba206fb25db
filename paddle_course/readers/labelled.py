"""train.csv and test.csv beside a folder of pictures -> Images (N, 227, 227, 1), grey; and pictures -> such a folder.

The layout of homework 4 in Tsinghua's course for young people (清华青年 AI 自强计划): a line of headings, then a line
for each picture, with 1.0 where it shows a dog and 0.0 where it does not. Names begin at the folder of the file, or at
the one above it:

    imgName,label
    /dataSet/train_000001.jpg,0.0

origin.txt, which the course's own folder lacks, says where the pictures come from; it is written first.
"""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from paddle_course.files import write_file
from paddle_course.readers.images import Images, one_of, proportional
from paddle_course.readers.pictures import read_picture, resize
from paddle_course.readers.sheets import read_sheet
from paddle_course.runtime import UserError

SIDE = 227
MOST = 40_000  # pictures in memory: 2.1 GB; the course has 37,214 to learn from
HEAD, CLASSES, SPLITS = ("imgName", "label"), ("no dog", "dog"), ("train", "test")
ORIGIN = "origin.txt"


def read_labelled(place: str | Path, split: str, count: int = MOST, seed: int = 0) -> Images:
    """`count` pictures of the "train" or "test" half, in which each class has its share; at most MOST, or all.

    A picture of another size is resized, whatever its shape. A function of the seed chooses, and a larger choice
    contains the smaller ones.
    """
    one_of("split", split, SPLITS)
    folder = Path(place)
    names, labels = _listed(folder / f"{split}.csv")
    if not 0 < count <= MOST:
        raise UserError(f"{count:,} pictures of {SIDE} x {SIDE} asked for; ask for 1 to {MOST:,}")
    rows = proportional(labels, count, seed)
    images = np.empty((len(rows), SIDE, SIDE, 1), np.uint8)
    for i, row in enumerate(rows):
        picture = read_picture(_found(folder, names[row]), grey=True)
        images[i] = picture if picture.shape == images.shape[1:] else resize(picture, SIDE)
    return Images(images, labels[rows], CLASSES, f"{origin(folder)}, {split}")


def origin(folder: Path) -> str:
    """Where the pictures come from, in a few words."""
    path = folder / ORIGIN
    return (
        path.read_text(encoding="utf-8", errors="replace").strip() if path.is_file() else f"pictures in {folder.name}"
    )


def whole(folder: Path) -> bool:
    """Whether both tables are there, which are written last."""
    return all((folder / f"{split}.csv").is_file() for split in SPLITS)


def _listed(path: Path) -> tuple[list[str], np.ndarray]:
    """The names in a .csv and their labels, int64 (N,)."""
    head, *lines = read_sheet(path) or [()]
    if tuple(head) != HEAD or not lines:
        raise UserError(f"{path} must begin with the line {','.join(HEAD)} and then name at least one picture")
    labels = []
    for number, (name, label) in enumerate(lines, start=2):
        if label not in ("0.0", "1.0", "0", "1"):
            raise UserError(f"{path}, row {number}: the label of {name} is {label!r}, neither 0.0 nor 1.0; correct it")
        labels.append(int(label[0]))
    return [name for name, _ in lines], np.array(labels, np.int64)


def _found(folder: Path, name: str) -> Path:
    parts = PurePosixPath(name.lstrip("/"))
    if ".." in parts.parts:
        raise UserError(f"{name!r} leads out of {folder}; name pictures within it")
    path = folder / parts
    with contextlib.suppress(OSError):  # a name too long for a file; reading it tells so
        if path.is_file():
            return path
    return folder.parent / parts


def write_labelled(
    folder: Path, split: str, pictures: Iterable[np.ndarray], labels: Iterable[int], origin: str
) -> None:
    """Write uint8 (H, W) or (H, W, 1) pictures of any size as one half of such a folder, its .csv last."""
    write_file(folder / ORIGIN, origin + "\n")
    lines = io.StringIO()
    table = csv.writer(lines, lineterminator="\n")
    table.writerow(HEAD)
    for number, (picture, label) in enumerate(zip(pictures, labels, strict=True), start=1):
        name = f"/dataSet/{split}_{number:06}.jpg"
        _, code = cv2.imencode(".jpg", resize(picture, SIDE))
        path = folder / name[1:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(code.tobytes())  # not flushed one by one: none counts before the .csv is there
        table.writerow((name, float(label)))
    write_file(folder / f"{split}.csv", lines.getvalue())
