"""Points, strokes and labels -> `Drawings`: what people drew with a pen, in a few flat arrays, and choices of it.

A simplified drawing has 46 points in 5.6 strokes on the average, and so takes some 160 bytes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from paddle_course.readers.images import check_labels
from paddle_course.runtime import UserError

EPSILON = 2.0  # how far a simplified stroke may be from the pen's way, in units of the box of 0..255
BOX = 255


@dataclass(frozen=True, eq=False)
class Drawings:
    """A labelled set of drawings. UserError, naming `source`, where the arrays do not fit together.

    Drawing i consists of the strokes `starts[i]` to before `starts[i + 1]`, stroke j of the points `strokes[j]` to
    before `strokes[j + 1]`.
    """

    points: np.ndarray  # (P, 2), x to the right and y downwards: uint8 in a box of 0..255, or float32 as the pen went
    strokes: np.ndarray  # int64 (S + 1,)
    starts: np.ndarray  # int64 (N + 1,)
    labels: np.ndarray  # int64 (N,), each below len(classes)
    keys: np.ndarray  # int64 (N,), the publisher's key_id; 0 where a file has none
    classes: tuple[str, ...]
    source: str  # for people: "Quick, Draw!, 340 words"
    times: np.ndarray | None = None  # float32 (P,), milliseconds since the first point; only of raw drawings
    synthetic: bool = False

    def __post_init__(self) -> None:
        ends = (self.strokes[0], self.strokes[-1], self.starts[0], self.starts[-1])
        whole = ends == (0, len(self.points), 0, len(self.strokes) - 1) and self.points.ndim == 2
        if not whole or (np.diff(self.strokes) < 1).any() or (np.diff(self.starts) < 1).any():
            raise UserError(f"{self.source}: points, strokes and drawings do not fit together; read the files again")
        if not len(self.starts) - 1 == len(self.labels) == len(self.keys):
            raise UserError(f"{self.source}: {len(self.starts) - 1:,} drawings but {len(self.labels):,} labels")
        check_labels(self.labels, len(self.classes), self.source)

    def __len__(self) -> int:
        return len(self.labels)

    def drawing(self, i: int) -> list[np.ndarray]:
        """The strokes of drawing i, each (points, 2)."""
        edges = self.strokes[self.starts[i] : self.starts[i + 1] + 1]
        return [self.points[a:b] for a, b in pairwise(edges)]

    def outline(self, i: int) -> tuple[bytes, bytes]:
        """What only an equal drawing has: its points, and where its strokes end."""
        edges = self.strokes[self.starts[i] : self.starts[i + 1] + 1]
        return self.points[edges[0] : edges[-1]].tobytes(), (edges - edges[0]).tobytes()

    def take(self, indices: np.ndarray | slice) -> Drawings:
        """These drawings only, in this order: positions int64 (M,), a boolean mask (N,) or a slice."""
        chosen = np.arange(len(self))[indices]
        strokes, starts = runs(self.starts, chosen)
        points, edges = runs(self.strokes, strokes)
        return dataclasses.replace(
            self,
            points=self.points[points],
            strokes=edges,
            starts=starts,
            labels=self.labels[chosen],
            keys=self.keys[chosen],
            times=None if self.times is None else self.times[points],
        )


def underscored(word: str) -> str:
    """A word as classes and Kaggle's submissions have it: "power outlet" -> "power_outlet"."""
    return word.strip().replace(" ", "_")


def word_index(classes: Sequence[str]) -> dict[str, int]:
    """Word -> number; the way back is `classes[number]`."""
    return {word: number for number, word in enumerate(classes)}


