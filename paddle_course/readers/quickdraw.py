"""Quick, Draw!, as Kaggle (.csv) or Google (.ndjson) gives it out, -> Drawings.

    csv     a header; a row for each drawing: countrycode,drawing,key_id,recognized,timestamp,word
    ndjson  an object for each drawing, one a line, with the same names

`drawing` is JSON, a list of strokes: [[x ...], [y ...]] in whole numbers of 0..255, or [[x ...], [y ...], [t ...]] as
the pen went, t in milliseconds. A file holds one word and is called after it. Google, CC BY 4.0:
https://github.com/googlecreativelab/quickdraw-dataset
"""

from __future__ import annotations

import csv
import functools
import itertools
import json
import re
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import numpy as np

from paddle_course.readers import packed
from paddle_course.readers.strokes import Drawings, join, underscored
from paddle_course.runtime import UserError

LONGEST = 1 << 20  # characters of a drawing; the longest known simplified one has less than 10,000
WANTED = "words.txt"  # beside files that are being fetched: the words, one a line, without which they are not whole
GOOGLES = ("full_simplified_", "full_raw_")  # what its console puts before the name of a file
AGAIN = "delete the file and get it again"


class Row(NamedTuple):
    drawing: Any  # a list of strokes
    key: str
    word: str


class Pen:
    """Collects drawings stroke by stroke; `where` is told of what is wrong with one."""

    def __init__(self) -> None:
        self.x, self.y, self.t = array("B"), array("B"), array("f")
        self.lengths, self.counts, self.lists = array("Q"), array("Q"), 0

    def add(self, drawing: Any, where: str) -> None:
        if not isinstance(drawing, list) or not drawing:
            raise UserError(f"{where}: its drawing is no list of strokes; {AGAIN}")
        for stroke in drawing:
            self._add_stroke(stroke, where)
        self.counts.append(len(drawing))

    def _add_stroke(self, stroke: Any, where: str) -> None:
        lists = len(stroke) if isinstance(stroke, list) and all(isinstance(each, list) for each in stroke) else 0
        if not self.lists and lists in (2, 3):
            self.lists = lists
            if lists == 3:
                self.x, self.y = array("f"), array("f")
        if lists not in (2, 3) or len({len(each) for each in stroke}) > 1 or not stroke[0]:
            raise UserError(f"{where}: a stroke is not [[x ...], [y ...]] of equal lengths; {AGAIN}")
        if lists != self.lists:
            raise UserError(f"{where}: strokes with times and without are mixed; {AGAIN}")
        try:
            for column, values in zip((self.x, self.y, self.t), stroke, strict=False):
                column.extend(values)
        except (TypeError, OverflowError, ValueError):
            raise UserError(f"{where}: a point is not in whole numbers of 0 to 255; {AGAIN}") from None
        self.lengths.append(len(stroke[0]))

    def drawings(self, keys: Sequence[int], word: str, path: Path) -> Drawings:
        columns = [np.array(column) for column in (self.x, self.y)]
        times = np.array(self.t) if self.lists == 3 else None
        if not all(np.isfinite(column).all() for column in (*columns, np.array(self.t))):
            raise UserError(f"{path}: a point is no finite number; {AGAIN}")
        edges = [np.concatenate([[0], np.cumsum(np.array(each, np.int64))]) for each in (self.lengths, self.counts)]
        labels = np.zeros(len(keys), np.int64)
        return Drawings(np.stack(columns, 1), *edges, labels, np.array(keys, np.int64), (word,), str(path), times)


def read_drawings(path: str | Path, nrows: int | None = None, skiprows: int = 0) -> Drawings:
    """The drawings of one file, all with label 0, whose class is the file's name with underscores.

    Args:
        nrows: read no more than so many; None = all there are.
        skiprows: leave out so many at the beginning. The header of a .csv is never counted.

    Raises:
        UserError: names the file and the row that is cut off or damaged, or says that no row is left.
    """
    path = Path(path)
    word, pen, keys = word_of(path), Pen(), []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = _csv_rows(file, path) if path.suffix == ".csv" else _ndjson_rows(file, path)
            stop = None if nrows is None else skiprows + nrows
            for number, row in itertools.islice(enumerate(rows, start=1), skiprows, stop):
                where = f"{path}, drawing {number:,}"
                if row.word and underscored(row.word) != word:
                    raise UserError(f"{where} is of {row.word!r}: a file is called after its word; rename it")
                pen.add(row.drawing if isinstance(row.drawing, list) else _parsed(row.drawing, where), where)
                keys.append(_key(row.key, where))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error}); {AGAIN}") from None
    if not keys:
        raise UserError(f"{path} has no drawing{f' after the first {skiprows:,}' if skiprows else ''}; {AGAIN}")
    return pen.drawings(keys, word, path)


