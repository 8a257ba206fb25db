import cv2
import numpy as np
import pytest

from paddle_course import readers
from paddle_course.readers import labelled
from paddle_course.readers.labelled import SIDE, read_labelled, write_labelled
from paddle_course.runtime import UserError


def grey(level, height=SIDE, width=SIDE):
    return np.full((height, width), level, np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Ten pictures to learn from, the fourth and every third after it a dog, and two to test on."""
    place = tmp_path / "dogs"
    labels = [int(i % 3 == 0) for i in range(1, 11)]
    write_labelled(place, "train", (grey(20 * i) for i in range(1, 11)), labels, "levels of grey")
    write_labelled(place, "test", [grey(7), grey(9, 30, 60)], [1, 0], "levels of grey")
    return place


def test_the_layout_is_the_courses(folder):
    lines = (folder / "train.csv").read_text().splitlines()
    assert lines[:4] == [
        "imgName,label",
        "/dataSet/train_000001.jpg,0.0",
        "/dataSet/train_000002.jpg,0.0",
        "/dataSet/train_000003.jpg,1.0",
    ]
    assert cv2.imread(str(folder / "dataSet/train_000003.jpg"), cv2.IMREAD_UNCHANGED).shape == (SIDE, SIDE)


def test_pictures_and_labels_come_in_the_order_of_the_file(folder):
    images = read_labelled(folder, "train")
    assert images.images.shape == (10, SIDE, SIDE, 1) and images.classes == ("no dog", "dog")
    assert abs(images.images[:, 100, 100, 0].astype(int) - 20 * np.arange(1, 11)).max() <= 1
    assert images.labels.tolist() == [0, 0, 1] * 3 + [0] and images.source == "levels of grey, train"
    test = read_labelled(folder, "test")
    assert test.labels.tolist() == [1, 0] and test.images[1].mean() == pytest.approx(9, abs=1)


def test_a_choice_has_each_class_in_its_share_and_holds_the_smaller_ones(folder, monkeypatch):
    whole = read_labelled(folder, "train")
    some, more = (read_labelled(folder, "train", count, seed=1) for count in (3, 6))
    levels = [{int(each) for each in images.images[:, 0, 0, 0]} for images in (some, more)]
    assert levels[0] < levels[1] and some.labels.sum() == 1 and more.labels.sum() == 2
    assert len(read_labelled(folder, "train", 99)) == len(whole)
    assert {int(each) for each in read_labelled(folder, "train", 3, seed=2).images[:, 0, 0, 0]} != levels[0]
    with pytest.raises(UserError, match="40,001 pictures of 227 x 227 asked for; ask for 1 to 40,000"):
        read_labelled(folder, "train", 40_001)
    monkeypatch.setattr(labelled, "MOST", 4)  # what lies in the memory is bounded, whatever the file says
    with pytest.raises(UserError, match="ask for 1 to 4"):
        read_labelled(folder, "train", 5)


def test_colours_and_other_sizes_become_grey_squares(folder):
    wide = np.zeros((100, 300, 3), np.uint8)
    wide[..., 0] = 255  # blue, for OpenCV
    cv2.imwrite(str(folder / "dataSet/train_000001.jpg"), wide)
    first = read_labelled(folder, "train").images[0]
    assert first.shape == (SIDE, SIDE, 1) and abs(first.astype(int) - 29).max() <= 2  # 0.114 of blue


def test_names_may_begin_above_the_file_as_with_the_courses_scripts(folder, tmp_path):
    (folder / "dataSet").rename(tmp_path / "dataSet")
    assert len(read_labelled(folder, "train")) == 10


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "must begin with the line imgName,label"),
        (["name,label", "/dataSet/train_000001.jpg,0.0"], "must begin with the line imgName,label"),
        (["imgName,label"], "then name at least one picture"),
        (["imgName,label", "/dataSet/train_000001.jpg,2.0"], "row 2: the label of .* is '2.0', neither 0.0 nor 1.0"),
        (["imgName,label", "/dataSet/train_000001.jpg"], "row 2: the label of .* is ''"),
        (["imgName,label", "/dataSet/gone.jpg,0.0"], r"gone\.jpg cannot be read as a picture"),
        (["imgName,label", "../../etc/passwd,0.0"], "leads out of"),
        (["imgName,label", '"/dataSet,0.0'], "is damaged or no .csv file"),
    ],
)
def test_a_list_that_is_none_is_refused_in_one_line(folder, lines, message):
    (folder / "train.csv").write_text("\n".join(lines))
    with pytest.raises(UserError, match=message) as caught:
        read_labelled(folder, "train")
    assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="split 'valid' is not known; use one of: train, test"):
        read_labelled(folder, "valid")


def test_the_stand_in_is_found_and_read(tmp_path):
    train, test = (readers.load("dogs", split, tmp_path, "stand-in", count=12) for split in ("train", "test"))
    assert train.synthetic and train.source == "stand-in drawn cats and dogs, train"
    assert train.labels.sum() == test.labels.sum() == 6


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "none"])
def test_a_picture_that_cannot_be_is_named(folder, name):
    (folder / "train.csv").write_text(f"imgName,label\n/dataSet/{name}.jpg,1.0\n")
    with pytest.raises(UserError, match="cannot be read as a picture"):
        read_labelled(folder, "train")


def test_where_the_pictures_come_from_is_read_in_any_encoding(folder):
    (folder / "origin.txt").write_bytes("我的狗".encode("gbk") + b" at home\n")
    assert read_labelled(folder, "test").source.endswith(" at home, test")