def runs(edges: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The members of the chosen groups, one group behind the other, and where each group now begins (and the end).

    Group i has the members `edges[i]` to before `edges[i + 1]`.
    """
    counts = edges[chosen + 1] - edges[chosen]
    ends = np.concatenate([[0], np.cumsum(counts)])
    return np.arange(ends[-1]) + np.repeat(edges[chosen] - ends[:-1], counts), ends


def join(parts: Sequence[Drawings], source: str) -> Drawings:
    """One data set of several, each with its own words, in the order given."""
    classes = tuple(word for part in parts for word in part.classes)
    if len(set(classes)) < len(classes):
        twice = next(word for word in classes if classes.count(word) > 1)
        raise UserError(f"{source}: the word {twice!r} is there twice; take one of its files away")
    if len({part.points.dtype for part in parts}) > 1:
        raise UserError(f"{source}: some of its files hold raw drawings, others simplified ones; use one kind")

    def ends(name: str) -> np.ndarray:
        edges, shift = [np.zeros(1, np.int64)], 0
        for part in parts:
            edges.append(getattr(part, name)[1:] + shift)
            shift += getattr(part, name)[-1]
        return np.concatenate(edges)

    firsts = np.cumsum([0, *(len(part.classes) for part in parts[:-1])])
    raw = parts[0].times is not None
    return Drawings(
        points=np.concatenate([part.points for part in parts]),
        strokes=ends("strokes"),
        starts=ends("starts"),
        labels=np.concatenate([part.labels + first for part, first in zip(parts, firsts, strict=True)]),
        keys=np.concatenate([part.keys for part in parts]),
        classes=classes,
        source=source,
        times=np.concatenate([part.times for part in parts]) if raw else None,
    )


def hold_out(drawings: Drawings, held: int, most: int, even: bool = True, seed: int = 0) -> tuple[Drawings, Drawings]:
    """(to learn from, to judge by): of each word `held` drawings, but no more than a fifth, are held out.

    Of the others at most `most` are learnt from; `even` takes no more of any word than of the middle one, by number.
    Both are drawn by the seed from all there are, for files may be sorted: by country, say, and then the first ones are
    no sample of the others. What is drawn stroke by stroke like one that is held out is not learnt from.
    """
    counts = np.bincount(drawings.labels, minlength=len(drawings.classes))
    if counts.min() < 2:
        word = drawings.classes[int(counts.argmin())]
        raise UserError(f"{drawings.source}: {counts.min()} drawings of {word!r} are too few to hold one out")
    judged = np.clip(counts // 5, 1, held)
    learnt = np.minimum(counts - judged, most)
    if even:
        judged, learnt = (np.minimum(each, int(np.median(each))) for each in (judged, learnt))
    drawn = np.random.default_rng(seed).permutation(len(drawings))
    order = drawn[np.argsort(drawings.labels[drawn], kind="stable")]
    place = np.empty(len(drawings), np.int64)  # of each drawing among those of its word
    place[order] = np.arange(len(drawings)) - np.repeat(np.cumsum(counts) - counts, counts)
    judge = place < judged[drawings.labels]
    learn = ~judge & (place < (judged + learnt)[drawings.labels])
    learner, judges = drawings.take(learn), drawings.take(judge)
    asked = {judges.outline(i) for i in range(len(judges))}
    return learner.take(np.array([learner.outline(i) not in asked for i in range(len(learner))])), judges


def simplify(drawings: Drawings) -> Drawings:
    """Raw drawings as Google simplifies its own: moved to the corner, scaled to 0..255, points left out where straight.

    The way a stroke goes is kept to 2 units (Ramer 1972; Douglas and Peucker 1973).
    https://github.com/googlecreativelab/quickdraw-dataset#simplified-drawing-files-ndjson
    """
    kept, lengths = [], []
    for i in range(len(drawings)):
        strokes = drawings.drawing(i)
        both = np.concatenate(strokes)
        low = both.min(0)
        scale = BOX / max(float((both.max(0) - low).max()), 1e-6)
        for stroke in strokes:
            way = ((stroke - low) * scale).astype(np.float32)
            kept.append(cv2.approxPolyDP(way[:, None], EPSILON, closed=False)[:, 0])
            lengths.append(len(kept[-1]))
    points = np.rint(np.concatenate(kept)).clip(0, BOX).astype(np.uint8)
    edges = np.concatenate([[0], np.cumsum(lengths)])
    return dataclasses.replace(drawings, points=points, strokes=edges, times=None)
