"""Batch -> batch: the pictures of a whole batch are flipped, shifted, turned, holed or mixed at once, and stay uint8.

Every function takes (batch, rng) first and its settings by keyword, bound with functools.partial:

    augment=(flip, partial(pad_crop, pad=4), partial(cutout, side=8))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np

from paddle_course.batches.pipeline import Batch
from paddle_course.batches.sketch import Sketches

HALVES = 2  # ends the seed of `alternating_flip`, as AUGMENT ends that of a batch: no two draws share a stream
BORDERS = {"constant": cv2.BORDER_CONSTANT, "reflect": cv2.BORDER_REFLECT_101}


def flip(batch: Batch, rng: np.random.Generator, p: float = 0.5) -> Batch:
    """Mirror each picture left to right with probability `p`."""
    return _mirror(batch, rng.random(len(batch.images)) < p)


def alternating_flip(batch: Batch, rng: np.random.Generator, seed: int = 0) -> Batch:
    """Mirror a random half in epoch 0 and the other half in epoch 1, and so on in turn.

    Any two consecutive epochs show every picture both ways, which random flips do only half of the time
    (Jordan 2024, arXiv:2404.00498). The half is a function of `seed` and of the picture's place in the data set, not
    of `rng`.
    """
    coins = np.random.default_rng([seed, 0, 0, HALVES]).random(batch.index.max() + 1)  # coin i is the same for any size
    return _mirror(batch, (coins[batch.index] < 0.5) ^ bool(batch.epoch % 2))


def pad_crop(batch: Batch, rng: np.random.Generator, pad: int = 4, mode: str = "reflect") -> Batch:
    """Shift each picture by up to `pad` pixels; its reflection comes into view, or black with mode "constant"."""
    n, height, width, channels = batch.images.shape
    down, right = rng.integers(0, 2 * pad + 1, (2, n))
    # All pictures are one tall one, wider by `pad` on either side. Above and below nothing is added: where a row of the
    # result comes from is looked up, with -1 for the black row behind the last.
    wide = cv2.copyMakeBorder(batch.images.reshape(-1, width, channels), 0, 1, pad, pad, BORDERS[mode])
    rows = _rows(height, pad, mode)[down[:, None] + np.arange(height)]  # (B, H)
    rows = np.where(rows < 0, n * height, rows + np.arange(0, n * height, height)[:, None])
    starts = (rows * (width + 2 * pad) + right[:, None]) * channels
    # One item for each byte that a row of the result could start at: as long as the row, one byte after the other.
    row = np.dtype((np.void, width * channels))
    items = np.ndarray(wide.size - row.itemsize + 1, row, wide, strides=(1,))
    return replace(batch, images=items[starts].view(np.uint8).reshape(batch.images.shape))


def growing(batch: Batch, rng: np.random.Generator, sides: Sequence[int], pad: int = 2) -> Batch:
    """A random square of each picture, its side that of the epoch; when these have ended, all of it, as by `pad_crop`.

    Networks that end in global pooling take any size, and small pictures cost less: 24 of 32 pixels, about half.
    """
    if batch.epoch >= len(sides):
        return pad_crop(batch, rng, pad)
    side = sides[batch.epoch]
    n, height, width, _ = batch.images.shape
    top, left = (rng.integers(0, each - side + 1, (n, 1)) + np.arange(side) for each in (height, width))
    return replace(batch, images=batch.images[np.arange(n)[:, None, None], top[:, :, None], left[:, None]])


def cutout(batch: Batch, rng: np.random.Generator, side: int, fill: int | Sequence[int] = 128) -> Batch:
    """Cover a square of `side` pixels around a random pixel of each picture; near the edge, part of it falls outside.

    `fill` is one grey level or one per channel; it should be near the data's mean, which normalising turns into 0
    (DeVries & Taylor 2017, arXiv:1708.04552).
    """
    n, height, width, _ = batch.images.shape
    top = rng.integers(0, height, (n, 1, 1)) - side // 2
    left = rng.integers(0, width, (n, 1, 1)) - side // 2
    rows, columns = np.arange(height)[:, None], np.arange(width)
    covered = (rows >= top) & (rows < top + side) & (columns >= left) & (columns < left + side)  # (B, H, W)
    images = batch.images.copy()
    images[covered] = fill
    return replace(batch, images=images)


def rotate(batch: Batch, rng: np.random.Generator, degrees: float, mode: str = "constant") -> Batch:
    """Turn each picture about its centre, counter-clockwise, by an angle from -degrees to degrees; bilinear.

    The corners that come into view are black, or the picture's reflection with mode "reflect".
    """
    n, height, width, _ = batch.images.shape
    centre, border = ((width - 1) / 2, (height - 1) / 2), BORDERS[mode]
    images = np.empty_like(batch.images)
    for i, angle in enumerate(rng.uniform(-degrees, degrees, n)):
        turn = cv2.getRotationMatrix2D(centre, angle, scale=1)
        turned = cv2.warpAffine(batch.images[i], turn, (width, height), borderMode=border)
        images[i] = turned.reshape(images[i].shape)  # OpenCV drops the axis of a single channel
    return replace(batch, images=images)


def mixup(batch: Batch, rng: np.random.Generator, alpha: float, classes: int) -> Batch:
    """Blend each picture, and its label, with another of the batch: labels become float32 (B, classes).

    One share for the whole batch, drawn from Beta(alpha, alpha), as in the authors' code
    (Zhang et al. 2018, arXiv:1710.09412).
    """
    share = rng.beta(alpha, alpha)
    partner = rng.permutation(len(batch.images))
    hot = batch.labels if batch.labels.ndim == 2 else np.eye(classes, dtype=np.float32)[batch.labels]
    images = _blend(batch.images, batch.images[partner], share) + 0.5  # + 0.5: the cast rounds down
    return replace(batch, images=images.astype(np.uint8), labels=_blend(hot, hot[partner], share))


def channel_statistics(images: np.ndarray | Sketches) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel of uint8 (N, H, W, C) in units of 0..1, exact, from its histogram."""
    levels = np.arange(256) / 255
    means, stds = [], []
    for channel in range(images.shape[-1]):
        # A thousand pictures at a time: bincount makes eight bytes of every one it counts.
        parts = (images[i : i + 1000][..., channel] for i in range(0, len(images), 1000))
        counts = sum(np.bincount(part.ravel(), minlength=256) for part in parts)
        mean = np.average(levels, weights=counts)
        means.append(float(mean))
        stds.append(float(np.sqrt(np.average((levels - mean) ** 2, weights=counts))))
    return tuple(means), tuple(stds)


