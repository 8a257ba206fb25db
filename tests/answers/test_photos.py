"""Own photos: how they are prepared, what is called strange, and which property goes with mistakes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paddle_course import batches, models, readers
from paddle_course.answers import photos


def sight(guess: list[int], confidence: list[float], distance: list[float]) -> photos.Sight:
    chances = np.full((len(guess), 3), 0.0)
    for row, (index, share) in enumerate(zip(guess, confidence, strict=True)):
        chances[row] = (1 - share) / 2
        chances[row, index] = share
    zeros = np.zeros(len(guess))
    return photos.Sight(
        np.zeros((len(guess), 2, 2, 3), np.uint8), chances, zeros.astype(int), np.array(distance), zeros
    )


def test_crop_takes_the_middle_and_squash_takes_all() -> None:
    photo = np.zeros((20, 60, 3), np.uint8)
    photo[:, 20:40] = 255  # the middle square is white
    assert photos.shrink([photo], 10, crop=True).min() == 255
    assert 60 < photos.shrink([photo], 10, crop=False).mean() < 110
    photo[5:15, 25:35] = 7
    assert photos.shrink([photo], 10, crop=True, zoom=0.5).max() == 7


@pytest.mark.parametrize(("name", "label"), [("dog.12.jpg", 1), ("Cat_3.png", 0), ("IMG_77.jpg", -1), ("dogs.jpg", -1)])
def test_names_tell_the_class(name: str, label: int) -> None:
    assert photos.label_of(Path(name), ("cat", "dog")) == label


def test_strange_is_what_the_test_pictures_are_not() -> None:
    many = 100
    test = sight([0] * many, list(np.linspace(0.5, 0.99, many)), list(np.linspace(1, 2, many)))
    least, farthest = photos.limits(test, np.zeros(many, int))
    assert least == pytest.approx(0.5245, abs=1e-3)
    assert farthest == pytest.approx(1.95, abs=1e-2)
    odd = photos.strange(sight([0, 1, 2], [0.9, 0.4, 0.9], [1.5, 1.5, 9.0]), least, farthest)
    assert odd.tolist() == [False, True, True]


def test_the_reason_is_the_property_that_goes_with_mistakes() -> None:
    found = photos.reasons(sight([0, 0, 1, 1], [0.9, 0.9, 0.9, 0.8], [1, 2, 8, 9]), np.array([0, 0, 0, 0]))
    assert found["far from the training pictures"] == 1
    assert found["little contrast"] == 0.5
    assert photos.reasons(sight([0], [0.9], [1]), np.array([0])) == {}


def test_photos_that_nobody_named_are_left_out_of_the_reasons() -> None:
    seen = sight([0, 0, 1, 1, 2], [0.9, 0.9, 0.9, 0.8, 0.9], [1, 2, 8, 9, 0])
    assert photos.reasons(seen, np.array([0, 0, 0, 0, -1]))["far from the training pictures"] == 1
    assert photos.reasons(seen, np.full(5, -1)) == {}


def test_a_training_picture_is_its_own_nearest(tmp_path: Path) -> None:
    train = readers.load("cifar10", "train", tmp_path, "stand-in")
    view = photos.Viewer(models.build("camp"), batches.Batches(train, 64))
    seen = view(train.images[:20])
    assert seen.nearest.tolist() == list(range(20))
    assert seen.distance.max() < 1e-2
    assert seen.contrast.min() > 0
    found = readers.pictures(readers.folder("pets", tmp_path, "stand-in"))
    study = photos.study(view.net, view.like, readers.load("cifar10", "test", tmp_path, "stand-in"), found)
    assert {name: right.mean() for name, right in study.same.right.items()} == study.right
    assert set(study.right) == set(photos.WAYS)
    assert study.told == study.count == 8
    assert {piece.name for piece in study.pieces if hasattr(piece, "png")} == {"photos", "nearest"}


def test_the_test_pictures_are_weighed_as_the_photos_are() -> None:
    labels = np.repeat([0, 1, 2], 4)
    right = np.array([1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0], bool)
    assert photos.weighted(right, labels, np.array([0] * 12 + [1])) == pytest.approx((12 * 0.5 + 1) / 13)
    assert photos.weighted(right, labels, np.array([2, 7])) == 0.0  # of a class that the set lacks nothing is known
    assert photos.weighted(right, labels, np.array([], int)) == 0.0
