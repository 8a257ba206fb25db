import numpy as np
import pytest

from paddle_course.readers.images import Images, balanced, one_of, proportional, stratified_split
from paddle_course.runtime import UserError


def made(labels, classes=("a", "b", "c")):
    labels = np.array(labels, np.int64)
    pixels = np.arange(len(labels), dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 1), np.uint8)
    return Images(pixels, labels, classes, "letters")


def test_take_keeps_pictures_and_labels_together():
    images = made([0, 1, 2, 1])
    some = images.take(np.array([3, 0]))
    assert some.labels.tolist() == [1, 0] and some.images[:, 0, 0, 0].tolist() == [3, 0]
    assert (some.classes, some.source, len(some)) == (images.classes, "letters", 2)
    assert images.take(images.labels == 1).images[:, 0, 0, 0].tolist() == [1, 3]
    assert len(images.take(slice(0))) == 0


def test_thinned_pictures_keep_every_other_pixel():
    images = Images(np.arange(24, dtype=np.uint8).reshape(1, 4, 6, 1), np.array([0]), ("a",), "grid")
    assert images.thinned(2).images[0, ..., 0].tolist() == [[0, 2, 4], [12, 14, 16]]
    assert images.thinned(1).images.tolist() == images.images.tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": np.zeros((3, 2, 2, 1))}, "float64 .* instead of uint8"),
        ({"images": np.zeros((3, 2, 2), np.uint8)}, "instead of uint8"),
        ({"labels": np.zeros(3, np.uint8)}, "uint8 .* instead of int64"),
        ({"labels": np.zeros((3, 1), np.int64)}, "instead of int64"),
        ({"labels": np.zeros(4, np.int64)}, "3 pictures but 4 labels"),
        ({"labels": np.array([0, 3, 0])}, "label 3 at position 1 is none of the 3 classes"),
        ({"labels": np.array([0, 0, -1])}, "label -1 at position 2"),
    ],
)
def test_what_does_not_fit_together_is_refused_by_name(change, message):
    good = {"images": np.zeros((3, 2, 2, 1), np.uint8), "labels": np.zeros(3, np.int64)}
    Images(**good, classes=("a", "b", "c"), source="letters")
    with pytest.raises(UserError, match=f"^letters: .*{message}"):
        Images(**good | change, classes=("a", "b", "c"), source="letters")


def test_balanced_takes_as_many_of_each_class_and_nests():
    images = made(np.random.default_rng(0).integers(0, 3, 200))
    ten, twenty = balanced(images, 10, seed=4), balanced(images, 20, seed=4)
    assert np.bincount(images.labels[ten]).tolist() == [10, 10, 10]
    assert set(ten) < set(twenty) and len(set(twenty)) == 60
    assert ten.dtype == np.int64 and (np.diff(ten) > 0).all()
    assert (balanced(images, 10, seed=4) == ten).all() and (balanced(images, 10, seed=5) != ten).any()


@pytest.mark.parametrize("per_class", [0, 3])
def test_balanced_says_which_class_is_short(per_class):
    with pytest.raises(UserError, match=r"letters: .*there are 2 of 'b'; ask for 1 to 2"):
        balanced(made([0, 0, 0, 1, 1, 2, 2, 2]), per_class, seed=0)


def test_stratified_split_divides_every_class_alike():
    labels = np.repeat([0, 1, 2], [100, 50, 10])
    first, rest = stratified_split(labels, 0.8, seed=1)
    assert np.bincount(labels[first]).tolist() == [80, 40, 8]
    assert np.sort(np.concatenate([first, rest])).tolist() == list(range(160))
    again, other = stratified_split(labels, 0.8, seed=1)[0], stratified_split(labels, 0.8, seed=2)[0]
    assert (again == first).all() and (other != first).any()


def test_stratified_split_leaves_two_of_a_class_on_both_sides():
    labels = np.array([0, 0, 1, 2, 2, 2])
    for share in (0.01, 0.99):
        first, rest = stratified_split(labels, share, seed=0)
        assert set(labels[first]) == {0, 1, 2} and set(labels[rest]) == {0, 2}
    for share in (0, 1, 1.5):
        with pytest.raises(UserError, match="share between 0 and 1"):
            stratified_split(labels, share, seed=0)


def test_one_of_lists_what_is_known():
    one_of("split", "test", {"train": 1, "test": 2})
    with pytest.raises(UserError, match="split 'valid' is not known; use one of: train, test"):
        one_of("split", "valid", {"train": 1, "test": 2})


def test_proportional_gives_every_class_its_share_and_nests():
    labels = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [60, 30, 10]))
    some, more = proportional(labels, 20, seed=4), proportional(labels, 50, seed=4)
    assert np.bincount(labels[some]).tolist() == [12, 6, 2] and np.bincount(labels[more]).tolist() == [30, 15, 5]
    assert set(some) < set(more) and (np.diff(some) > 0).all() and some.dtype == np.int64
    assert (proportional(labels, 20, seed=5) != some).any()
    assert proportional(labels, 1000, seed=4).tolist() == list(range(100))
