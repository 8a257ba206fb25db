import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from paddle_course import readers
from paddle_course.readers import download
from paddle_course.readers.cifar import cifar10
from paddle_course.readers.dogs import made_dogs, make_dogs
from paddle_course.readers.stand_ins import write_stand_in
from paddle_course.runtime import UserError


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def test_cifars_cats_and_dogs_are_enlarged(tmp_path, capsys):
    place = write_stand_in("cifar10", tmp_path, train=3, test=2)
    assert make_dogs(tmp_path) == tmp_path / "dogs"
    assert f"writing {tmp_path / 'dogs'}" in capsys.readouterr().err
    for split, per_class in (("train", 3), ("test", 2)):
        images, cifar = readers.read_labelled(tmp_path / "dogs", split), cifar10(place, split)
        assert images.labels.sum() == per_class and len(images) == 2 * per_class
        kept = cifar.take(np.isin(cifar.labels, (3, 5)))
        assert ((kept.labels == 5) == images.labels).all()
        small = np.stack([cv2.resize(each, (32, 32), interpolation=cv2.INTER_AREA) for each in images.images])
        original = np.stack([cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in kept.images])
        own, other = (abs(small.astype(int) - each).mean() for each in (original, original[::-1]))
        assert own < other / 2  # the same picture in the same place, but for noise that is lost on the way
        assert readers.load("dogs", split, tmp_path).synthetic  # as the pictures they were made of
    with pytest.raises(UserError, match="dogs is there already: delete it"):
        make_dogs(tmp_path)


def test_it_is_made_where_it_is_missing_and_cifar_is_fetched_for_it(tmp_path, monkeypatch):
    def refuse(name, root):
        raise UserError("no connection")

    monkeypatch.setattr(download, "fetch", refuse)
    with pytest.raises(UserError, match="no connection"):
        readers.load("dogs", "train", tmp_path)
    assert not any((tmp_path / "dogs").iterdir())
    monkeypatch.setattr(download, "fetch", lambda name, root: write_stand_in(name, root, train=2, test=1))
    assert len(readers.load("dogs", "train", tmp_path)) == 4
    (tmp_path / "dogs" / "test.csv").unlink()  # broken off: made again
    assert len(readers.load("dogs", "test", tmp_path)) == 2


@pytest.mark.parametrize("form", ["{kind}.{i}.jpg", "{kind}s/{i}.jpg", "some/{kind}/more/{i}.jpg"])
def test_a_folder_of_ones_own(tmp_path, form):
    source = tmp_path / "my pets"
    for i in range(10):
        path = source / form.format(kind=("Dog", "cat")[i % 2], i=i)
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.full((40, 60, 3), 20 * i, np.uint8))
    make_dogs(tmp_path, str(source))
    train, test = (readers.load("dogs", split, tmp_path) for split in ("train", "test"))
    assert (len(train), len(test)) == (8, 2) and train.labels.sum() == 4 and test.labels.sum() == 1
    assert train.source == "pictures of my pets, train" and not train.synthetic
    levels = np.concatenate([each.images[:, 0, 0, 0] for each in (train, test)])
    assert sorted(np.rint(levels / 20).tolist()) == list(range(10))
    assert (np.rint(levels / 20) % 2 == 0).tolist() == [*(train.labels == 1), *(test.labels == 1)]


def test_a_folder_without_dogs_or_without_others_is_no_use(tmp_path):
    with pytest.raises(UserError, match=r"--from .*none: there is no such folder"):
        make_dogs(tmp_path, str(tmp_path / "none"))
    source = tmp_path / "pets"
    write_stand_in("pets", tmp_path)
    for path in source.glob("cat*"):
        path.unlink()
    with pytest.raises(UserError, match=r"4 dogs among 4 pictures; there must be two of each kind"):
        make_dogs(tmp_path, str(source))
    assert not any((tmp_path / "dogs").iterdir())


@pytest.mark.parametrize("there", [("train.csv",), ("train.csv", "backup.csv"), ("dataSet/train_000001.jpg",)])
def test_pictures_of_ones_own_are_never_written_to(tmp_path, there):
    write_stand_in("cifar10", tmp_path, train=2, test=1)
    for name in there:
        path = tmp_path / "dogs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    for make in (made_dogs, make_dogs, lambda root: readers.load("dogs", "train", root)):
        with pytest.raises(
            UserError, match=r"dogs lacks .*test.csv, and its files were not made here: add it, or move"
        ):
            make(tmp_path)
    found = {path.relative_to(tmp_path / "dogs").as_posix() for path in (tmp_path / "dogs").rglob("*.*")}
    assert found == set(there) and all((tmp_path / "dogs" / name).read_text() == "mine" for name in there)


def test_a_third_table_beside_the_two_takes_nothing_away(tmp_path):
    write_stand_in("dogs", tmp_path)
    (tmp_path / "dogs" / "backup.csv").write_text("mine")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "dogs").rglob("*")}
    with pytest.raises(UserError, match="is there already"):
        make_dogs(tmp_path)
    assert made_dogs(tmp_path) == tmp_path / "dogs"
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "dogs").rglob("*")} == before


def test_whoever_comes_second_waits_and_finds_it_made(tmp_path):
    write_stand_in("cifar10", tmp_path, train=2, test=1)
    slow = (
        "import sys, time\nfrom paddle_course.readers import dogs\nwrite = dogs.write_labelled\n"
        "def slowly(*arguments):\n    write(*arguments); print('half', flush=True); time.sleep(0.5)\n"
        "dogs.write_labelled = slowly\nfrom pathlib import Path\ndogs.made_dogs(Path(sys.argv[1]))"
    )
    with subprocess.Popen([sys.executable, "-c", slow, str(tmp_path)], stdout=subprocess.PIPE) as first:
        assert first.stdout.readline() == b"half\n"
        begun = (tmp_path / "dogs" / "train.csv").stat().st_mtime_ns
        start = time.perf_counter()
        images = readers.load("dogs", "test", tmp_path)
        assert time.perf_counter() - start > 0.3 and len(images) == 2
        assert first.wait() == 0 and (tmp_path / "dogs" / "train.csv").stat().st_mtime_ns == begun
