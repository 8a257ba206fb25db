"""The course's mnist.json.gz: the pictures of the idx files come back, whatever the scale, and nothing else does."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from paddle_course import readers
from paddle_course.readers import locate
from paddle_course.readers.mnist_json import BLOCK, MODES, MOST, SCALES, course_mnist, write_course_mnist
from paddle_course.readers.stand_ins import write_stand_in
from paddle_course.runtime import UserError


@pytest.fixture(scope="module")
def parts(tmp_path_factory, real_data):
    """Pictures out of the four idx files: the real ones where they lie, stand-ins elsewhere."""
    real = (real_data / "mnist").is_dir()
    place = real_data / "mnist" if real else write_stand_in("mnist", tmp_path_factory.mktemp("idx"))
    train, test = (readers.mnist(place, split) for split in ("train", "test"))
    return {"train": train.take(slice(40)), "valid": train.take(slice(40, 55)), "eval": test.take(slice(10))}


@pytest.fixture
def file(tmp_path, parts):
    write_course_mnist(tmp_path / "mnist.json.gz", parts)
    return tmp_path / "mnist.json.gz"


def packed(path: Path, data: object) -> Path:
    path.write_bytes(gzip.compress((data if isinstance(data, str) else json.dumps(data)).encode()))
    return path


@pytest.mark.parametrize("scale", SCALES)
def test_pictures_of_the_idx_files_come_back_whatever_the_scale(tmp_path, parts, scale):
    write_course_mnist(tmp_path / "file", parts, scale)
    for mode in MODES:
        found = course_mnist(tmp_path / "file", mode)
        assert (found.images.shape[1:], found.classes) == ((28, 28, 1), readers.mnist.__globals__["DIGITS"])
        np.testing.assert_array_equal(found.images, parts[mode].images)
        np.testing.assert_array_equal(found.labels, parts[mode].labels)
        assert found.source == f"file {mode}" and not found.synthetic
    both = course_mnist(tmp_path / "file", "train", "valid")
    assert both.labels.tolist() == [*parts["train"].labels, *parts["valid"].labels]


def test_it_is_json_as_the_course_reads_it(file, parts):
    train, valid, test = json.loads(gzip.decompress(file.read_bytes()))
    assert [len(each) for each in (train, valid, test)] == [2, 2, 2]
    images, labels = test
    assert labels == parts["eval"].labels.tolist()
    assert np.array(images).shape == (10, 784) and np.array(images).max() <= 1
    np.testing.assert_allclose(np.array(images) * 255, parts["eval"].images.reshape(10, -1), atol=1e-9)


def test_numbers_rounded_to_three_decimals_and_blanks_between_them_do_no_harm(tmp_path, parts):
    whole = [[[[round(p / 255, 3) for p in image.ravel().tolist()] for image in each.images], each.labels.tolist()]
             for each in parts.values()]  # fmt: skip
    found = course_mnist(packed(tmp_path / "file", f" {json.dumps(whole, indent=1)}\n "), "eval")
    np.testing.assert_array_equal(found.images, parts["eval"].images)


def test_more_pictures_than_are_parsed_at_once(tmp_path, parts):
    many = parts["train"].take(np.arange(BLOCK + 7) % 40)
    write_course_mnist(tmp_path / "file", parts | {"valid": many})
    np.testing.assert_array_equal(course_mnist(tmp_path / "file", "valid").images, many.images)


def test_memory_is_far_below_that_of_the_parsed_file(tmp_path, parts):
    write_course_mnist(tmp_path / "file", parts | {"train": parts["train"].take(np.arange(600) % 40)})
    tracemalloc.start()
    try:
        course_mnist(tmp_path / "file", "train")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 600 * 784 * 32 / 2  # bytes of the numbers that Python would make of it


ROW, GREY = [0] * 783, [0] * 783 + [0.5]
GOOD = [[[GREY], [3]]] * 3


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "it ends"),
        ({}, "'{' stands where"),
        ("[[[[0, 0", "it ends within a list"),
        (json.dumps(GOOD)[:-2], "it ends"),
        (json.dumps(GOOD) + "x", "'x' stands where the end should"),
        (GOOD[:2], r"']' stands where , should"),
        ([*GOOD, GOOD[0]], "',' stands where ] should"),
        ([[[], [3]]] * 3, r"']' stands where \["),
        ([[[ROW], [3]]] * 3, "a picture has 783 numbers instead of 784"),
        ([[[GREY, GREY], [3]]] * 3, "the labels of train has 1 numbers instead of 2"),
        ([[[[*ROW, "1"]], [3]]] * 3, "a picture holds something else than numbers"),
        ([[[[*ROW, None]], [3]]] * 3, "a picture holds something else than numbers"),
        ([[[[*ROW, True]], [3]]] * 3, "a picture holds something else than numbers"),
        ([[[[*ROW, {"a": 1}]], [3]]] * 3, "something else than numbers"),
        ([[[GREY], [3.5]]] * 3, "labels of train holds something else than numbers"),
        ([[[[*ROW, 256]], [3]]] * 3, r"pixels, 0 to 256, are in none of 0..1, 0..255/256, -1..1, 0..255"),
        ([[[[*ROW, float("nan")]], [3]]] * 3, "pixels, nan to nan"),
        ([[[[*ROW, 0.4325]], [3]]] * 3, r"pixels, 0 to 0.4325"),
        ([[[[*ROW, 10**400]], [3]]] * 3, "too large"),
        ([[[[*ROW, 1e400]], [3]]] * 3, "pixels, 0 to inf"),
        ("[[[[" + "[" * 20_000 + "]", "is not the course's MNIST"),
        ("[[[[" + "1" * 40_000, "a list is longer than 784 numbers"),
    ],
)
def test_what_is_no_such_file_is_refused_in_one_line(tmp_path, data, message):
    path = packed(tmp_path / "file", data)
    with pytest.raises(UserError, match=message) as caught:
        course_mnist(path, "train")
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)
    assert str(caught.value).endswith("delete it and get it again")


def test_a_label_that_is_no_digit_and_an_unknown_mode(tmp_path, file):
    with pytest.raises(UserError, match="label 10 at position 0"):
        course_mnist(packed(tmp_path / "other", [[[GREY], [10]]] * 3), "eval")
    with pytest.raises(UserError, match="mode 'test' is not known; use one of: train, valid, eval"):
        course_mnist(file, "test")


def test_a_bomb_ends_where_it_becomes_one(tmp_path, monkeypatch):
    monkeypatch.setattr("paddle_course.readers.mnist_json.MOST", 100)
    bomb = packed(tmp_path / "bomb", [[[[*ROW, 0]] * 101, [0] * 101]] * 3)
    with pytest.raises(UserError, match="a part has more than 100 pictures"):
        course_mnist(bomb, "eval")  # in a part that is only gone over
    assert MOST == 60_000
    path = tmp_path / "blanks"
    path.write_bytes(gzip.compress(b" " * 50_000_000))
    with pytest.raises(UserError, match="it ends"):
        course_mnist(path, "train")


@pytest.mark.parametrize("mode", MODES)
def test_a_file_cut_off_anywhere_is_refused_for_every_mode(tmp_path, file, mode):
    raw = file.read_bytes()
    for end in (0, 1, 20, len(raw) // 3, len(raw) - 9, len(raw) - 1):
        (tmp_path / "cut").write_bytes(raw[:end])
        with pytest.raises(UserError, match=r"cut (cannot be read|is not the course's MNIST)"):
            course_mnist(tmp_path / "cut", mode)
    (tmp_path / "wrong").write_bytes(raw[:-8] + b"\0" * 8)
    with pytest.raises(UserError, match=r"cannot be read .*CRC"):
        course_mnist(tmp_path / "wrong", mode)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    (tmp_path / "text").write_text("no gzip")
    for path in (tmp_path / "none", tmp_path, tmp_path / "text"):
        with pytest.raises(UserError, match="cannot be read"):
            course_mnist(path, "train")


@pytest.mark.parametrize("place", ["mnist.json.gz", "mnist/mnist.json.gz"])
def test_it_is_found_beside_the_idx_files_which_come_first(tmp_path, file, parts, place, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    root = tmp_path / "root"
    (root / place).parent.mkdir(parents=True)
    file.rename(root / place)
    assert locate.folder("mnist", root) == root / place
    train, test = (locate.load("mnist", split, root) for split in ("train", "test"))
    assert (len(train), len(test)) == (55, 10) and train.source == "mnist.json.gz train + valid"
    np.testing.assert_array_equal(test.images, parts["eval"].images)
    with pytest.raises(UserError, match="split 'valid'"):
        locate.load("mnist", "valid", root)
    for half, part in (("train", parts["valid"]), ("t10k", parts["eval"])):
        readers.write_idx(root / f"mnist/{half}-images-idx3-ubyte.gz", part.images[..., 0])
        readers.write_idx(root / f"mnist/{half}-labels-idx1-ubyte.gz", part.labels.astype(np.uint8))
    assert len(locate.load("mnist", "train", root)) == 15


def test_its_stand_in_holds_the_pictures_of_the_four_files_and_is_synthetic(tmp_path):
    four, one = (write_stand_in(name, tmp_path / name, train=6, test=2) for name in ("mnist", "mnist.json.gz"))
    assert one.name == "mnist.json.gz"
    for split in ("train", "test"):
        found = locate.load("mnist", split, one.parent)
        np.testing.assert_array_equal(found.images, readers.mnist(four, split).images)
        assert found.synthetic and found.source.startswith("stand-in")
    assert [len(course_mnist(one, mode)) for mode in MODES] == [50, 10, 20]
