import json
import threading
import time
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pytest

from paddle_course.batches import Batches, flip, mixup, pad_crop, rotate
from paddle_course.runtime import UserError

AUGMENT = (flip, partial(pad_crop, pad=2), partial(rotate, degrees=10))


def same(one, other):
    return all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(one, other, strict=True))


def test_the_order_is_a_function_of_seed_and_epoch(pictures):
    batches = Batches(pictures(), size=16, seed=3)
    first = batches.order(0)
    assert sorted(first) == list(range(50))
    assert np.array_equal(first, Batches(pictures(), size=16, seed=3).order(0))
    assert not np.array_equal(first, batches.order(1))
    assert not np.array_equal(first, Batches(pictures(), size=16, seed=4).order(0))
    assert not np.array_equal(first, np.arange(50))


def test_the_order_cannot_be_spoilt(pictures):
    with pytest.raises(ValueError, match="read-only"):
        Batches(pictures(), size=16).order(0)[0] = 1


def test_without_shuffle_the_order_is_the_data_s(pictures):
    batches = Batches(pictures(), size=16, shuffle=False)
    assert np.concatenate([labels for _, labels in batches.epoch(5)]).tolist() == list(range(50))


def test_every_picture_once_with_its_label(pictures):
    data = pictures()
    seen = []
    for images, labels in Batches(data, size=16).epoch(2):
        np.testing.assert_allclose(images, data.images[labels].transpose(0, 3, 1, 2) / 127.5 - 1, atol=1e-6)
        seen += labels.tolist()
    assert sorted(seen) == list(range(50))


@pytest.mark.parametrize(("drop_last", "sizes"), [(False, [16, 16, 16, 2]), (True, [16, 16, 16])])
def test_the_last_batch(pictures, drop_last, sizes):
    batches = Batches(pictures(), size=16, drop_last=drop_last)
    assert len(batches) == len(sizes)
    assert [len(labels) for _, labels in batches.epoch(0)] == sizes


def test_layout(pictures):
    images, labels = Batches(pictures(side=9, channels=1), size=16, augment=AUGMENT).batch(0, 0)
    assert images.shape == (16, 1, 9, 9)
    assert images.dtype == np.float32 and labels.dtype == np.int64
    assert images.flags.c_contiguous and images.flags.writeable


def test_normalise_per_channel(pictures):
    data, mean, std = pictures(), (0.1, 0.5, 0.9), (0.2, 0.3, 0.4)
    images, labels = Batches(data, size=50, mean=mean, std=std).batch(0, 0)
    expected = (data.images[labels] / 255 - np.array(mean)) / np.array(std)
    np.testing.assert_allclose(images, expected.transpose(0, 3, 1, 2), atol=1e-5)


def test_a_batch_is_the_same_whenever_it_is_asked_for(pictures):
    batches = Batches(pictures(), size=16, augment=(*AUGMENT, partial(mixup, alpha=1.0, classes=50)))
    places = [(epoch, position) for epoch in range(3) for position in range(4)]
    once = {place: batches.batch(*place) for place in places}
    again = {place: batches.batch(*place) for place in reversed(places)}
    looped = {(e, p): batch for e in range(3) for p, batch in enumerate(batches.epoch(e))}
    fresh = Batches(pictures(), size=16, augment=batches.augment)
    for place in places:
        assert same(once[place], again[place])
        assert same(once[place], looped[place])
        assert same(once[place], fresh.batch(*place))


def test_augmentations_change_with_seed_epoch_and_position(pictures):
    draws = set()

    def draw(batch, rng):
        draws.add(rng.integers(1 << 40))
        return batch

    for seed in (0, 1):
        batches = Batches(pictures(), size=16, seed=seed, augment=(draw,))
        for epoch in (0, 1):
            list(batches.epoch(epoch))
    assert len(draws) == 2 * 2 * 4
    assert not draws & {np.random.default_rng([s, e]).integers(1 << 40) for s in (0, 1) for e in (0, 1)}


def test_the_data_stays_as_it_is(pictures):
    data = pictures()
    before = data.images.copy()
    list(Batches(data, size=16, augment=AUGMENT, shuffle=False).epoch(0))
    assert np.array_equal(before, data.images)


def test_an_epoch_can_start_in_its_middle(pictures):
    batches = Batches(pictures(), size=16, augment=AUGMENT)
    whole = list(batches.epoch(4))
    for start in range(len(batches) + 1):
        rest = list(batches.epoch(4, start=start))
        assert len(rest) == len(whole) - start
        assert all(same(a, b) for a, b in zip(rest, whole[start:], strict=True))


@pytest.mark.parametrize("position", [-1, 4])
def test_there_is_no_batch_beyond_the_epoch(pictures, position):
    with pytest.raises(IndexError, match=f"batch {position} of 4"):
        Batches(pictures(), size=16).batch(0, position)


def test_batches_are_made_ahead_but_not_without_bound(pictures):
    made = []

    def note(batch, rng):
        made.append(len(batch.labels))
        return batch

    loop = Batches(pictures(), size=2, augment=(note,)).epoch(0)
    next(loop)
    deadline = time.monotonic() + 10
    while len(made) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert 2 <= len(made) <= 4
    loop.close()


def test_leaving_early_ends_the_thread(pictures):
    for _ in Batches(pictures(), size=2).epoch(0):
        assert any(thread.name.startswith("batches") for thread in threading.enumerate())
        break
    assert not any(thread.name.startswith("batches") for thread in threading.enumerate())


def test_an_error_in_the_thread_arrives_in_the_loop(pictures):
    def fail(batch, rng):
        if 33 in batch.index:
            raise UserError("picture 33 is upside down")
        return batch

    batches, seen = Batches(pictures(), size=1, augment=(fail,), shuffle=False), []
    with pytest.raises(UserError, match="upside down"):
        for _, labels in batches.epoch(0):
            seen += labels.tolist()
    assert seen == list(range(33))
    assert not any(thread.name.startswith("batches") for thread in threading.enumerate())


def test_an_augmentation_must_stay_in_uint8(pictures):
    def halve(batch, rng):
        return replace(batch, images=batch.images / 2)

    with pytest.raises(TypeError, match=r"halve.* returned float64"):
        Batches(pictures(), size=2, augment=(halve,)).batch(0, 0)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"size": 0}, "batch size 0"),
        ({"seed": -1}, "seed -1"),
        ({"size": 51, "drop_last": True}, "noise: 50 images make no batch of 51"),
        ({"mean": (0.1, 0.2)}, "2 values for noise with 3 channels"),
        ({"std": (0.1, 0.0, 0.1)}, "std"),
    ],
)
def test_mistakes_are_told(pictures, settings, told):
    with pytest.raises(UserError, match=told):
        Batches(pictures(), **{"size": 16, **settings})


def test_describe_is_json_and_tells_all(pictures):
    @dataclass(frozen=True, eq=False)
    class Turned(Batches):
        degrees: int = 90  # what a kind adds is told with the rest

    batches = Turned(pictures(), size=16, seed=5, augment=(flip, partial(pad_crop, pad=2)), mean=(0.5, 0.4, 0.3))
    told = batches.describe()
    assert json.loads(json.dumps(told)) == told
    assert told["augment"] == [{"name": "flip"}, {"name": "pad_crop", "pad": 2}]
    assert {key: told[key] for key in ("source", "n", "size", "seed", "synthetic", "mean", "degrees")} == {
        "source": "noise",
        "n": 50,
        "size": 16,
        "seed": 5,
        "synthetic": False,
        "mean": [0.5, 0.4, 0.3],
        "degrees": 90,
    }
