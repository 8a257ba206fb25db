"""Strokes of Quick, Draw! -> pictures drawn per second, ours and one drawing at a time.

    python -m benchmarks.drawing

ours     batches.Batches of batches.Sketches, as homework 10 takes its batches: drawn when they are due
opencv   the usual way at Kaggle: a page of 256 x 256 for each drawing, a line for each piece of a stroke, then shrunk
pil      the same with Pillow

All give shuffled batches: float32 (128, 1, side, side) and int64 (128,). Where there are no drawings in the data
folder, stand-ins take their place, which have fewer points.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw

from benchmarks import flags, rounds
from benchmarks.rounds import Job, Measured, Numbers, short
from paddle_course import answers, batches, readers, runtime
from paddle_course.runtime import UserError

BATCH, PER_WORD = 128, 20
PAGE, THICK = 256, 6  # of the plain way: its lines are 1.5 pixels wide at 64 x 64
SIDES, GOAL = (28, 64), 5000
WARM_UP = 4  # batches that are not counted: what is made in advance is used up

Batch = tuple[np.ndarray, np.ndarray]


def ours(drawings: readers.Drawings, side: int) -> Iterator[Batch]:
    """Epoch after epoch of our batches."""
    data = batches.Batches(batches.Sketches(drawings, side), BATCH, drop_last=True)
    for epoch in itertools.count():
        yield from data.epoch(epoch)


def one_by_one(
    draw: Callable[[Sequence[np.ndarray], int], np.ndarray], drawings: readers.Drawings, side: int
) -> Iterator[Batch]:
    """Batches for which `draw` makes a picture (side, side), 0..255, of each drawing's strokes."""
    strokes, rng = [drawings.drawing(i) for i in range(len(drawings))], np.random.default_rng(0)
    while True:
        order = rng.permutation(len(strokes))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            index = order[start : start + BATCH]
            pages = np.stack([draw(strokes[i], side) for i in index])
            yield pages[:, None].astype(np.float32) / 127.5 - 1, drawings.labels[index]


def with_opencv(strokes: Sequence[np.ndarray], side: int) -> np.ndarray:
    page = np.zeros((PAGE, PAGE), np.uint8)
    for stroke in strokes:
        for (x0, y0), (x1, y1) in itertools.pairwise(stroke.tolist()):
            cv2.line(page, (x0, y0), (x1, y1), 255, THICK)
    return cv2.resize(page, (side, side), interpolation=cv2.INTER_AREA)


def with_pil(strokes: Sequence[np.ndarray], side: int) -> np.ndarray:
    page = Image.new("L", (PAGE, PAGE))
    pen = ImageDraw.Draw(page)
    for stroke in strokes:
        pen.line(stroke.ravel().tolist(), fill=255, width=THICK)
    return np.asarray(page.resize((side, side), Image.Resampling.BOX))


SOURCES = {
    "ours": ours,
    "opencv": lambda *words: one_by_one(with_opencv, *words),
    "pil": lambda *words: one_by_one(with_pil, *words),
}


def speed(source: Iterable[Batch], seconds: float) -> dict[str, Any]:
    """Pictures per second, and what the last batch is, so that nobody compares different things."""
    count, start = 0, 0.0
    for images, labels in source:  # noqa: B007 - the last one is looked at
        count += 1
        if count == WARM_UP:
            start = time.perf_counter()
        elif count > WARM_UP and (taken := time.perf_counter() - start) >= seconds:
            break
    what = f"{images.dtype} {list(images.shape)} and {labels.dtype} {list(labels.shape)}"
    return {"rate": (count - WARM_UP) * BATCH / taken, "light": float((images.mean() + 1) / 2), "what": what}


def measure(name: str, side: int, root: str | None, kind: str, seconds: float) -> dict[str, Any]:
    """One measurement, in this process."""
    drawings = readers.load_drawings(root, kind, nrows=PER_WORD)
    return speed(SOURCES[name](drawings, side), seconds)


Name = tuple[str, str]  # ("ours", "64 x 64")


def jobs(root: str | None, kind: str, seconds: float) -> dict[Name, Job]:
    """What to measure."""
    made = {}
    for side, name in itertools.product(SIDES, SOURCES):
        arguments = {"name": name, "side": side, "root": root, "kind": kind, "seconds": seconds}
        made[name, f"{side} x {side}"] = Job("drawing", "measure", arguments)
    return made


def say(name: Name, measured: Measured) -> str:
    return f"{short(measured['rate'])} pictures/s"


def numbers(found: Mapping[Name, Sequence[Measured]]) -> dict[str, tuple[str, Numbers]]:
    """What is reported: its measure, and what the rounds brought.

    Raises:
        UserError: the sides did not give the same kind of batches.
    """
    made = {}
    for size in dict.fromkeys(size for _, size in found):
        mine = {name: found[name, size] for name in SOURCES}
        kinds = {each["what"]: name for name in reversed(SOURCES) for each in mine[name]}
        if len(kinds) > 1:
            told = ", ".join(f"{name} gives {what}" for what, name in kinds.items())
            raise UserError(f"{told}: that is not the same work")
        rates = {name: Numbers.of(each, itemgetter("rate")) for name, each in mine.items()}
        made |= {f"drawing, {size}, {name}": ("pictures/s", each) for name, each in rates.items()}
        for name in list(SOURCES)[1:]:
            made[f"drawing, {size}, ours / {name}"] = "ratio", rates["ours"].over(rates[name])
    return made


def table(made: Mapping[str, tuple[str, Numbers]], data: str) -> answers.Table:
    """The medians, with the goal that this project has set itself."""
    rows = []
    for name, (metric, each) in made.items():
        goal = f"> {GOAL:,}" if name.endswith(" ours") else None
        rows.append((name, metric, short(each.median), short(each.sd), len(each.values), goal))
    return answers.Table(
        f"{data}, batches of {BATCH}", ("what", "measure", "median", "sd", "rounds", "goal"), tuple(rows)
    )


def benchmark(argv: Sequence[str]) -> None:
    parser = flags.parser("drawing", __doc__, rounds=5)
    parser.add_argument(
        "--seconds", type=flags.at_least(float, 0.1), default=4.0, help="of each, at least (default: 4)"
    )
    wanted = parser.parse_args(argv)
    print(runtime.start(), file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        place = (None, "real") if readers.find("doodles") else (folder, "stand-in")
        drawings = readers.load_drawings(*place, nrows=PER_WORD)  # and packed, for all that follow
        data = f"{drawings.source}, {len(drawings):,} drawings of {len(drawings.points) / len(drawings):.0f} points"
        found = rounds.run(jobs(*place, wanted.seconds), wanted.rounds, say)
    made = numbers(found)
    rounds.show([table(made, data)])
    if wanted.publish:
        results = [each.results(name, metric, data) for name, (metric, each) in made.items()]
        rounds.publish("drawing", argv, itertools.chain(*results))
    rounds.complete(found.values(), wanted.rounds)


def main(argv: Sequence[str] | None = None) -> int:
    return flags.run(benchmark, argv)


if __name__ == "__main__":
    sys.exit(main())
