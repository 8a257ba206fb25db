"""Batch -> batch: every picture turned, scaled, slanted, shifted and bent, in one interpolation for the whole batch."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np

from paddle_course.batches.pipeline import Batch

MOST = 32_000  # rows and columns of a picture that OpenCV still remaps


def deform(
    batch: Batch,
    rng: np.random.Generator,
    degrees: float = 0.0,
    scale: float = 0.0,
    shear: float = 0.0,
    shift: float = 0.0,
    elastic: float = 0.0,
    sigma: float = 5.0,
) -> Batch:
    """Deform each picture about its centre, bilinear; black comes into view.

    Drawn evenly for each picture: its angle within `degrees`; the factors of its width and of its height, each within
    1 - scale .. 1 + scale; its slant, within `shear` pixels to the side for each pixel down; its shift, within `shift`
    pixels along each side.

    `elastic` lets a hand tremble (Simard, Steinkraus and Platt 2003): each pixel comes from a place that lies off by a
    random field, smooth over `sigma` pixels, whose standard deviation along each side is `elastic` pixels. The paper's
    alpha is 6.14 sigma elastic: its 34 at sigma = 4 is 1.4 pixels.
    """
    n, height, width, _ = batch.images.shape
    angle, slant = rng.uniform(-1, 1, (2, n)) * ((math.radians(degrees),), (shear,))
    across, down = 1 / rng.uniform(1 - scale, 1 + scale, (2, n))
    right, below = rng.uniform(-shift, shift, (2, n))
    cos, sin = np.cos(angle), np.sin(angle)
    # Where each pixel of the result comes from: turn @ slant @ scale. A term for its column and one for its row.
    u, v = np.arange(width) - (width - 1) / 2, np.arange(height) - (height - 1) / 2
    x = _sum(cos * across, u, (cos * slant - sin) * down, v, right + (width - 1) / 2)
    y = _sum(sin * across, u, (sin * slant + cos) * down, v, below + (height - 1) / 2)
    if elastic:
        field = _smooth(height, sigma) @ rng.standard_normal((2, n, *_modes(height, width, sigma)), np.float32)
        field = field @ _smooth(width, sigma).T * np.float32(elastic)
        x, y = x + field[0], y + field[1]
    images, most = np.empty_like(batch.images), MOST // (height + 2)
    for i in range(0, n, most):
        images[i : i + most] = _remap(batch.images[i : i + most], x[i : i + most], y[i : i + most])
    return replace(batch, images=images)


def _sum(a: np.ndarray, u: np.ndarray, b: np.ndarray, v: np.ndarray, c: np.ndarray) -> np.ndarray:
    """a u + b v + c for each picture (B,), column u (W,) and row v (H,): float32 (B, H, W)."""
    columns, rows = a[:, None] * u + c[:, None], b[:, None] * v
    return rows.astype(np.float32)[:, :, None] + columns.astype(np.float32)[:, None, :]


def _remap(images: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Pixels (B, H, W, C) from the places x, y (B, H, W): one call of OpenCV, in which Python's lock is free.

    The pictures stand one below the other, each in a black frame one pixel wide, which is where all that lies outside
    comes from.
    """
    n, height, width, channels = images.shape
    framed = np.zeros((n, height + 2, width + 2, channels), np.uint8)
    framed[:, 1:-1, 1:-1] = images
    x = np.clip(x + 1, 0, width + 1)
    y = np.clip(y + 1, 0, height + 1) + np.arange(0, n * (height + 2), height + 2, dtype=np.float32)[:, None, None]
    tall = framed.reshape(-1, width + 2, channels)
    return cv2.remap(tall, x.reshape(-1, width), y.reshape(-1, width), cv2.INTER_LINEAR).reshape(images.shape)


@lru_cache
def _smooth(size: int, sigma: float) -> np.ndarray:
    """What makes a smooth line of `size` pixels of a few standard normal numbers: float32 (size, modes).

    White noise behind a Gaussian filter has the covariance exp(-d^2 / 4 sigma^2), which a few eigenvectors make up.
    """
    distance = np.subtract.outer(np.arange(size), np.arange(size))
    values, vectors = np.linalg.eigh(np.exp(-(distance**2) / (4 * sigma**2)))
    keep = values > 1e-3 * values[-1]
    factor = vectors[:, keep] * np.sqrt(values[keep])
    return (factor / np.linalg.norm(factor, axis=1, keepdims=True)).astype(np.float32)  # variance 1 at each pixel


def _modes(height: int, width: int, sigma: float) -> tuple[int, int]:
    """How many numbers a smooth field of a picture is made of, along each side."""
    return _smooth(height, sigma).shape[1], _smooth(width, sigma).shape[1]
