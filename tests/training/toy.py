"""A small learnable problem for the training tests: two kinds of stripes, a net with dropout and batch norm."""

from __future__ import annotations

from functools import partial

import numpy as np
import paddle
from paddle import nn

from paddle_course import batches, readers, runtime, training
from paddle_course.training import schedules


def stripes(count: int = 60, seed: int = 0) -> readers.Images:
    """8 x 8 grey pictures of horizontal (0) or vertical (1) stripes under noise."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    grid = np.where(np.arange(8) % 2, 200, 60)
    images = np.where(labels[:, None, None] == 0, grid[None, :, None], grid[None, None, :]) + rng.integers(
        -50, 50, (count, 8, 8)
    )
    return readers.Images(
        images[..., None].astype(np.uint8), labels, ("horizontal", "vertical"), "stripes", synthetic=True
    )


def toy_batches(seed: int = 0, count: int = 60) -> batches.Batches:
    augment = (batches.flip, partial(batches.pad_crop, pad=1))
    return batches.Batches(stripes(count), 16, seed=seed, augment=augment)


def toy_model(seed: int = 0, extra: int = 0) -> nn.Layer:
    """`extra` other models are built first: they shift the names that Paddle gives to its tensors."""
    for _ in range(extra):
        nn.Conv2D(1, 2, 3)
    paddle.seed(runtime.seed_of("toy", seed))
    return nn.Sequential(
        ("conv", nn.Conv2D(1, 4, 3, padding=1)),
        ("norm", nn.BatchNorm2D(4)),
        ("relu", nn.ReLU()),
        ("flatten", nn.Flatten()),
        ("dropout", nn.Dropout(0.3)),
        ("fc", nn.Linear(256, 2)),
    )


def averaged(epochs: int = 2) -> training.Phase:
    """Slow weights every 3 steps, which fall between the epochs, and a bias that rests after the first epoch."""
    average = partial(training.averaging.look_ahead, steps=4 * epochs, every=3)
    schedule = partial(schedules.constant, lr=0.05)
    return training.Phase(epochs, "nesterov", schedule, average=average, freeze={"conv.bias": 1})


def chain(kind: str) -> list[training.Phase]:
    """What is killed: one phase, two with another optimizer, or two of which the first keeps slow weights."""
    chains = {"adam": [*phases("adam", 2), *phases("sgd", 1)], "averaged": [averaged(), *phases("adam", 1)]}
    return chains.get(kind) or phases(kind, 2)


def phases(optimizer: str, epochs: int = 3, lr: float = 0.01) -> list[training.Phase]:
    return [
        training.Phase(epochs, optimizer, partial(schedules.cosine, peak=lr, steps=4 * epochs), {"weight_decay": 1e-3})
    ]
