from functools import partial

import numpy as np
import pytest

from paddle_course import batches, readers
from paddle_course.batches import Batch

ALL = {
    "flip": batches.flip,
    "alternating_flip": batches.alternating_flip,
    "pad_crop": partial(batches.pad_crop, pad=2),
    "cutout": partial(batches.cutout, side=4),
    "rotate": partial(batches.rotate, degrees=20),
    "mixup": partial(batches.mixup, alpha=1.0, classes=100),
}


class Rigged:
    """A generator that draws what it is told to."""

    def __init__(self, **draws):
        self.draws = draws

    def __getattr__(self, name):
        return lambda *args: (
            np.broadcast_to(self.draws[name], args[-1]) if isinstance(args[-1], tuple) else self.draws[name]
        )


def noise(n=64, height=10, width=10, channels=3, epoch=0):
    images = np.random.default_rng(1).integers(1, 255, (n, height, width, channels), dtype=np.uint8)
    return Batch(images, np.arange(n) % 100, np.arange(n) * 3, epoch)


def rng(seed=0):
    return np.random.default_rng(seed)


def moved(before, after):
    """Which pictures are not what they were: bool (B,)."""
    return (before.images != after.images).any(axis=(1, 2, 3))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("shape", [(10, 10, 3), (8, 12, 1)])
def test_it_moves_pixels_keeps_the_layout_and_spares_its_input(name, shape):
    batch = noise(64, *shape)
    before = batch.images.copy()
    after = ALL[name](batch, rng())
    assert np.array_equal(batch.images, before)
    assert after.images.dtype == np.uint8 and after.images.shape == batch.images.shape
    assert moved(batch, after).sum() >= 16
    assert np.array_equal(after.index, batch.index) and after.epoch == batch.epoch
    if name != "mixup":
        assert np.array_equal(after.labels, batch.labels)


@pytest.mark.parametrize("name", sorted(ALL.keys() - {"alternating_flip"}))
def test_the_generator_decides(name):
    batch = noise()
    one, again, other = (ALL[name](batch, rng(seed)).images for seed in (0, 0, 1))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_flip_mirrors_about_half_left_to_right():
    batch = noise(1000)
    after = batches.flip(batch, rng())
    mirrored = moved(batch, after)
    assert np.array_equal(after.images[mirrored], batch.images[mirrored, :, ::-1])
    assert 430 < mirrored.sum() < 570
    assert moved(batch, batches.flip(batch, rng(), p=0.1)).sum() < 150
    assert moved(batch, batches.flip(batch, rng(), p=1.0)).all()


def test_alternating_flip_shows_both_ways_in_any_two_epochs():
    batches_of = [noise(1000, epoch=epoch) for epoch in range(4)]
    mirrored = [moved(batch, batches.alternating_flip(batch, rng(batch.epoch))) for batch in batches_of]
    assert 430 < mirrored[0].sum() < 570
    assert np.array_equal(mirrored[1], ~mirrored[0])
    assert np.array_equal(mirrored[2], mirrored[0])
    assert np.array_equal(mirrored[3], mirrored[1])


def test_alternating_flip_belongs_to_the_picture_not_to_its_batch():
    batch = noise(100)
    mirrored = moved(batch, batches.alternating_flip(batch, rng()))
    back = np.arange(100)[::-1]
    half = Batch(batch.images[back][:30], batch.labels[:30], batch.index[back][:30], 0)
    assert np.array_equal(moved(half, batches.alternating_flip(half, rng())), mirrored[back][:30])
    assert not np.array_equal(mirrored, moved(batch, batches.alternating_flip(batch, rng(), seed=1)))


@pytest.mark.parametrize("mode", ["reflect", "constant"])
def test_pad_crop_cuts_from_the_padded_picture(mode):
    batch = noise(500)
    after = batches.pad_crop(batch, rng(), pad=2, mode=mode)
    padded = np.pad(batch.images, ((0, 0), (2, 2), (2, 2), (0, 0)), mode=mode)
    shifts = set()
    for picture, big in zip(after.images, padded, strict=True):
        found = [(y, x) for y in range(5) for x in range(5) if np.array_equal(picture, big[y : y + 10, x : x + 10])]
        assert len(found) == 1
        shifts.add(found[0])
    assert len(shifts) == 25  # every shift from -2 to 2 happens, the two ends included


@pytest.mark.parametrize("mode", ["reflect", "constant"])
@pytest.mark.parametrize(("shape", "pad"), [((10, 10, 3), 0), ((8, 12, 1), 3), ((5, 4, 3), 9), ((1, 6, 2), 4)])
def test_pad_crop_pads_like_numpy_even_by_more_than_the_picture(shape, pad, mode):
    batch = noise(40, *shape)
    draws = np.random.default_rng(2).integers(0, 2 * pad + 1, (2, 40))
    after = batches.pad_crop(batch, Rigged(integers=draws), pad=pad, mode=mode).images
    padded = np.pad(batch.images, ((0, 0), (pad, pad), (pad, pad), (0, 0)), mode=mode)
    for i, (down, right) in enumerate(draws.T):
        assert np.array_equal(after[i], padded[i, down : down + shape[0], right : right + shape[1]])


def test_cutout_covers_one_square():
    batch = noise(500, 12, 12)
    holes = (batches.cutout(batch, rng(), side=4, fill=0).images == 0).all(axis=-1)
    rows, columns = holes.any(axis=2).sum(axis=1), holes.any(axis=1).sum(axis=1)
    assert np.array_equal(holes.sum(axis=(1, 2)), rows * columns)
    assert rows.max() == columns.max() == 4 and rows.min() == columns.min() == 2


