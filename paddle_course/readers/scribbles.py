"""A generator -> drawings for twelve words of Quick, Draw!, in Kaggle's files: the stand-in called doodles."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from paddle_course.files import write_file

HEADER = ("countrycode", "drawing", "key_id", "recognized", "timestamp", "word")
CONTEST = ("key_id", "countrycode", "drawing")
WORDS = (
    *("car", "power outlet", "sun", "backpack", "shoe"),
    *("The Eiffel Tower", "circle", "hexagon", "ladder", "square", "star", "t-shirt"),
)


Half = tuple[int, np.random.Generator]  # drawings of each word, and what draws them


def write_doodles(folder: Path, train: Half, contest: Half) -> Path:
    """train_simplified/<word>.csv and test_simplified.csv below `folder`; returns the former's folder."""
    count, rng = train
    for number, word in enumerate(WORDS):
        keys = range(5 * 10**15 + 1000 * number, 5 * 10**15 + 1000 * number + count)
        rows = [("CN", as_json(scribble(number, rng)), key, True, "2017-03-01 12:00:00", word) for key in keys]
        write_csv(folder / "train_simplified" / f"{word}.csv", HEADER, rows)
    count, rng = contest
    numbers = rng.permutation(np.repeat(np.arange(len(WORDS)), count)).tolist()
    rows = [(9 * 10**15 + i, "CN", as_json(scribble(number, rng))) for i, number in enumerate(numbers)]
    write_csv(folder / "test_simplified.csv", CONTEST, rows)
    return folder / "train_simplified"


def as_json(strokes: Sequence[np.ndarray]) -> str:
    """[[[x ...], [y ...]], ...]"""
    return json.dumps([stroke.T.tolist() for stroke in strokes])


def write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence]) -> None:
    """The same rows give the same bytes."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    write_file(path, text.getvalue())


def scribble(number: int, rng: np.random.Generator) -> list[np.ndarray]:
    """uint8 (points, 2) for each stroke: word i is a shape with 3 + i % 4 corners and 1 + i // 4 strokes more."""
    corners, more = 3 + number % 4, 1 + number // 4
    strokes = [polygon(corners, rng)]
    for i in range(more):
        turn = 2 * np.pi * i / more + rng.normal(0, 0.1)
        strokes.append(np.outer([0.3, 0.9], [np.cos(turn), np.sin(turn)]) + rng.normal(0, 0.03, (2, 2)))
    turn, squeeze = rng.normal(0, 0.1), rng.uniform(0.8, 1.2)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * [squeeze, 1]
    strokes = [stroke @ matrix.T for stroke in strokes]
    both = np.concatenate(strokes)
    low, span = both.min(0), (both.max(0) - both.min(0)).max()
    strokes = [((stroke - low) * 255 / span).astype(np.float32) for stroke in strokes]
    return [np.rint(cv2.approxPolyDP(each[:, None], 2, False)[:, 0]).astype(np.uint8) for each in strokes]


def polygon(corners: int, rng: np.random.Generator) -> np.ndarray:
    """A closed line around 0 by a shaky hand: (points, 2), about 1 from the middle."""
    angles = 2 * np.pi * np.arange(corners + 1) / corners + rng.normal(0, 0.05)
    ends = np.stack([np.cos(angles), np.sin(angles)], 1) + rng.normal(0, 0.05, (corners + 1, 2))
    along = np.linspace(0, corners, 8 * corners + 1)
    line = np.stack([np.interp(along, np.arange(corners + 1), each) for each in ends.T], 1)
    return line + rng.normal(0, 0.01, line.shape)
