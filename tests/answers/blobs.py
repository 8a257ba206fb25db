"""A small learnable problem for the tests of recipes: pictures of one colour for each class, under noise."""

from __future__ import annotations

import numpy as np

from paddle_course import readers
from paddle_course.answers import Recipe

BLOBS = Recipe("lenet", {"channels": 3, "side": 32}, size=16, lr=0.02)


def blobs(count: int = 48, classes: int = 4, seed: int = 0) -> readers.Images:
    """Equally many of each class; the colours are the same under every seed."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    colours = np.random.default_rng(9).integers(60, 200, (classes, 1, 1, 3))
    images = (colours[labels] + rng.integers(-50, 50, (count, 32, 32, 3))).astype(np.uint8)
    return readers.Images(images, labels, tuple("abcdefgh"[:classes]), "blobs train", synthetic=True)
