"""Arrays of pictures and labels -> `Images`, the checked pair that all else starts from, and choices of its rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from paddle_course.runtime import UserError


@dataclass(frozen=True, eq=False)
class Images:
    """A labelled set of pictures in memory; UserError, naming `source`, where the arrays do not fit together."""

    images: np.ndarray  # uint8 (N, H, W, C)
    labels: np.ndarray  # int64 (N,), each below len(classes)
    classes: tuple[str, ...]
    source: str  # for people: "CIFAR-10 train"
    synthetic: bool = False  # made up by stand_ins; reports must say so

    def __post_init__(self) -> None:
        images, labels = self.images, self.labels
        if images.dtype != np.uint8 or images.ndim != 4:
            raise UserError(f"{self.source}: pictures are {_kind(images)} instead of uint8 (N, H, W, C)")
        if labels.dtype != np.int64 or labels.ndim != 1:
            raise UserError(f"{self.source}: labels are {_kind(labels)} instead of int64 (N,)")
        if len(images) != len(labels):
            raise UserError(f"{self.source}: {len(images):,} pictures but {len(labels):,} labels; get the files again")
        check_labels(labels, len(self.classes), self.source)

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: np.ndarray | slice) -> Images:
        """These rows only, in this order: positions int64 (M,), a boolean mask (N,) or a slice."""
        return dataclasses.replace(self, images=self.images[indices], labels=self.labels[indices])

    def thinned(self, step: int) -> Images:
        """Every `step`-th row and column of each picture: small, quick to learn from, and ugly."""
        return dataclasses.replace(self, images=self.images[:, ::step, ::step])


def _kind(array: np.ndarray) -> str:
    return f"{array.dtype} {array.shape}"


def check_labels(labels: np.ndarray, classes: int, where: object) -> None:
    """UserError naming the first label (and its position) that is not one of 0 .. classes - 1."""
    wrong = np.flatnonzero((labels < 0) | (labels >= classes))
    if len(wrong):
        raise UserError(
            f"{where}: label {labels[wrong[0]]} at position {wrong[0]:,} is none of the {classes} classes; "
            "the file is damaged, get it again"
        )


def one_of(what: str, value: str, known: Iterable[str]) -> None:
    """UserError unless `value` is known."""
    known = tuple(known)
    if value not in known:
        raise UserError(f"{what} {value!r} is not known; use one of: {', '.join(known)}")


def _shuffled_rows(labels: np.ndarray, label: int, seed: int) -> np.ndarray:
    """The positions of one class in an order that depends on nothing but the seed and the class."""
    return np.random.default_rng([seed, label]).permutation(np.flatnonzero(labels == label))


def balanced(images: Images, per_class: int, seed: int) -> np.ndarray:
    """Positions, int64 and ascending, of `per_class` pictures of every class.

    Under one seed a larger choice contains the smaller ones, so a curve over sample counts compares like with like.
    """
    counts = np.bincount(images.labels, minlength=len(images.classes))
    rarest = int(counts.argmin())
    if not 0 < per_class <= counts[rarest]:
        raise UserError(
            f"{images.source}: {per_class:,} pictures per class asked for, but there are "
            f"{counts[rarest]:,} of {images.classes[rarest]!r}; ask for 1 to {counts[rarest]:,}"
        )
    chosen = [_shuffled_rows(images.labels, label, seed)[:per_class] for label in range(len(images.classes))]
    return np.sort(np.concatenate(chosen))


def stratified_split(labels: np.ndarray, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two ascending int64 arrays of positions: `share` (0..1) of every class, and the rest.

    A class of two or more is on both sides; a single example goes to the first.
    """
    if not 0 < share < 1:
        raise UserError(f"a split of {share:g} leaves one side empty; use a share between 0 and 1, such as 0.8")
    first, rest = [], []
    for label in np.unique(labels):
        rows = _shuffled_rows(labels, int(label), seed)
        cut = min(max(round(share * len(rows)), 1), max(len(rows) - 1, 1))
        first.append(rows[:cut])
        rest.append(rows[cut:])
    return np.sort(np.concatenate(first)), np.sort(np.concatenate(rest))


def proportional(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Positions, int64 and ascending, of `count` examples, or all there are, in which every class has its share.

    Under one seed a larger choice contains the smaller ones.
    """
    places = np.empty(len(labels))
    for label in np.unique(labels):
        rows = _shuffled_rows(labels, int(label), seed)
        places[rows] = (np.arange(len(rows)) + 0.5) / len(rows)  # each class evenly over 0..1
    return np.sort(np.argsort(places, kind="stable")[:count])
