"""Photographs and a network trained on small pictures -> what it sees, what it guesses, and why it errs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import paddle
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from paddle_course import batches, readers, training
from paddle_course.answers import figures
from paddle_course.answers.paired import Paired
from paddle_course.answers.pieces import Figure, Result, Table, score

SHOWN = 12  # photos in the report
# How a photo becomes a small square: (only the middle square?, the share of its side that is kept).
WAYS = {"squashed": (False, 1.0), "centre crop": (True, 1.0), "crop, 3/4": (True, 0.75), "crop, 1/2": (True, 0.5)}


@dataclass(frozen=True)
class Sight:
    """How a network sees N pictures, row by row the same pictures."""

    images: np.ndarray  # uint8 (N, S, S, 3)
    chances: np.ndarray  # softmax (N, K)
    nearest: np.ndarray  # int64 (N,), the most similar training picture
    distance: np.ndarray  # (N,), how far that one is in the space of the network's features
    contrast: np.ndarray  # (N,), standard deviation of the grey values, 0..127.5

    @property
    def guess(self) -> np.ndarray:
        return self.chances.argmax(1)

    @property
    def confidence(self) -> np.ndarray:
        return self.chances.max(1)


class Viewer:
    """A network with the training pictures it knows; calling it on pictures returns a `Sight`."""

    def __init__(self, net: paddle.nn.Layer, train: batches.Batches):
        self.net, self.like = net, train
        self.known = NearestNeighbors(n_neighbors=1).fit(self._features(train.data.images)[1])

    def _features(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        nobody = readers.Images(images, np.zeros(len(images), np.int64), self.like.data.classes, "photos")
        data = batches.Batches(nobody, self.like.size, mean=self.like.mean, std=self.like.std, shuffle=False)
        return training.features(self.net, data)

    def __call__(self, images: np.ndarray) -> Sight:
        logits, features = self._features(images)
        distance, nearest = self.known.kneighbors(features)
        grey = images.mean(axis=3).reshape(len(images), -1)
        return Sight(images, training.metrics.softmax(logits), nearest[:, 0], distance[:, 0], grey.std(axis=1))


@dataclass(frozen=True)
class PhotoStudy:
    """What became of a folder of photos. Shares are None where no file name tells what is on a picture."""

    count: int
    told: int
    tested: int  # test pictures beside them
    right: dict[str, float | None]  # by way of preparing them
    same: Paired  # by way, which of the named photos are right
    test: float  # the test pictures
    own_test: float  # those of the photos' classes, each with the weight that it has among the photos
    odd: float  # the share that is "none of the ten"
    odd_wrong: float | None
    fine_wrong: float | None
    distance_ratio: float
    reasons: dict[str, float]
    pieces: Sequence[Table | Figure | Result]

    @property
    def best(self) -> str:
        return max(self.right, key=lambda name: self.right[name] or 0)


def study(net: paddle.nn.Layer, train: batches.Batches, test: readers.Images, found: list) -> PhotoStudy:
    """Show photos, as `readers.pictures` finds them, to a network trained on `train`; beside them stands `test`."""
    paths, photos = zip(*found, strict=True)
    classes, side = train.data.classes, test.images.shape[1]
    labels = np.array([label_of(path, classes) for path in paths])
    told = labels >= 0
    view = Viewer(net, train)
    known = view(test.images)
    least, farthest = limits(known, test.labels)
    sights = {name: view(shrink(photos, side, *way)) for name, way in WAYS.items()}
    right = {name: share(sight.guess == labels, told) for name, sight in sights.items()}
    seen = sights["centre crop"]
    odd, wrong = strange(seen, least, farthest), seen.guess != labels
    rows = [row(name, right[name], sight) for name, sight in sights.items()]
    rows.append(row("test pictures", share(known.guess == test.labels), known))
    header = ("prepared as", "right", "mean confidence", "median distance to the training pictures", "mean contrast")
    shown = np.random.default_rng(0).permutation(len(photos))[:SHOWN]
    texts = captions(seen, classes, least, farthest)
    nearest = [train.data.images[seen.nearest[i]] for i in shown]
    names = [classes[train.data.labels[seen.nearest[i]]] for i in shown]
    pieces = [
        Table("What the network makes of the photos", header, tuple(rows)),
        figures.pictures("photos", "Photos as the network sees them", seen.images[shown], [texts[i] for i in shown], 4),
        figures.pictures("nearest", "The training picture most similar to each, as the net sees it", nearest, names, 4),
    ]
    known_right = {name: value for name, value in right.items() if value is not None}
    data = f"{told.sum()} photos"
    pieces += [Result(f"photos, {name}", "accuracy", value, data=data) for name, value in known_right.items()]
    return PhotoStudy(
        count=len(photos),
        told=int(told.sum()),
        tested=len(test),
        right=right,
        same=Paired({name: (sight.guess == labels)[told] for name, sight in sights.items()}),
        test=share(known.guess == test.labels) or 0.0,
        own_test=weighted(known.guess == test.labels, test.labels, labels[told]),
        odd=float(odd.mean()),
        odd_wrong=share(wrong, odd & told),
        fine_wrong=share(wrong, ~odd & told),
        distance_ratio=middling(seen)[1] / middling(known)[1],
        reasons=reasons(seen, labels),
        pieces=pieces,
    )


def share(which: np.ndarray, among: np.ndarray | None = None) -> float | None:
    """The share of `which` that is true, among those marked; None where there is none."""
    chosen = which if among is None else which[among]
    return float(chosen.mean()) if len(chosen) else None


def weighted(right: np.ndarray, labels: np.ndarray, among: np.ndarray) -> float:
    """The share of `right` in a set that had as many of each of `labels` as `among` has; 0 where none is at hand."""
    kinds, counts = np.unique(among, return_counts=True)
    shares = [(share(right, labels == kind), count) for kind, count in zip(kinds, counts, strict=True)]
    known = [(each, count) for each, count in shares if each is not None]
    return sum(each * count for each, count in known) / max(1, sum(count for _, count in known))


def row(name: str, right: float | None, sight: Sight) -> tuple[str | float | None, ...]:
    """A line of the table of photos."""
    confidence, *rest = middling(sight)
    return (name, right if right is None else score(right), score(confidence), *rest)


def middling(sight: Sight) -> tuple[float, float, float]:
    """Mean confidence, median distance and mean contrast."""
    return float(sight.confidence.mean()), float(np.median(sight.distance)), float(sight.contrast.mean())


def shrink(photos: Sequence[np.ndarray], side: int, crop: bool, zoom: float = 1.0) -> np.ndarray:
    """Photos (H, W, 3) of any size -> (N, side, side, 3): the middle square, or all of the picture squashed.

    `zoom` below 1 keeps only that share of each side, from the middle: the object becomes larger.
    """
    made = []
    for photo in photos:
        part = readers.centre_crop(photo) if crop else photo
        top, left = (round(length * (1 - zoom) / 2) for length in part.shape[:2])
        made.append(readers.resize(part[top : part.shape[0] - top, left : part.shape[1] - left], side))
    return np.stack(made)


def label_of(path: Path, classes: Sequence[str]) -> int:
    """The class a file name begins with ("dog.12.jpg"), or -1: then nobody told what is on it."""
    word = re.split(r"[^a-z]", path.stem.lower())[0]
    return list(classes).index(word) if word in classes else -1


def limits(test: Sight, labels: np.ndarray) -> tuple[float, float]:
    """The least confidence and the greatest distance that are still ordinary: 95 % of the rightly guessed test pictures
    are above the one and below the other. Beyond either a picture is called "none of the ten".
    """
    right = test.guess == labels
    if not right.any():  # a network that knows nothing yet has no guesses to measure by: take all
        right[:] = True
    return float(np.quantile(test.confidence[right], 0.05)), float(np.quantile(test.distance[right], 0.95))


def reasons(sight: Sight, labels: np.ndarray) -> dict[str, float]:
    """How well each property tells wrong guesses from right ones: the area under its ROC curve, 0.5 = not at all.

    Pictures whose label is -1 are left out. Empty where the others are all right or all wrong, or there are none.
    """
    told = labels >= 0
    wrong = (sight.guess != labels)[told]
    if wrong.all() or not wrong.any():
        return {}
    marks = {
        "far from the training pictures": sight.distance,
        "little contrast": -sight.contrast,
        "low confidence": -sight.confidence,
    }
    return {name: float(roc_auc_score(wrong, mark[told])) for name, mark in marks.items()}


def captions(sight: Sight, classes: Sequence[str], least: float, farthest: float) -> list[str]:
    """Three guesses with their probabilities for each picture, and a warning where it is none of the classes."""
    texts = []
    for chances, odd in zip(sight.chances, strange(sight, least, farthest), strict=True):
        lines = [f"{classes[i]} {100 * chances[i]:.0f} %" for i in np.argsort(-chances)[:3]]
        texts.append("\n".join([*lines, "none of the ten?" if odd else ""]))
    return texts


def strange(sight: Sight, least: float, farthest: float) -> np.ndarray:
    """Which pictures are "none of the ten": bool (N,)."""
    return (sight.confidence < least) | (sight.distance > farthest)
