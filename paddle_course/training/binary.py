"""One logit for each example, and labels 0 and 1, -> how good a test for 1 it is.

`logits` are (N, 1) as the network gives them, `labels` integers (N,), both NumPy arrays and both labels among them.
"Positive" is what is labelled 1; where the logit is above zero the network takes it for that.
"""

from __future__ import annotations

import math

import numpy as np
from sklearn import metrics


def sensitivity(logits: np.ndarray, labels: np.ndarray) -> float:
    """The share of the positive that is found: the recall of 1."""
    return float((logits[labels == 1] > 0).mean())


def specificity(logits: np.ndarray, labels: np.ndarray) -> float:
    """The share of the negative that is left alone: the recall of 0."""
    return float((logits[labels == 0] <= 0).mean())


def roc(logits: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """1 - specificity and sensitivity at every threshold, both ascending from 0 to 1."""
    false, true, _ = metrics.roc_curve(labels, logits[:, 0])
    return false, true


def area(logits: np.ndarray, labels: np.ndarray, z: float = 1.96) -> tuple[float, float, float]:
    """The area under the ROC curve, and the ends of its 95 % interval (DeLong et al. 1988).

    It is the share of the pairs of a positive and a negative example in which the positive one has the larger logit. Of
    a curve without a mistake the interval is no wider than a point: it knows nothing of what it has not seen.
    """
    positive, negative = logits[labels == 1], logits[labels == 0, 0]
    wins = (positive > negative) + 0.5 * (positive == negative)  # (positive, negative)
    sides = [wins.mean(axis) for axis in (1, 0)]
    half = z * math.sqrt(sum(each.var(ddof=1) / len(each) for each in sides if len(each) > 1))
    value = float(wins.mean())
    return value, max(0.0, value - half), min(1.0, value + half)


def blind(learnt: np.ndarray, asked: np.ndarray) -> tuple[float, float]:
    """What comes of saying the same of every example: the accuracy on the labels `asked`, and the least loss possible
    on those `learnt`, which is the entropy of their shares."""
    share = float(learnt.mean())
    entropy = -sum(p * math.log(p) for p in (share, 1 - share) if p)
    return float((asked == (share > 0.5)).mean()), entropy
