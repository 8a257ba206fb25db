"""What several runs of one recipe say of the same pictures -> the misread ones, and which of them all runs misread."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from paddle_course import readers, training
from paddle_course.answers.figures import pictures
from paddle_course.answers.pieces import Figure, Table

SHOWN = 48


@dataclass(frozen=True)
class Mistakes:
    """How many pictures each run misreads, any of them, and all of them."""

    wrong: list[int]
    by_any: int
    by_all: int
    by_chance: float  # what `by_all` would be if each run's mistakes fell anywhere
    doubted: int  # pictures whose label is doubted
    doubted_by_any: int
    doubted_by_all: int
    own: float  # mistakes of a run whose label nobody doubts, in the mean
    pieces: Sequence[Table | Figure]


def mistakes(logits: Sequence[np.ndarray], data: readers.Images, doubted: Collection[int] = ()) -> Mistakes:
    """Study the mistakes of runs with `logits`, (N, K) each, on `data`; `doubted` are positions of doubtful labels."""
    chances = np.stack([training.metrics.softmax(each) for each in logits])  # (R, N, K)
    wrong = chances.argmax(2) != data.labels  # (R, N)
    runs, times = len(wrong), wrong.sum(0)
    suspect = np.isin(np.arange(len(data)), list(doubted))
    # With shares e of mistakes that fall independently: the product of (1 - e) + e x holds the chances of 0, 1, ... R.
    expected = len(data) * reduce(np.convolve, [(1 - e, e) for e in wrong.mean(1)])
    rows = [
        (k, int((times == k).sum()), float(f"{expected[k]:.3g}"), int(((times == k) & suspect).sum()))
        for k in range(runs, 0, -1)
    ]
    header = ("runs that misread it", "pictures", "if mistakes fell at random", "label doubted")
    tables = [Table("Do the runs make the same mistakes?", header, tuple(rows))] if runs > 1 else []
    return Mistakes(
        wrong=wrong.sum(1).tolist(),
        by_any=int((times > 0).sum()),
        by_all=int((times == runs).sum()),
        by_chance=float(expected[runs]),
        doubted=int(suspect.sum()),
        doubted_by_any=int((suspect & (times > 0)).sum()),
        doubted_by_all=int((suspect & (times == runs)).sum()),
        own=float((wrong & ~suspect).sum(1).mean()),
        pieces=[*tables, _gallery(chances, wrong, data, suspect)],
    )


def _gallery(chances: np.ndarray, wrong: np.ndarray, data: readers.Images, suspect: np.ndarray) -> Figure:
    """The misread pictures, those that most runs misread first, then those whose label got the least probability."""
    runs, times = len(wrong), wrong.sum(0)
    said = np.where(wrong[..., None], chances, 0).sum(0) / np.maximum(times, 1)[:, None]  # mean of the runs that err
    right = np.take_along_axis(chances.mean(0), data.labels[:, None], axis=1)[:, 0]
    misread = np.lexsort((right, -times))[: (times > 0).sum()]
    titles = []
    for i in misread[:SHOWN]:
        guess = said[i].argmax()
        lines = [f"{data.classes[data.labels[i]]} read as {data.classes[guess]}", f"{100 * said[i, guess]:.0f} %"]
        lines[1] += f", {times[i]} of {runs}" * (runs > 1)
        titles.append("\n".join([*lines, "label doubted"] if suspect[i] else lines))
    of = f", with the number of the {runs} runs that misread it" if runs > 1 else ""
    rest = f" (the first {SHOWN} of {len(misread)})" if len(misread) > SHOWN else ""
    caption = f"The misread test pictures{rest}: label, answer and the probability it was given{of}"
    return pictures("mistakes", caption, [data.images[i] for i in misread[:SHOWN]], titles, columns=6)
