import cv2
import numpy as np
import pytest

from paddle_course import readers
from paddle_course.readers import download
from paddle_course.readers.cifar import cifar10
from paddle_course.readers.dogs import make_dogs
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
    assert not (tmp_path / "dogs").exists()
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
    assert not (tmp_path / "dogs").exists()