def test_cutout_takes_a_colour():
    after = batches.cutout(noise(8), Rigged(integers=5), side=2, fill=(1, 2, 3))
    assert (after.images[:, 4:6, 4:6] == (1, 2, 3)).all()


@pytest.mark.parametrize("turns", [-1, 0, 1, 2])
def test_rotate_by_right_angles_is_exact(turns):
    batch = noise(4)
    after = batches.rotate(batch, Rigged(uniform=np.full(4, 90 * turns)), degrees=180)
    assert np.array_equal(after.images, np.rot90(batch.images, turns, axes=(1, 2)))


def test_rotate_is_bilinear_and_stays_within_its_range():
    ramp = np.broadcast_to(np.arange(0, 200, 10, dtype=np.uint8)[:, None], (20, 20))
    batch = Batch(np.stack([ramp[..., None]] * 200), np.zeros(200, np.int64), np.arange(200), 0)
    middle = batches.rotate(batch, rng(), degrees=30).images[:, 5:15, 5:15, 0].astype(float)
    angles = np.rad2deg(
        np.arctan2((middle[:, :, -1] - middle[:, :, 0]).mean(1), (middle[:, -1] - middle[:, 0]).mean(1))
    )
    assert np.abs(angles).max() < 31 and np.abs(angles).max() > 27
    assert angles.min() < -25 and angles.max() > 25
    slopes = np.hypot(middle[:, :, -1] - middle[:, :, 0], (middle[:, -1] - middle[:, 0])).mean(1) / 9
    np.testing.assert_allclose(slopes, 10, atol=0.5)


def test_rotate_fills_the_corners():
    white = Batch(np.full((4, 20, 20, 1), 255, np.uint8), np.zeros(4, np.int64), np.arange(4), 0)
    turned = batches.rotate(white, Rigged(uniform=[45] * 4), degrees=45).images
    assert (turned[:, 0, 0] == 0).all() and (turned[:, 10, 10] == 255).all()
    assert (batches.rotate(white, Rigged(uniform=[45] * 4), degrees=45, mode="reflect").images == 255).all()


def test_mixup_blends_pictures_and_labels_alike():
    batch = noise(6)
    partner = np.array([1, 0, 3, 2, 5, 4])
    after = batches.mixup(batch, Rigged(beta=0.25, permutation=partner), alpha=1.0, classes=6)
    expected = 0.25 * batch.images + 0.75 * batch.images[partner]
    assert np.abs(after.images - expected).max() <= 0.5
    assert after.labels.dtype == np.float32
    assert np.array_equal(after.labels, (0.25 * np.eye(6) + 0.75 * np.eye(6)[partner]).astype(np.float32))


def test_mixup_twice_still_sums_to_one():
    twice = batches.mixup(batches.mixup(noise(), rng(1), alpha=1.0, classes=100), rng(2), alpha=1.0, classes=100)
    np.testing.assert_allclose(twice.labels.sum(axis=1), 1, atol=1e-6)
    assert (twice.labels > 0).sum(axis=1).max() == 4


def test_channel_statistics_are_exact():
    images = np.random.default_rng(0).integers(0, 256, (2345, 3, 4, 3), dtype=np.uint8)
    images[..., 1] //= 3
    mean, std = batches.channel_statistics(images)
    np.testing.assert_allclose(mean, (images / 255).mean(axis=(0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(std, (images / 255).std(axis=(0, 1, 2)), rtol=1e-12)
    assert all(type(value) is float for value in mean + std)


def test_channel_statistics_of_cifar10_are_the_well_known_ones(real_data):
    folder = real_data / "cifar-10-batches-py"
    if not folder.is_dir():
        return  # the test above is its twin
    images = readers.cifar10(folder, "train").images
    mean, std = batches.channel_statistics(images)
    assert np.round(mean, 4).tolist() == [0.4914, 0.4822, 0.4465]
    assert np.round(std, 4).tolist() == [0.2470, 0.2435, 0.2616]


def test_scramble_gives_every_picture_the_same_other_order():
    batch = noise(4)
    after = batches.scramble(batch, rng()).images
    assert after.dtype == np.uint8 and after.shape == batch.images.shape
    flat, mixed = batch.images.reshape(4, 100, 3), after.reshape(4, 100, 3)
    order = [int(np.flatnonzero((flat[0] == pixel).all(1))[0]) for pixel in mixed[0]]
    assert sorted(order) == list(range(100)) and order != sorted(order)
    assert (flat[:, order] == mixed).all()
    assert (batches.scramble(batch, rng(1)).images == after).all()  # of test pictures, too
    assert (batches.scramble(batch, rng(), seed=1).images != after).any()


def test_growing_shows_squares_first_and_then_the_whole_shifted_picture():
    batch = noise(200, 10, 12)
    parts = batches.growing(batch, rng(), sides=[7, 9]).images
    assert parts.shape == (200, 7, 7, 3)
    places = {
        next(place for place in np.ndindex(4, 6) if np.array_equal(part, whole[place[0] :, place[1] :][:7, :7]))
        for part, whole in zip(parts, batch.images, strict=True)
    }
    assert places == set(np.ndindex(4, 6))  # anywhere, the edges too
    assert batches.growing(noise(epoch=1), rng(), sides=[7, 9]).images.shape == (64, 9, 9, 3)
    later = noise(64, epoch=2)
    shown = batches.growing(later, rng(), sides=[7, 9], pad=3).images
    assert np.array_equal(shown, batches.pad_crop(later, rng(), pad=3).images)
