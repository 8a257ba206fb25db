"""What a model says and what is true -> one score of a batch, recorded beside the loss.

A score is a mean over the examples, so that those of the batches, weighted by their sizes, make that of the data set.
Its records are called after it: `fit(score=mse)` writes train_mse and test_mse. Settings are bound with
`functools.partial`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

Score = Callable[[np.ndarray, np.ndarray], float]


def accuracy(logits: np.ndarray, labels: np.ndarray, threshold: float = 0.0) -> float:
    """The share of rows whose largest logit is the label's; soft labels (N, K) count by their largest share.

    A single logit (N, 1) says 1 where it is above the threshold: at 0 the likelier answer, at 0.5 only where p > 0.62.
    For what argmax would make of it see `single_logit`.
    """
    said = logits.argmax(1) if logits.shape[1] > 1 else (logits[:, 0] > threshold).astype(np.int64)
    return int((said == (labels if labels.ndim == 1 else labels.argmax(1))).sum()) / len(labels)


def single_logit(logits: np.ndarray, labels: np.ndarray) -> float:
    """What `paddle.metric.accuracy` says of a single logit (N, 1): a mistake, kept for study.

    The course's `evaluation()` calls it so. The largest of one logit is always number 0: it counts the labels 0.
    """
    import paddle

    return paddle.metric.accuracy(paddle.to_tensor(logits), paddle.to_tensor(labels[:, None])).item()


def mse(outputs: np.ndarray, targets: np.ndarray, unit: float = 1.0) -> float:
    """Mean of (output - target)^2, both (N, K); `unit` is what a difference of 1 is worth where targets are scaled."""
    return float(np.square((outputs - targets).astype(np.float64)).mean()) * unit**2


def name(score: Score) -> str:
    """What a score is recorded as."""
    return score.func.__name__ if isinstance(score, functools.partial) else score.__name__
