"""A finished run + what somebody drew, or a picture -> what its network takes that for, best first."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from paddle_course import batches, onednn, readers, training
from paddle_course.runtime import UserError
from paddle_course.training import card

GUESSES = 3
MOST_POINTS = 20_000  # of a drawing: more than a hand makes in twenty seconds
DIGITS = tuple("0123456789")
INK, BOX = 2.2, 20  # pixels: how thick MNIST's lines are about, and the box that its digits fill
FINER = 8  # digits are drawn so many times larger, and averaged
ALONE = threading.Lock()  # networks and pictures take all cores and much memory, so one after the other


class Guess(NamedTuple):
    word: str
    share: float  # the network's probability of it


@dataclass(frozen=True)
class Player:
    """The network of one run, built when it is first asked."""

    name: str
    directory: Path
    about: card.Card
    ended: float  # when: a run that was trained anew is another player

    @property
    def kind(self) -> str:
        """ "doodle" and "digit" are drawn, a "photo" is shown; "" where the page has nothing to show the network."""
        if self.about.drawn:
            return "doodle"
        if self.about.shape[0] == 1 and self.about.classes == DIGITS:
            return "digit"
        return "photo" if self.about.shape == (3, 32, 32) else ""

    @functools.cached_property
    def network(self) -> Any:
        net = card.network(training.Run(self.directory), self.about)
        print(f"{self.name}: {onednn.accelerate(net)}", file=sys.stderr)
        return net

    def described(self) -> dict[str, Any]:
        """What the page wants to know, as JSON."""
        about = self.about
        return {"name": self.name, "kind": self.kind, "classes": about.classes, "synthetic": about.synthetic}

    def of_strokes(self, strokes: Sequence[np.ndarray]) -> list[Guess]:
        """What a drawing is: strokes float32 (points, 2), in any unit, x to the right and y downwards."""
        side = self.about.shape[1]
        if self.kind == "photo":
            raise UserError(f"{self.name} looks at pictures: drop one")
        if self.kind == "digit":
            return self._guess(readers.Images(digit(strokes, side)[None], *self._unlabelled()))
        return self._guess(batches.Sketches(readers.simplify(drawing(strokes, self.about.classes)), side))

    def of_picture(self, raw: bytes) -> list[Guess]:
        """What a picture shows: the contents of a file, of which the largest square in the middle is looked at."""
        if self.kind != "photo":
            raise UserError(f"{self.name} looks at drawings: draw one")
        with ALONE:  # a small file may unfold to 400 MB
            picture = readers.decoded(raw)
        if picture is None:
            raise UserError("this file cannot be read as a picture; try .jpg or .png")
        square = readers.resize(readers.centre_crop(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)), self.about.shape[1])
        return self._guess(readers.Images(square[None], *self._unlabelled()))

    def _unlabelled(self) -> tuple[np.ndarray, tuple[str, ...], str]:
        return np.zeros(1, np.int64), self.about.classes, "the page"

    def _guess(self, data: readers.Images | batches.Sketches) -> list[Guess]:
        one = batches.Batches(data, 1, mean=self.about.mean, std=self.about.std, shuffle=False)
        with ALONE:
            logits, _ = training.predict(self.network, one)
        (shares,), (best,) = training.metrics.softmax(logits), training.metrics.guesses(logits, GUESSES)
        return [Guess(self.about.classes[each], float(shares[each])) for each in best]


def players(directory: Path) -> dict[str, Player]:
    """The runs in and below `directory` that are finished and that the page can show something, the newest first.

    A run that cannot be read is left out, and stderr told so.
    """
    found = []
    for path in directory.rglob(card.FILE):
        place = path.parent
        # A name is a part of an address, where "." would get lost.
        name = place.resolve().name if place == directory else place.relative_to(directory).as_posix()
        try:
            ended = (place / "result.json").stat().st_mtime
            found.append(Player(name, place, card.read(place), ended))
        except FileNotFoundError:  # not finished, or deleted this moment
            continue
        except (UserError, OSError) as error:
            _warn(f"{name} is left out: {error}")
    found.sort(key=lambda each: -each.ended)
    return {each.name: each for each in found if each.kind}


@functools.cache
def _warn(line: str) -> None:
    """Say it once, however often the page asks for the list."""
    print(f"warning: {line}", file=sys.stderr)


def strokes_of(given: Any) -> list[np.ndarray]:
    """Strokes as Google's files have them, [[[x, ...], [y, ...]], ...], as float32 (points, 2) each."""
    try:
        strokes = [np.array(stroke, np.float32).T for stroke in given]
    except (TypeError, ValueError, OverflowError):
        strokes = []
    if not strokes or any(each.ndim != 2 or each.shape[1] != 2 or not np.isfinite(each).all() for each in strokes):
        raise UserError("a drawing is a list of strokes, and a stroke two lists of numbers of the same length: x and y")
    if not 0 < sum(map(len, strokes)) <= MOST_POINTS or not all(map(len, strokes)):
        raise UserError(f"a drawing has 1 to {MOST_POINTS:,} points, and every stroke one at least")
    return strokes


def drawing(strokes: Sequence[np.ndarray], classes: tuple[str, ...]) -> readers.Drawings:
    """One drawing, of which nobody knows the word."""
    ends = np.concatenate([[0], np.cumsum([len(each) for each in strokes])])
    nobody = np.zeros(1, np.int64)
    starts = np.array([0, len(strokes)])
    return readers.Drawings(np.concatenate(strokes), ends, starts, nobody, nobody, classes, "the page")


def digit(strokes: Sequence[np.ndarray], side: int) -> np.ndarray:
    """A digit as MNIST has them, uint8 (side, side, 1): in a box of 20 of 28 pixels, its mass in the middle."""
    pixel = side / 28 * FINER
    points = np.concatenate(strokes)
    low, high = points.min(0), points.max(0)
    scale = (BOX - INK) * pixel / max(float((high - low).max()), 1e-6)
    page = np.zeros((side * FINER, side * FINER), np.uint8)
    for stroke in strokes:
        way = np.rint((stroke - (low + high) / 2) * scale + side * FINER / 2).astype(np.int32)
        way = np.append(way, way[-1:], axis=0)  # of one point alone OpenCV draws nothing
        cv2.polylines(page, [way], False, 255, max(1, round(INK * pixel)), cv2.LINE_AA)
    mass = cv2.moments(page)
    centre = np.array([mass["m10"], mass["m01"]]) / mass["m00"]
    shift = (side * FINER - 1) / 2 - centre
    page = cv2.warpAffine(page, np.float32([[1, 0, shift[0]], [0, 1, shift[1]]]), page.shape)
    return readers.resize(page[..., None], side)
