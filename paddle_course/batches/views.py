"""A batch -> versions of it for test time: the mean of what a network says of several views is better than any of them.

Each function takes images, float32 (B, C, H, W), and gives pairs of a weight and images of the same shape; the weights
sum to 1.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

View = tuple[float, np.ndarray]


def one_view(images: np.ndarray) -> Iterator[View]:
    """The pictures as they are."""
    yield 1.0, images


def mirrored(images: np.ndarray) -> Iterator[View]:
    """The pictures and their mirror images, half and half."""
    yield 0.5, images
    yield 0.5, np.ascontiguousarray(images[..., ::-1])


def six_views(images: np.ndarray) -> Iterator[View]:
    """Each mirrored: the pictures (half of the weight), and shifted by one pixel up left and down right, reflected.

    Jordan 2024, arXiv:2404.00498, section 3.5.
    """
    height, width = images.shape[2:]
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="reflect")
    yield from ((weight / 2, view) for weight, view in mirrored(images))
    for shift in (0, 2):
        shifted = padded[:, :, shift : shift + height, shift : shift + width]
        yield from ((weight / 4, view) for weight, view in mirrored(np.ascontiguousarray(shifted)))


def nine_views(images: np.ndarray) -> Iterator[View]:
    """The pictures, and shifted by one pixel in each of the eight directions, the edge repeated; all weigh the same.

    None is mirrored: a mirror image of a digit is no digit.
    """
    height, width = images.shape[2:]
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    for down, right in np.ndindex(3, 3):
        yield 1 / 9, np.ascontiguousarray(padded[:, :, down : down + height, right : right + width])
