"""Logits and labels -> one number to descend.

Every loss takes `logits`, float32 (B, K), and `labels`: integers (B,), or shares of the classes, float32 (B, K), as mixup makes
them. It returns a scalar: the sum of the examples' losses over their count B, so the loss of a data set does not depend on
how it was cut into batches. Settings are bound with `functools.partial(cross_entropy, smoothing=0.1)`.

In the formulas p = softmax(logits), y is one-hot (or the shares given), x = the p of the right class, sums run over the K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import paddle
import paddle.nn.functional as F
from paddle import Tensor


def cross_entropy(
    logits: Tensor, labels: Tensor, smoothing: float = 0.0, weight: Sequence[float] | None = None
) -> Tensor:
    """-sum w y log p; for hard labels -log x. At the start about log K, never below zero.

    `smoothing` moves that share of every label to all K classes evenly (Szegedy et al. 2016, arXiv 1512.00567, section 7).
    `weight` holds K class weights w. Paddle would divide by the sum of the batch's weights; here it is the count, as everywhere.
    """
    return (_targets(logits, labels, smoothing, weight) * -F.log_softmax(logits)).sum(1).mean()


def mse(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean of (p - y)^2 over the classes, the Brier (1950) score over K: 0 to 2/K. Flat where the net is sure and wrong."""
    return (F.softmax(logits) - _targets(logits, labels)).square().mean()


def mae(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean of |p - y| over the classes; for hard labels 2 (1 - x) / K. Shrugs at wrong labels (Ghosh et al. 2017, arXiv 1712.09482)
    and learns slowly for the same reason: its gradient has the factor x, which is small where the net is wrong.
    """
    return (F.softmax(logits) - _targets(logits, labels)).abs().mean()


def focal(logits: Tensor, labels: Tensor, gamma: float = 2.0, weight: Sequence[float] | None = None) -> Tensor:
    """-sum w y (1 - p)^gamma log p: cross-entropy that takes less interest in what is right already (Lin et al. 2017, arXiv
    1708.02002, equation 5). gamma = 0 is cross-entropy; `weight` holds K class weights, the paper's alpha.
    """
    log_p = F.log_softmax(logits)
    # Kept above zero, where the power's own gradient is infinite for gamma < 1.
    doubt = (1 - log_p.exp()).clip(min=1e-8)
    return (_targets(logits, labels, weight=weight) * doubt**gamma * -log_p).sum(1).mean()


def softmax_plus_inverse(logits: Tensor, labels: Tensor) -> Tensor:
    """1 / x, the "softmax + 1/x" of the Quick, Draw! report. It prints no formula; read here as softmax, then 1/x where
    cross-entropy has -log x. At the start about K, never below 1.

    1/x is the exponential of cross-entropy and is computed so (for shares as labels too). Its gradient is cross-entropy's
    times 1/x: the worst examples of a batch outshout the rest, and beyond x = e^-88 float32 knows only infinity.
    """
    return (_targets(logits, labels) * -F.log_softmax(logits)).sum(1).exp().mean()


def nll_without_log(logits: Tensor, labels: Tensor) -> Tensor:
    """-sum y logits, a mistake kept for study: `nll_loss` expects log p, which is never above zero, and here gets the raw
    outputs. Raising the right one for ever lowers the loss for ever, below zero, and nothing holds the others down.
    """
    return (_targets(logits, labels) * -logits).sum(1).mean()


def double_softmax(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of softmax(softmax(logits)), a mistake kept for study: the course's MNIST model ends in softmax, and its
    loss takes it again. As p is at most 1, the loss cannot fall below -log(e / (e + K - 1)): 1.4612 for ten classes.
    """
    return cross_entropy(F.softmax(logits), labels)


def _targets(
    logits: Tensor, labels: Tensor, smoothing: float = 0.0, weight: Sequence[float] | None = None
) -> Tensor:
    """w y as float32 (B, K). Other shapes are refused: (B, 1) labels would broadcast to a wrong loss without a word."""
    batch, classes = logits.shape
    if paddle.is_floating_point(labels) and labels.shape == [batch, classes]:
        targets = labels
    elif not paddle.is_floating_point(labels) and labels.shape == [batch]:
        targets = F.one_hot(labels.astype("int64"), classes)
    else:
        raise ValueError(
            f"labels are {labels.dtype} {list(labels.shape)}: logits [{batch}, {classes}] go with "
            f"integers [{batch}] or floats [{batch}, {classes}]"
        )
    if smoothing:
        targets = (1 - smoothing) * targets + smoothing / classes
    return targets if weight is None else targets * paddle.to_tensor(weight, dtype="float32")
