"""Files of drawings -> what there is to see of them: words and numbers, parts of a file, pictures at any size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from paddle_course import batches, readers
from paddle_course.answers.figures import pictures
from paddle_course.answers.homework import Lab
from paddle_course.answers.pieces import Figure, Table
from paddle_course.answers.source import timed

GRID, TIMED = 24, 2000  # pictures with labels; drawings whose drawing is timed
WATCHED, LEAST = 5, 1000  # test drawings of each word that are looked at after every epoch; of all, if that is more
SIDES = (28, 64, 128)
FAR = 12_000  # of each word so many drawings are looked at to choose some: the first of a file may be of a kind
PART = 2  # drawings that a part of a file is shown with


class Halves(NamedTuple):
    """Drawings to learn from and to test on; `watched` is so much of the latter that a look at it takes no time."""

    learn: batches.Sketches
    test: batches.Sketches
    watched: batches.Sketches

    @property
    def words(self) -> int:
        return len(self.learn.classes)


@lru_cache(maxsize=2)
def halves(lab: Lab, side: int, most: int, held: int, words: tuple[str, ...] = ()) -> Halves:
    """At most `most` drawings of each of these words (none = all) to learn from and `held` to test on, a fifth at most.

    They become pictures when a batch is due; the same call gives the same objects.
    """
    parts = readers.hold_out(lab.drawings(max(most + held, 5 * held, FAR), words), held, most)
    learn, test = (batches.Sketches(part, side) for part in parts)
    some = readers.proportional(test.labels, max(WATCHED * len(test.classes), LEAST), lab.config.seed)
    return Halves(learn, test, test.take(some))


@dataclass(frozen=True)
class Doodles:
    """How drawings were read and drawn.

    Attributes:
        both_ways: every word has a number, and every number leads back to its word.
        parts_agree: what `skiprows` leaves out is what `nrows` took, and the header is neither.
        rates: pictures drawn a second, by their side.
    """

    both_ways: bool
    parts_agree: bool
    rates: dict[int, float]
    points: float  # of a drawing, in the mean; and its strokes
    strokes: float
    pieces: Sequence[Table | Figure]


def doodles(lab: Lab, drawings: readers.Drawings) -> Doodles:
    """Show `drawings`; parts are read of the largest of the data's files."""
    place = readers.folder("doodles", readers.data_root(lab.config.data_root), lab.config.data)
    file = max(readers.word_files(place).values(), key=lambda path: path.stat().st_size)
    index = readers.word_index(drawings.classes)
    both_ways = all(drawings.classes[number] == word for word, number in index.items())
    ends = [*list(index.items())[:3], *list(index.items())[-3:]]
    words = Table("Words and their numbers, the first and the last", ("word", "number"), tuple(dict.fromkeys(ends)))
    whole, first, second = (
        readers.read_drawings(file, nrows, skip) for nrows, skip in ((2 * PART, 0), (PART, 0), (PART, PART))
    )
    agree = np.array_equal(whole.keys, np.concatenate([first.keys, second.keys]))
    rows = [
        (f"nrows={nrows}, skiprows={skip}", ", ".join(map(str, part.keys)))
        for part, nrows, skip in ((whole, 2 * PART, 0), (first, PART, 0), (second, PART, PART))
    ]
    parts = Table(f"Parts of {file.name}", ("read", "key_id of the drawings"), tuple(rows))
    chosen = np.random.default_rng(lab.config.seed).permutation(len(drawings))[:GRID]
    some = batches.Sketches(drawings.take(chosen), SIDES[1])
    named = [some.classes[label] for label in some.labels]
    grid = pictures("drawings", f"{len(named)} drawings and their words", some[:], named, columns=6)
    rates = {side: drawn_per_second(drawings, side) for side in SIDES}
    lines = tuple((f"{side} × {side}", round(rate)) for side, rate in rates.items())
    speed = Table("From strokes to pictures, in one process", ("size", "pictures/s"), lines)
    means = (len(each) / len(drawings) for each in (drawings.points, drawings.strokes[1:]))
    return Doodles(both_ways, agree, rates, *means, [words, parts, grid, sizes(drawings), speed])


def drawn_per_second(drawings: readers.Drawings, side: int) -> float:
    """Pictures that are drawn a second, the best of three times, for others compute here too."""
    some = drawings.take(slice(TIMED))
    return len(some) / timed(lambda: [batches.draw(some, side)], 3)[1]


def sizes(drawings: readers.Drawings) -> Figure:
    """The drawing with the most strokes at all SIDES, and with the order of its strokes as colour."""
    one = drawings.take(np.diff(drawings.starts).argmax(keepdims=True))
    word, side = one.classes[one.labels[0]], SIDES[-1]
    grey = [batches.draw(one, each)[0] for each in SIDES]
    colour = batches.draw(one, side, colour=True)[0]
    titles = [*(f"{each} × {each}" for each in SIDES), "order as colour"]
    # Enlarged to one size without smoothing, so that the pixels are seen.
    large = [
        np.kron(page[..., 0], np.ones((side // s + 1,) * 2, np.uint8)) for page, s in zip(grey, SIDES, strict=True)
    ]
    caption = f"One drawing of {word}, {len(one.strokes) - 1} strokes, at three sizes; red came first, blue last"
    return pictures("sizes", caption, [*large, colour], titles, columns=4, pixels=2 * side)
