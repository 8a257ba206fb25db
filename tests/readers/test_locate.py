import contextlib
from pathlib import Path

import numpy as np
import pytest

from paddle_course.readers import download, locate
from paddle_course.readers.idx import FASHION
from paddle_course.readers.stand_ins import MARKER, write_stand_in
from paddle_course.runtime import ROOT, UserError


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """A home without caches, no variable, and a network that must not be asked."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PADDLE_COURSE_DATA", raising=False)

    def fetch(name, root):
        raise UserError(f"asked the network for {name} into {root}")

    monkeypatch.setattr(download, "fetch", fetch)


def test_the_data_root_is_the_flag_then_the_variable_then_the_folder(monkeypatch):
    assert locate.data_root() == locate.data_root("") == ROOT / "data"
    monkeypatch.setenv("PADDLE_COURSE_DATA", "/elsewhere")
    assert locate.data_root("") == Path("/elsewhere") and locate.data_root("here") == Path("here")
    assert locate.data_root("~/x") == Path.home() / "x"


def test_cifar10_is_found_in_each_of_its_containers(tmp_path, cifar10_files):
    _, labels = cifar10_files.expected("test")
    for pack, name in (
        (cifar10_files.folder, "cifar-10-batches-py"),
        (cifar10_files.tar, "cifar-10-python.tar.gz"),
        (cifar10_files.bins, "cifar-10-batches-bin"),
    ):
        root = tmp_path / pack.__name__
        root.mkdir()
        place = pack(root / name)
        assert locate.folder("cifar10", root) == place
        found = locate.load("cifar10", "test", root)
        assert found.labels.tolist() == labels.tolist() and not found.synthetic and found.source == "CIFAR-10 test"


def test_the_variable_is_looked_at(tmp_path, cifar100_files, monkeypatch):
    cifar100_files.folder(tmp_path / "cifar-100-python")
    monkeypatch.setenv("PADDLE_COURSE_DATA", str(tmp_path))
    assert len(locate.load("cifar100", "train")) == 7


def test_paddles_cache_is_looked_at_last(tmp_path, cifar10_files):
    cache = tmp_path / "home" / ".cache" / "paddle" / "dataset" / "cifar"
    cache.mkdir(parents=True)
    cifar10_files.tar(cache / "cifar-10-python.tar.gz")
    assert locate.folder("cifar10", tmp_path / "empty") == cache / "cifar-10-python.tar.gz"
    cifar10_files.folder(tmp_path / "cifar-10-batches-py")
    assert locate.folder("cifar10", tmp_path) == tmp_path / "cifar-10-batches-py"


def test_what_is_nowhere_is_fetched_and_then_read(tmp_path, cifar10_files, monkeypatch):
    with pytest.raises(UserError, match=f"asked the network for cifar10 into {tmp_path}"):
        locate.load("cifar10", "train", tmp_path)
    monkeypatch.setattr(download, "fetch", lambda name, root: cifar10_files.tar(root / "cifar-10-python.tar.gz"))
    assert len(locate.load("cifar10", "train", tmp_path)) == 35


def test_half_of_mnist_is_not_mnist(tmp_path):
    place = write_stand_in("mnist", tmp_path, train=1, test=1)
    assert locate.folder("mnist", tmp_path) == place
    (place / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(UserError, match="asked the network for mnist"):
        locate.load("mnist", "train", tmp_path)


@pytest.mark.parametrize("name", locate.READERS)
def test_stand_ins_are_made_once_and_say_what_they_are(tmp_path, name, monkeypatch):
    monkeypatch.setitem(locate.write_stand_in.__globals__["SIZES"], name, (3, 2))
    halves = ("train", "validation" if name == "fundus" else "test")
    train, test = (locate.load(name, split, tmp_path, kind="stand-in") for split in halves)
    assert train.synthetic and test.synthetic and train.source.startswith("stand-in ")
    assert len(train) == 3 * len(train.classes) and len(test) == 2 * len(test.classes)
    marker = tmp_path / "stand-ins" / name / MARKER
    before = marker.stat().st_mtime_ns
    again = locate.load(name, "train", tmp_path, kind="stand-in")
    assert marker.stat().st_mtime_ns == before
    np.testing.assert_array_equal(again.images, train.images)


def test_a_stand_in_that_was_broken_off_is_made_again(tmp_path):
    root = tmp_path / "stand-ins" / "mnist"
    write_stand_in("mnist", root, train=1, test=1)
    (root / MARKER).unlink()
    assert len(locate.load("mnist", "train", tmp_path, kind="stand-in")) == 600


def test_a_stand_in_stays_synthetic_where_real_data_is_asked_for(tmp_path, cifar10_files):
    write_stand_in("cifar10", tmp_path, train=1, test=1)
    assert locate.load("cifar10", "train", tmp_path).synthetic
    write_stand_in("fashion-mnist", tmp_path / "f", train=1, test=1)
    fashion = locate.load("fashion-mnist", "train", tmp_path / "f")
    assert fashion.synthetic and fashion.classes == FASHION


def test_pets_are_found_drawn_or_asked_for(tmp_path):
    with pytest.raises(UserError, match="pets is missing: put photos of cats and dogs into it, or use --data stand-in"):
        locate.folder("pets", tmp_path)
    drawn = locate.folder("pets", tmp_path, kind="stand-in")
    assert drawn == tmp_path / "stand-ins" / "pets" / "pets" and len(list(drawn.glob("*.jpg"))) == 8
    (tmp_path / "pets").mkdir()
    assert locate.folder("pets", tmp_path) == tmp_path / "pets"


def test_unknown_names_and_kinds(tmp_path):
    with pytest.raises(UserError, match="data set 'pets' is not known; use one of: cifar10, cifar100, mnist"):
        locate.load("pets", "train", tmp_path)
    with pytest.raises(UserError, match="--data 'fake' is not known; use one of: real, stand-in"):
        locate.load("mnist", "train", tmp_path, kind="fake")
    with pytest.raises(UserError, match="split 'valid'"):
        locate.load("mnist", "valid", tmp_path, kind="stand-in")


def test_the_real_data_is_found(real_data):
    for name, count in (("cifar10", 10_000), ("mnist", 10_000)):
        if locate._find(name, real_data):
            images = locate.load(name, "test", real_data)
            assert len(images) == count and not images.synthetic


def test_a_folder_that_may_not_be_looked_into_and_a_home_that_is_none(tmp_path, monkeypatch):
    with pytest.raises(UserError, match=r"--data-root ~nobody-here/x: there is no such home"):
        locate.data_root("~nobody-here/x")

    def closed(path):
        raise PermissionError(13, "Permission denied", str(path))

    whole = locate._whole
    monkeypatch.setattr(locate, "_whole", lambda name, place: closed(place))
    with pytest.raises(UserError, match=rf"{tmp_path} cannot be looked into \(Permission denied\): name another place"):
        locate.find("cifar10", tmp_path)
    cache = Path.home() / ".cache"
    monkeypatch.setattr(locate, "_whole", lambda name, p: closed(p) if cache in p.parents else whole(name, p))
    assert locate.find("cifar10", tmp_path) is None


def test_a_stand_in_that_two_ask_for_is_made_once(tmp_path, monkeypatch):
    made = []

    def write(name, root):
        made.append(name)
        return write_stand_in(name, root)

    @contextlib.contextmanager
    def waits(folder):  # for another process, which makes it meanwhile
        write_stand_in("hw4", folder)
        yield

    monkeypatch.setattr(locate, "write_stand_in", write)
    monkeypatch.setattr(locate, "alone_in", waits)
    assert locate.folder("hw4", tmp_path, "stand-in").exists() and not made
