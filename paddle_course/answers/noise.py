"""A network and pictures -> how far the gradient of a batch is from that of all pictures, by the size of the batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import paddle

from paddle_course import batches, training
from paddle_course.answers.figures import curves
from paddle_course.answers.pieces import Figure

TRIES = 4  # batches of each size
LAW = "as 1 / √B"


@dataclass(frozen=True)
class Noise:
    """By size of batch: the distance of a batch's gradient from that of all pictures, over the length of the latter."""

    by_size: dict[int, float]

    @property
    def falls(self) -> float:
        """How many times smaller it is for the largest batch than for the smallest."""
        first, *_, last = self.by_size.values()
        return first / last

    @property
    def law(self) -> float:
        """How many times smaller it would be if it fell as one over the root of the size."""
        first, *_, last = self.by_size
        return (last / first) ** 0.5

    @property
    def pieces(self) -> list[Figure]:
        sizes, values = list(self.by_size), list(self.by_size.values())
        root = [values[0] * (sizes[0] / size) ** 0.5 for size in sizes]
        series, caption = (
            {"measured": (sizes, values), LAW: (sizes, root)},
            "The gradient of a batch against that of all",
        )
        labels = ("pictures in a batch", "distance / length")
        return [curves("noise", caption, series, *labels, logx=True, logy=True, dashed=(LAW,))]


def gradient_noise(net: paddle.nn.Layer, data: batches.Batches, sizes: Sequence[int]) -> Noise:
    """How noisy the gradients of a network are on `data`, for batches of these `sizes`, ascending.

    The network stays as it is. Statistics are the running ones, so that the gradient of all pictures is the mean of
    those of its batches, and a batch of B pictures drawn at random is about 1 / sqrt(B) from it.
    """
    modes = [(layer, layer.training) for layer in net.sublayers(include_self=True)]
    net.eval()
    true = sum(gradient(net, *batch) * len(batch[1]) for batch in data.epoch(0)) / len(data.data)
    found = {}
    for size in sizes:
        drawn = replace(data, size=size, shuffle=True, drop_last=True)
        apart = [gradient(net, *drawn.batch(0, position)) - true for position in range(min(TRIES, len(drawn)))]
        found[size] = float(np.mean([np.linalg.norm(each) for each in apart]) / np.linalg.norm(true))
    for layer, mode in modes:
        layer.training = mode
    return Noise(found)


def gradient(net: paddle.nn.Layer, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The gradient of a batch's mean cross-entropy with respect to all that learns, as one float32 vector."""
    training.losses.cross_entropy(net(paddle.to_tensor(images)), paddle.to_tensor(labels)).backward()
    learning = [p for p in net.parameters() if p.grad is not None]
    vector = np.concatenate([p.grad.numpy().ravel() for p in learning])
    for p in learning:
        p.clear_gradient()
    return vector
