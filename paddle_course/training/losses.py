"""Logits and labels -> one number to descend.

Every loss takes `logits`, float32 (B, K), and `labels`: integers (B,), or shares of the classes, float32 (B, K), as
mixup makes them. It returns a scalar, the sum of the examples' losses over their count B, so that the loss of a
data set does not depend on how it was cut into batches. Settings are bound with `functools.partial(cross_entropy,
smoothing=0.1)`.

`binary_cross_entropy` is for a network with one logit instead, float32 (B, 1), and labels 0 and 1, integers (B,);
`squared_error` for predictions of numbers: outputs and targets, both float32 (B, K).

In the formulas p = softmax(logits), y is one-hot or the shares, x the p of the right class; sums run over the K
classes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import paddle
import paddle.nn.functional as F
from paddle import Tensor


def cross_entropy(
    logits: Tensor, labels: Tensor, smoothing: float = 0.0, weight: Sequence[float] | None = None
) -> Tensor:
    """-sum w y log p; for hard labels -log x. About log K at the start, never below zero.

    `smoothing` spreads that share of every label evenly over all K classes (Szegedy et al. 2016, arXiv 1512.00567,
    section 7). `weight` holds K class weights w; Paddle would divide by the weights in the batch, here it is the count.
    """
    return -(_targets(logits, labels, smoothing, weight) * _log_softmax(logits)).sum(1).mean()


def binary_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """-log p of the right answer, where sigmoid of the only logit z is the p of label 1: cross-entropy of (0, z).

    ValueError for other shapes: labels (B, 1) against (B,) would broadcast to (B, B) unnoticed.
    """
    return F.binary_cross_entropy_with_logits(logits[:, 0], _answers(logits, labels))


def logits_as_probabilities(logits: Tensor, labels: Tensor) -> Tensor:
    """The same with the raw logit for p, cut off at 1e-7 and 1 - 1e-7 as Keras does it: a mistake, kept for study.

    A network without a last sigmoid, and a loss that expects one. Where the logit is below 0 or above 1 the cut has no
    slope: a picture that is wrong there costs 16.1 and teaches nothing.
    """
    p, y = logits[:, 0].clip(1e-7, 1 - 1e-7), _answers(logits, labels)
    return -(y * p.log() + (1 - y) * (1 - p).log()).mean()


def mse(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean of (p - y)^2 over the classes (Brier 1950, divided by K): 0 to 2/K. Flat where the net is sure and wrong."""
    return (F.softmax(logits) - _targets(logits, labels)).square().mean()


def mae(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean of |p - y| over the classes; for hard labels 2 (1 - x) / K.

    It hardly minds wrong labels (Ghosh et al. 2017, arXiv 1712.09482), and learns slowly for the same reason: the
    factor x in its gradient is small where the net is wrong.
    """
    return (F.softmax(logits) - _targets(logits, labels)).abs().mean()


def squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean of (output - target)^2, no softmax. ValueError for other shapes: (B, 1) - (B,) would be (B, B) unnoticed."""
    if outputs.shape != targets.shape:
        raise ValueError(f"outputs {list(outputs.shape)} and targets {list(targets.shape)} must have the same shape")
    return (outputs - targets).square().mean()


def focal(logits: Tensor, labels: Tensor, gamma: float = 2.0, weight: Sequence[float] | None = None) -> Tensor:
    """-sum w y (1 - p)^gamma log p: cross-entropy that cares less about what is right already.

    Lin et al. 2017, arXiv 1708.02002, equation 5; `weight` holds K class weights, the paper's alpha. gamma = 0 is
    cross-entropy.
    """
    log_p = _log_softmax(logits)
    doubt = (1 - log_p.exp()).clip(min=1e-8)  # at zero a power below one has no finite gradient
    return -(_targets(logits, labels, weight=weight) * doubt**gamma * log_p).sum(1).mean()


def softmax_plus_inverse(logits: Tensor, labels: Tensor) -> Tensor:
    """1 / x, the "softmax + 1/x" of the Quick, Draw! report. About K at the start, never below one.

    The report prints no formula; this reads it as softmax, then 1/x where cross-entropy has -log x. That is the
    exponential of cross-entropy, and is computed so, for shares too. The gradient is cross-entropy's times 1/x: the
    worst example of a batch drowns the others, and below x = e^-88 the loss is infinite in float32.
    """
    return (-(_targets(logits, labels) * _log_softmax(logits)).sum(1)).exp().mean()


def nll_without_log(logits: Tensor, labels: Tensor) -> Tensor:
    """-sum y logits: a mistake, kept for study.

    `nll_loss` expects log p, which is never above zero, and is given the raw outputs. Raising the right one for ever
    lowers the loss for ever, through zero; nothing holds the others down.
    """
    return -(_targets(logits, labels) * logits).sum(1).mean()


def after_softmax(logits: Tensor, labels: Tensor, loss: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """`loss`, which takes softmax, of what has gone through softmax already: a mistake, kept for study."""
    return loss(F.softmax(logits), labels)


def double_softmax(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy with softmax(p) for p: a mistake, kept for study.

    The course's MNIST model ends in softmax and its loss takes softmax again. No p exceeds one, so the loss cannot fall
    below `double_softmax_floor`.
    """
    return after_softmax(logits, labels, cross_entropy)


def double_softmax_floor(classes: int) -> float:
    """-log(e / (e + K - 1)), the lowest that `double_softmax` can be: 1.4612 for ten classes."""
    return math.log(math.e + classes - 1) - 1


def _answers(logits: Tensor, labels: Tensor) -> Tensor:
    """The labels (B,) in the type of the logits (B, 1); ValueError for other shapes."""
    if logits.shape != [*labels.shape, 1] or paddle.is_floating_point(labels):
        found = f"logits {list(logits.shape)}, labels {labels.dtype} {list(labels.shape)}"
        raise ValueError(f"{found}: one logit [B, 1] goes with one integer [B]")
    return labels.astype(logits.dtype)


def _log_softmax(logits: Tensor) -> Tensor:
    """log p, float32 (B, K). Paddle's own, also inside its cross_entropy, stops at -64 on the CPU."""
    return logits - paddle.logsumexp(logits, axis=1, keepdim=True)


def _targets(logits: Tensor, labels: Tensor, smoothing: float = 0.0, weight: Sequence[float] | None = None) -> Tensor:
    """w y as float32 (B, K). Other shapes raise ValueError: labels (B, 1) would broadcast to a wrong loss unnoticed."""
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