def _mirror(batch: Batch, chosen: np.ndarray) -> Batch:
    """Mirror the pictures where `chosen`, bool (B,), is true."""
    images = batch.images.copy()
    for i in np.flatnonzero(chosen).tolist():  # one after the other, and yet five times as fast as NumPy all at once
        cv2.flip(batch.images[i], 1, images[i])
    return replace(batch, images=images)


@lru_cache
def _rows(height: int, pad: int, mode: str) -> np.ndarray:
    """Which row of a picture each row of the padded one is: int64 (H + 2 pad,), -1 for black."""
    settings = {"constant_values": -1} if mode == "constant" else {}
    return np.pad(np.arange(height), pad, mode, **settings)


def _blend(one: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    """`share` of one and the rest of the other, float32; in place, because fresh memory costs more than arithmetic."""
    out = one.astype(np.float32)
    out -= other
    out *= share
    out += other
    return out


def scramble(batch: Batch, rng: np.random.Generator, seed: int = 0) -> Batch:
    """Put the pixels into another order, the same in all pictures: what is left of them without neighbourhoods.

    No augmentation: what has learnt from such pictures is to be tested on such pictures.
    """
    n, height, width, channels = batch.images.shape
    order = np.random.default_rng(seed).permutation(height * width)
    images = batch.images.reshape(n, -1, channels)[:, order].reshape(batch.images.shape)
    return replace(batch, images=images)
