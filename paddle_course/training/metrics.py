"""Logits and labels of a whole data set -> how good the model is.

`scores` are logits (N, K) as the network gives them, `labels` integers (N,) in 0..K-1, both NumPy arrays with N >= 1;
shares are floats in 0..1. Not every class need occur in `labels`: a mean over classes (macro-F1, mAP) runs over those
that do, and class by class the others are NaN, for there is nothing of them to find.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from sklearn import metrics


class PerClass(NamedTuple):
    """One float64 (K,) array each; NaN for a class that `labels` lacks."""

    precision: np.ndarray  # right / predicted as this class; 0 when never predicted
    recall: np.ndarray  # right / labelled as this class
    f1: np.ndarray  # harmonic mean of the two
    top5_error: np.ndarray  # labelled as this class, which is not among the five best guesses
    cross_entropy: np.ndarray  # mean -log p of this class where it is right, in nats
    ap: np.ndarray  # average precision: examples ranked by this class's probability


def log_softmax(scores: np.ndarray) -> np.ndarray:
    """(N, K) -> (N, K) float64 log-probabilities, finite however large the logits are."""
    shifted = scores - scores.max(axis=1, keepdims=True).astype(np.float64)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def softmax(scores: np.ndarray) -> np.ndarray:
    """(N, K) -> (N, K) float64 probabilities, each row summing to one."""
    return np.exp(log_softmax(scores))


def guesses(scores: np.ndarray, k: int) -> np.ndarray:
    """The k best classes of every row, best first: int64 (N, min(k, K)). Of equal scores the lower class is first."""
    return np.argsort(-scores, axis=1, kind="stable")[:, :k]


def accuracy(scores: np.ndarray, labels: np.ndarray) -> float:
    """The share of examples whose best guess is right."""
    return float(metrics.accuracy_score(labels, scores.argmax(axis=1)))


def top_k(scores: np.ndarray, labels: np.ndarray, k: int) -> float:
    """The share of examples whose label is among the k best guesses; top-k error is one minus this.

    scikit-learn's `top_k_accuracy_score` is the same but for three cases: it refuses the two columns of K = 2, warns of
    k >= K, and gives ties to the higher class, so that its top-1 differs from the accuracy of a dead network.
    """
    return float((guesses(scores, k) == labels[:, None]).any(axis=1).mean())


def map_at_k(scores: np.ndarray, labels: np.ndarray, k: int = 3) -> float:
    """Mean average precision at k as Kaggle's Quick, Draw! counts it: a label that is guess i is worth 1 / i.

    Lies between accuracy and top-k accuracy, and equals top-k accuracy only where every hit is a first guess.
    """
    hits = guesses(scores, k) == labels[:, None]
    return float((hits / np.arange(1, hits.shape[1] + 1)).sum(axis=1).mean())


def cross_entropy(scores: np.ndarray, labels: np.ndarray) -> float:
    """Mean -log p of the right class, in nats; scikit-learn's `log_loss` would count no example above 36."""
    return float(_losses(scores, labels).mean())


def _losses(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """float64 (N,): -log p of each example's right class."""
    return -np.take_along_axis(log_softmax(scores), labels[:, None], axis=1)[:, 0]


def macro_f1(scores: np.ndarray, labels: np.ndarray) -> float:
    """The mean of the classes' F1, small classes counting as much as large ones."""
    return float(
        metrics.f1_score(labels, scores.argmax(axis=1), labels=np.unique(labels), average="macro", zero_division=0)
    )


def mean_average_precision(scores: np.ndarray, labels: np.ndarray) -> float:
    """mAP: the mean of the classes' average precision, each class against the rest (Everingham et al. 2010)."""
    return float(np.nanmean(_average_precision(scores, labels)))


def per_class(scores: np.ndarray, labels: np.ndarray) -> PerClass:
    """For every class precision, recall and F1 (all of the best guess), the means of top-5 error and cross-entropy over
    its examples, and average precision (of the whole ranking)."""
    classes, best = np.arange(scores.shape[1]), scores.argmax(axis=1)
    *columns, count = metrics.precision_recall_fscore_support(labels, best, labels=classes, zero_division=0)
    missed = (guesses(scores, 5) != labels[:, None]).all(axis=1)
    for each in (missed, _losses(scores, labels)):
        columns.append(np.bincount(labels, each, len(classes)) / np.maximum(count, 1))
    columns = [np.where(count > 0, column, np.nan) for column in columns]
    return PerClass(*columns, _average_precision(scores, labels))


def _average_precision(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """float64 (K,): precision at each hit, averaged. Ranked by probability: logits of two pictures do not compare."""
    ap = np.full(scores.shape[1], np.nan)
    probabilities = softmax(scores)
    for each in np.unique(labels):
        ap[each] = metrics.average_precision_score(labels == each, probabilities[:, each])
    return ap


def confusion(scores: np.ndarray, labels: np.ndarray, classes: int | None = None) -> np.ndarray:
    """int64 (K, K) counts: row = label, column = best guess. `classes` is K, by default the columns of `scores`."""
    every = np.arange(scores.shape[1] if classes is None else classes)
    return metrics.confusion_matrix(labels, scores.argmax(axis=1), labels=every)


class Moved(NamedTuple):
    """A class whose logit got an offset: which, its recall and precision then, and how many examples it is given."""

    offset: float
    recall: float
    precision: float
    found: int


def moved_to_recall(scores: np.ndarray, labels: np.ndarray, index: int, recall: float) -> Moved:
    """The least offset on the logit of the class `index` at which `recall` of its examples, at least one, are found.

    It moves the decision without a training, as a threshold does where there are two classes. The offset is read off
    the examples it is judged by: it tells where the curve of precision and recall runs, and is no setting to go by.
    """
    others = np.delete(scores, index, axis=1).max(axis=1)
    margin = others.astype(np.float64) - scores[:, index]  # an offset of at least so much makes it the best guess
    mine = labels == index
    wanted = max(1, math.ceil(recall * mine.sum() - 1e-9))  # what is whole but for rounding stays so
    offset = np.sort(margin[mine])[wanted - 1]
    found = margin <= offset
    return Moved(float(offset), float(found[mine].mean()), float(mine[found].mean()), int(found.sum()))


def wilson(correct_share: float, n: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval (z = 1.96) of the true share, having seen `correct_share` of n >= 1 examples (Wilson 1927).

    Unlike share +- z sqrt(share (1 - share) / n) it stays within 0..1 and is honest near the ends (Brown, Cai and
    DasGupta 2001).
    """
    centre = correct_share + z * z / (2 * n)
    half = z * math.sqrt(correct_share * (1 - correct_share) / n + (z / (2 * n)) ** 2)
    scale = 1 + z * z / n
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def mcnemar(one: np.ndarray, other: np.ndarray) -> float:
    """How probable it is that two equally good models differ at least this much.

    `one` and `other`, bool (N,), say of the same examples where each model is right. Only those count that one gets
    right and the other does not: between equals each of these is a fair coin (McNemar 1947; exact, two-sided).
    """
    return sign_test(int((one & ~other).sum()), int((other & ~one).sum()))


def sign_test(one: int, other: int) -> float:
    """How probable it is that so uneven a split comes about where both sides are as likely, from 0 to 1."""
    differing = one + other
    tail, ways = 0, 1  # of `differing` coins, the ways in which k show heads
    for k in range(min(one, other) + 1):
        tail, ways = tail + ways, ways * (differing - k) // (k + 1)
    return min(1.0, 2 * tail / 2**differing)