def word_of(path: Path) -> str:
    """The word a file is called after, with underscores."""
    name = path.stem
    for prefix in GOOGLES:
        name = name.removeprefix(prefix)
    return underscored(name)


def word_files(folder: str | Path) -> dict[str, Path]:
    """Word -> its file, of all .csv or else .ndjson in a folder, in the order of the words, which numbers them."""
    folder = Path(folder)
    found = _files(folder, ".csv") or _files(folder, ".ndjson")
    if not found:
        raise UserError(f"{folder} holds no <word>.csv and no <word>.ndjson; ./run.sh data doodles fetches some")
    files = {word_of(path): path for path in sorted(found, key=word_of)}
    if double := [path for path in found if path not in files.values()]:
        other = files[word_of(double[0])].name
        raise UserError(f"{folder} has both {double[0].name} and {other}, of the same word: take one of them away")
    return files


def _files(folder: Path, end: str) -> list[Path]:
    """Without what a Mac adds."""
    return sorted(path for path in folder.glob(f"*{end}") if not path.name.startswith("."))


def whole(folder: Path) -> bool:
    """Whether a folder holds words, and all of those that were to be fetched."""
    names, wanted = {path.stem for end in (".csv", ".ndjson") for path in _files(folder, end)}, folder / WANTED
    if not wanted.exists():
        return bool(names)
    return bool(names) and names >= set(wanted.read_text(encoding="utf-8", errors="replace").splitlines())


def read_words(folder: str | Path, nrows: int | None = None, skiprows: int = 0, words: Sequence[str] = ()) -> Drawings:
    """The `words` of a folder (none = all), `nrows` drawings of each after the first `skiprows`, word by word.

    What was read is kept beside the folder, in packed/, and taken from there as long as the files stay as they are.
    """
    files, folder, wanted = word_files(folder), Path(folder), {underscored(word) for word in words}
    if unknown := sorted(wanted - set(files)):
        some = ", ".join(list(files)[:3])
        raise UserError(f"{folder} has no word {unknown[0]!r} among its {len(files)} ({some}, ...)")
    files = {word: path for word, path in files.items() if not wanted or word in wanted}
    part = f"{len(files)}-{skiprows}-{'all' if nrows is None else nrows}"
    kept = packed.place(folder, files.values(), part)
    if (known := packed.load(kept)) is not None:
        return known
    parts = [read_drawings(path, nrows, skiprows) for path in files.values()]
    drawings = join(parts, f"Quick, Draw!, {len(files)} words")
    packed.save(kept, drawings)
    return drawings


def _csv_rows(file: TextIO, path: Path) -> Iterator[Row]:
    csv.field_size_limit(LONGEST)
    try:
        reader = csv.reader(file, strict=True)
        header = next(reader, [])
        if "drawing" not in header:
            raise UserError(f"{path} has no column 'drawing' but {', '.join(header)[:80] or 'nothing'}; {AGAIN}")
        places = {name: number for number, name in enumerate(header)}
        key, word = places.get("key_id"), places.get("word")
        for number, row in enumerate(reader, start=1):
            if len(row) != len(header):
                where = f"{path}, drawing {number:,}"
                raise UserError(f"{where} has {len(row)} columns instead of {len(header)}: it is cut off; {AGAIN}")
            text = row[places["drawing"]]
            yield Row(text, "" if key is None else row[key], "" if word is None else row[word])
    except csv.Error as error:
        raise UserError(f"{path} is damaged or cut off ({error}); {AGAIN}") from None


def _ndjson_rows(file: TextIO, path: Path) -> Iterator[Row]:
    lines = iter(functools.partial(file.readline, LONGEST), "")
    for number, line in enumerate(filter(str.strip, lines), start=1):
        found = _parsed(line, where := f"{path}, drawing {number:,}")
        if not isinstance(found, dict) or "drawing" not in found:
            raise UserError(f"{where} has no 'drawing'; {AGAIN}")
        yield Row(found["drawing"], str(found.get("key_id", "")), str(found.get("word", "")))


def _parsed(text: Any, where: str) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError):
        raise UserError(f"{where} is no JSON, or cut off; {AGAIN}") from None


def _key(text: str, where: str) -> int:
    if text and not re.fullmatch(r"[0-9]{1,18}", text):
        raise UserError(f"{where}: key_id {text[:30]!r} is no number; {AGAIN}")
    return int(text or 0)
