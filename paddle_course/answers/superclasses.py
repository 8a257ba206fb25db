"""Guesses among classes that come in groups -> which groups are confused, and how many mistakes stay within one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from paddle_course import training
from paddle_course.answers.figures import confusion
from paddle_course.answers.pieces import Figure, Result, Table


@dataclass(frozen=True)
class Superclasses:
    """`accuracy` is the share of guesses in the right superclass; `within` the share of the mistakes that are.

    `by_chance` is what `within` would be if mistakes fell on all other classes alike. `pairs` are the superclasses that
    are confused most, with the number of pictures.
    """

    accuracy: float
    within: float
    by_chance: float
    pairs: list[tuple[str, str, int]]
    pieces: Sequence[Table | Figure | Result]


def superclasses(
    scores: np.ndarray, labels: np.ndarray, of: Sequence[int], names: Sequence[str], data: str, most: int = 8
) -> Superclasses:
    """What logits (N, K) and labels (N,) say of the superclasses; class i belongs to number `of[i]` of `names`."""
    above, names = np.asarray(of), [name.replace("_", " ") for name in names]
    guessed = scores.argmax(axis=1)
    wrong, near = guessed != labels, above[guessed] == above[labels]
    matrix = training.metrics.confusion(np.eye(len(names))[above[guessed]], above[labels])
    both = np.triu(matrix + matrix.T, 1)  # either way round
    worst = np.argsort(-both, axis=None, kind="stable")[:most]
    pairs = [(names[i], names[j], int(both[i, j])) for i, j in zip(*np.unravel_index(worst, both.shape), strict=True)]
    accuracy, siblings = float(near.mean()), np.bincount(above)[above[labels]] - 1
    pieces = [
        Table("Superclasses that are confused most", ("superclass", "with", "pictures"), tuple(pairs)),
        confusion("superclasses", "The superclass that is true, and the one that is answered", matrix, names),
        Result("superclasses", "accuracy", accuracy, data=data),
    ]
    within = float((wrong & near).sum() / max(1, wrong.sum()))
    return Superclasses(accuracy, within, float(siblings.mean()) / (len(above) - 1), pairs, pieces)
