"""Deformed pictures: each kind of deformation alone is what it says, and no picture sees its neighbours."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from paddle_course.batches import Batch, deform
from paddle_course.batches.deform import MOST
from tests.batches.test_augment import Rigged, moved, noise, rng

HAND = {"degrees": 15, "scale": 0.15, "shear": 0.2, "shift": 2, "elastic": 1.0}


class Turns(Rigged):
    """A generator whose draws come one after the other: (angle, slant), (width, height), (right, below)."""

    def __init__(self, *draws: object, normal: float = 0.0):
        self.draws, self.normal = list(draws), normal

    def uniform(self, low: float, high: float, shape: tuple[int, int]) -> np.ndarray:
        one = np.array(self.draws.pop(0), float)[:, None]
        assert (low <= one).all() and (one <= high).all()
        return np.broadcast_to(one, shape)

    def standard_normal(self, shape: tuple[int, ...], dtype: type) -> np.ndarray:
        return np.full(shape, self.normal, dtype)


def dot(n: int = 3, side: int = 29, row: int = 14, column: int = 14) -> Batch:
    """A blurred dot, whose middle can be found to a tenth of a pixel."""
    image = np.zeros((side, side), np.uint8)
    image[row, column] = 255
    image = cv2.GaussianBlur(image, (0, 0), 1.5)
    image = (image.astype(float) * 250 / image.max()).astype(np.uint8)
    return Batch(np.stack([image[..., None]] * n), np.zeros(n, np.int64), np.arange(n), 0)


def middle(images: np.ndarray) -> np.ndarray:
    """Centre of mass (row, column) of each picture."""
    weight = images[..., 0].astype(float)
    rows, columns = np.mgrid[: images.shape[1], : images.shape[2]]
    return np.stack([(weight * each).sum((1, 2)) / weight.sum((1, 2)) for each in (rows, columns)], 1)


@pytest.mark.parametrize("shape", [(10, 10, 3), (8, 12, 1), (28, 28, 1)])
def test_it_moves_pixels_keeps_the_layout_and_spares_its_input(shape: tuple[int, ...]) -> None:
    batch = noise(64, *shape)
    before = batch.images.copy()
    after = deform(batch, rng(), **HAND)
    assert np.array_equal(batch.images, before)
    assert after.images.dtype == np.uint8 and after.images.shape == batch.images.shape
    assert moved(batch, after).all()
    assert np.array_equal(after.labels, batch.labels) and np.array_equal(after.index, batch.index)


def test_the_generator_decides() -> None:
    one, again, other = (deform(noise(), rng(seed), **HAND).images for seed in (0, 0, 1))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_without_settings_nothing_moves() -> None:
    for shape in ((10, 10, 3), (7, 12, 1)):
        batch = noise(5, *shape)
        assert np.array_equal(deform(batch, rng()).images, batch.images)


@pytest.mark.parametrize("turns", [-1, 1, 2])
def test_a_right_angle_is_exact_and_counter_clockwise(turns: int) -> None:
    batch = noise(4)
    after = deform(batch, Turns((turns / 2, 0), (1, 1), (0, 0)), degrees=180)
    assert np.abs(after.images.astype(int) - np.rot90(batch.images, turns, axes=(1, 2))).max() <= 1


def test_a_shift_shows_black_and_never_a_neighbour() -> None:
    white = Batch(np.full((5, 6, 8, 1), 255, np.uint8), np.zeros(5, np.int64), np.arange(5), 0)
    after = deform(white, Turns((0, 0), (1, 1), (-3, 2)), shift=3).images[..., 0]
    expected = np.zeros((6, 8), np.uint8)
    expected[:-2, 3:] = 255  # what is read two rows below and three columns to the left comes up and to the right
    assert (after == expected).all()
    far = deform(white, Turns((0, 0), (1, 1), (0, 90)), shift=90)
    assert not far.images.any()


def test_scale_makes_larger_and_slant_leans() -> None:
    below, beside = dot(row=20), dot(column=20)
    for batch, (width, height), (row, column) in ((below, (1, 1.5), (23, 14)), (beside, (0.5, 1), (14, 17))):
        after = deform(batch, Turns((0, 0), (width, height), (0, 0)), scale=0.5)
        np.testing.assert_allclose(middle(after.images)[0], (row, column), atol=0.2)
    leaning = deform(below, Turns((0, 1), (1, 1), (0, 0)), shear=0.5)
    np.testing.assert_allclose(middle(leaning.images)[0], (20, 11), atol=0.2)


def test_elastic_moves_by_its_standard_deviation_and_neighbours_together() -> None:
    count = 600
    for elastic in (0.5, 1.5):
        batch = dot(count)
        off = middle(deform(batch, rng(), elastic=elastic, sigma=6).images) - 14
        assert off.std(0) == pytest.approx([elastic, elastic], rel=0.15)
        assert np.abs(np.corrcoef(off.T)[0, 1]) < 0.15  # down and right are drawn apart
    one, near, far = (
        middle(deform(dot(count, column=column), rng(), elastic=1.0, sigma=3).images)[:, 1] - column
        for column in (6, 8, 24)
    )
    assert np.corrcoef(one, near)[0, 1] > 0.7  # the same draws: two pixels apart they move alike
    assert np.abs(np.corrcoef(one, far)[0, 1]) < 0.2


def test_elastic_is_the_filtered_noise_of_the_paper() -> None:
    """alpha = 6.14 sigma elastic: uniform noise in -1..1 behind a Gaussian, times alpha, has this spread."""
    field = cv2.GaussianBlur(np.random.default_rng(0).uniform(-1, 1, (400, 400)), (0, 0), 4) * 34
    assert field.std() == pytest.approx(34 / (6.14 * 4), rel=0.1)


def test_more_pictures_than_opencv_takes_at_once() -> None:
    count = MOST // 10 + 7
    batch = noise(count, 8, 8, 1)
    after = deform(batch, rng(), **HAND).images
    assert moved(batch, Batch(after, batch.labels, batch.index, 0)).all()
    turned = deform(batch, Turns((1, 0), (1, 1), (0, 0)), degrees=180).images
    assert np.abs(turned.astype(int) - batch.images[:, ::-1, ::-1]).max() <= 1
