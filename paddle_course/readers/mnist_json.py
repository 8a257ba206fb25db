"""The course's mnist.json.gz <-> arrays: MNIST as one list of numbers, read a piece at a time.

    [[pictures, labels], [pictures, labels], [pictures, labels]]

A picture is a list of 784 numbers, a label an integer. The three parts are the course's modes "train", "valid" and
"eval", 50,000, 10,000 and 10,000 pictures; the first two are the 60,000 of the idx files in their order.

The file is in no public archive, and programs that use it disagree about its numbers. So the scale is read off them:
the first of `SCALES` under which they are the whole numbers 0..255 that MNIST's pixels are. `json.load` would make 55
million Python floats of the file, 32 bytes each with its place in a list; here there are never more than those of
`BLOCK` pictures.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

import numpy as np

from paddle_course.files import write_file
from paddle_course.readers.idx import DIGITS
from paddle_course.readers.images import Images, check_labels, one_of
from paddle_course.runtime import UserError

MODES = ("train", "valid", "eval")
HALVES = {"train": ("train", "valid"), "test": ("eval",)}  # what they are of the four idx files
SIDE = 28
# What the numbers are -> (a, b), which make a pixel of a number x: a x + b.
SCALES = {"0..1": (255, 0), "0..255/256": (256, 0), "-1..1": (127.5, 127.5), "0..255": (1, 0)}
WHOLE = 0.2  # how far from a whole number a pixel may be; three decimals of 0..1 are 0.13 off
MOST = 60_000  # pictures in one part
LONGEST = 32  # letters of one number with its comma; Python writes a double in up to 24
BLOCK = 100  # pictures parsed at once
PIECE = 1 << 18  # letters unpacked at once
BLANKS = re.compile(r"\s*")


def course_mnist(path: str | Path, *modes: str) -> Images:
    """The parts `modes` of the file as Images (N, 28, 28, 1), one after the other; UserError if anything is amiss."""
    for mode in modes:
        one_of("mode", mode, MODES)
    path = Path(path)
    try:
        with gzip.open(path) as file:
            parts = _parts(_Text(file), modes)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read ({error}); delete it and get it again") from None
    except (ValueError, OverflowError, RecursionError) as error:  # the last two of json and NumPy
        raise UserError(f"{path} is not the course's MNIST: {error}; delete it and get it again") from None
    images, labels = (np.concatenate([parts[mode][i] for mode in modes]) for i in range(2))
    check_labels(labels, len(DIGITS), path)
    return Images(images.reshape(-1, SIDE, SIDE, 1), labels, DIGITS, f"{path.name} {' + '.join(modes)}")


def write_course_mnist(path: str | Path, parts: Mapping[str, Images], scale: str = "0..1") -> None:
    """Write pictures of 28 x 28 as such a file, a part for each mode; the same pictures give the same bytes."""
    a, b = SCALES[scale]
    number = [repr((pixel - b) / a) for pixel in range(256)]
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as file:
        for i, mode in enumerate(MODES):
            file.write(b", [[" if i else b"[[[")
            for j, image in enumerate(parts[mode].images):
                row = ", ".join([number[pixel] for pixel in image.ravel().tolist()])
                file.write(f"{', ' if j else ''}[{row}]".encode())
            file.write(f"], {json.dumps(parts[mode].labels.tolist())}]".encode())
        file.write(b"]")
    write_file(Path(path), buffer.getvalue())


class _Text:
    """The unpacked text, of which only a piece is in memory. ValueError says where it is not what it should be."""

    def __init__(self, file: gzip.GzipFile):
        self.file, self.text, self.place = file, "", 0

    def take(self, marks: str) -> str:
        """The next letter, which must be one of `marks`; blanks before it go. At the end of the text it is empty."""
        self._skip()
        found = self.text[self.place : self.place + 1]
        if found not in marks or not found and marks:
            raise ValueError(f"{found!r} stands where {' or '.join(marks) or 'the end'} should" if found else "it ends")
        self.place += len(found)
        return found

    def numbers(self, most: int) -> str:
        """The next list, without its brackets, which may hold `most` numbers."""
        self.take("[")
        while (end := self.text.find("]", self.place)) < 0:
            if len(self.text) - self.place > most * LONGEST:
                raise ValueError(f"a list is longer than {most:,} numbers can be")
            if not self._more():
                raise ValueError("it ends within a list")
        found, self.place = self.text[self.place : end], end + 1
        return found

    def lists(self) -> Iterator[str]:
        """What `numbers` gives, for each picture of the list that comes next."""
        self.take("[")
        for _ in range(MOST):
            yield self.numbers(SIDE * SIDE)
            if self.take(",]") == "]":
                return
        raise ValueError(f"a part has more than {MOST:,} pictures")

    def _skip(self) -> None:
        while True:
            self.place = BLANKS.match(self.text, self.place).end()
            if self.place < len(self.text) or not self._more():
                return

    def _more(self) -> bool:
        piece = self.file.read(PIECE).decode("ascii")
        self.text, self.place = self.text[self.place :] + piece, 0
        return bool(piece)


def _parts(text: _Text, modes: tuple[str, ...]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Pixels uint8 (N, 784) and labels int64 (N,) of the parts asked for; all of the text is gone through."""
    found = {}
    text.take("[")
    for mode in MODES:
        text.take("[")
        pictures, count = text.lists(), 0
        if mode in modes:
            pixels = _pixels(pictures)
            count = len(pixels)
        for _ in pictures:  # a part that nobody asked for is counted and dropped
            count += 1
        text.take(",")
        labels = text.numbers(MOST)
        if mode in modes:
            found[mode] = pixels, _numbers(labels, count, f"the labels of {mode}", (int,)).astype(np.int64)
        text.take("]")
        text.take("]" if mode == MODES[-1] else ",")
    text.take("")
    return found


def _pixels(pictures: Iterator[str]) -> np.ndarray:
    done, scale = [], None
    while block := list(islice(pictures, BLOCK)):
        values = np.stack([_numbers(each, SIDE * SIDE, "a picture", (int, float)) for each in block])
        scale = scale or next((each for each in SCALES.values() if _fits(values, *each)), None)
        if not scale or not _fits(values, *scale):
            raise ValueError(f"its pixels, {values.min():g} to {values.max():g}, are in none of {', '.join(SCALES)}")
        done.append(np.rint(values * scale[0] + scale[1]).astype(np.uint8))
    return np.concatenate(done)


def _fits(values: np.ndarray, a: float, b: float) -> bool:
    pixels = values * a + b
    return bool((np.abs(pixels - np.clip(np.rint(pixels), 0, 255)) < WHOLE).all())  # not so with NaN


def _numbers(text: str, count: int, what: str, kinds: tuple[type, ...]) -> np.ndarray:
    """The numbers of a list as float64 (count,)."""
    values = json.loads(f"[{text}]")
    if len(values) != count:
        raise ValueError(f"{what} has {len(values):,} numbers instead of {count:,}")
    if not set(map(type, values)) <= set(kinds):  # bool is an int to isinstance, and None a NaN to NumPy
        raise ValueError(f"{what} holds something else than numbers")
    return np.array(values, np.float64)
