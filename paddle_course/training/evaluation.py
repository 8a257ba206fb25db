"""A model and batches -> scores: every example once, weighted by count."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import paddle

from paddle_course import batches
from paddle_course.training import scores

Views = Callable[[np.ndarray], Iterable[tuple[float, np.ndarray]]]


def predict(
    model: paddle.nn.Layer, data: batches.Ordered, views: Views = batches.one_view
) -> tuple[np.ndarray, np.ndarray]:
    """Logits (N, K) float32 and labels (N,) of all of `data`, in its order; of rows, outputs and targets (N, K).

    The model's mode is put back.

    `views` are the versions of each picture that the model is shown, with the weight of each in the mean logits.
    """
    was_training = model.training
    model.eval()
    logits, labels = [], []
    with paddle.no_grad():
        for images, batch_labels in data.epoch(0):
            seen = [weight * model(paddle.to_tensor(view)).numpy() for weight, view in views(images)]
            logits.append(sum(seen))
            labels.append(batch_labels)
    if was_training:
        model.train()
    return np.concatenate(logits), np.concatenate(labels)


@contextlib.contextmanager
def batch_statistics(model: paddle.nn.Layer) -> Iterator[None]:
    """Within, an evaluation normalises by each batch's mean and variance as a training does: a mistake, kept for study.

    What the model says of an example then depends on the others in its batch. The running statistics stay as they are.
    """
    norms = [each for each in model.sublayers() if isinstance(each, (paddle.nn.BatchNorm1D, paddle.nn.BatchNorm2D))]
    before = [(each._use_global_stats, each._momentum) for each in norms]
    for each in norms:
        each._use_global_stats, each._momentum = False, 1.0  # keep all of the running ones
    try:
        yield
    finally:
        for each, (given, momentum) in zip(norms, before, strict=True):
            each._use_global_stats, each._momentum = given, momentum


def evaluate(
    model: paddle.nn.Layer,
    data: batches.Ordered,
    loss: Callable[..., paddle.Tensor],
    views: Views = batches.one_view,
    score: scores.Score = scores.accuracy,
) -> dict[str, float]:
    """Mean loss over all of `data`, and the score under its name."""
    logits, labels = predict(model, data, views)
    with paddle.no_grad():
        value = loss(paddle.to_tensor(logits), paddle.to_tensor(labels)).item()
    return {"loss": value, scores.name(score): score(logits, labels)}


def features(
    model: paddle.nn.Layer, data: batches.Batches, views: Views = batches.one_view
) -> tuple[np.ndarray, np.ndarray]:
    """Logits (N, K) and what goes into the last linear layer (N, D): what the model knows before it names a class.

    `views` gives one version of each picture.
    """
    last = [layer for layer in model.sublayers() if isinstance(layer, paddle.nn.Linear)][-1]
    seen: list[np.ndarray] = []
    hook = last.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].numpy()))
    try:
        logits, _ = predict(model, data, views)
    finally:
        hook.remove()
    return logits, np.concatenate(seen)
