import gzip
import io
import tarfile

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeClassifier

from paddle_course.readers.cifar import cifar10, cifar100
from paddle_course.readers.cifar_names import COARSE_OF_FINE
from paddle_course.readers.idx import mnist
from paddle_course.readers.pictures import pictures, resize
from paddle_course.readers.stand_ins import MARKER, SIZES, write_digits, write_stand_in
from paddle_course.runtime import UserError

READERS = {"cifar10": cifar10, "cifar100": cifar100, "mnist": mnist, "fashion-mnist": mnist}


@pytest.mark.parametrize("name", READERS)
def test_a_stand_in_is_read_by_the_readers_own_eyes(tmp_path, name):
    place = write_stand_in(name, tmp_path, train=3, test=2)
    for split, per_class in (("train", 3), ("test", 2)):
        found = READERS[name](place, split)
        assert np.bincount(found.labels).tolist() == [per_class] * len(found.classes)
        assert (np.diff(found.labels) < 0).any()  # shuffled
    assert "but drawn: seed 0" in (tmp_path / MARKER).read_text()


def test_by_default_it_is_small(tmp_path):
    place = write_stand_in("cifar10", tmp_path)
    assert (len(cifar10(place, "train")), len(cifar10(place, "test"))) == (600, 200)
    assert place.stat().st_size < 4e6


def test_it_may_be_large(tmp_path):
    assert len(mnist(write_stand_in("mnist", tmp_path, train=150, test=1), "train")) == 1500


@pytest.mark.parametrize("name", SIZES)
def test_the_seed_decides_every_byte(tmp_path, name):
    for folder, seed in (("a", 0), ("b", 0), ("c", 1)):
        write_stand_in(name, tmp_path / folder, seed=seed, train=2, test=1)
    files = [path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file()]
    assert len(files) >= 2
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    assert any((tmp_path / "a" / file).read_bytes() != (tmp_path / "c" / file).read_bytes() for file in files)


def test_train_and_test_are_different_pictures(tmp_path):
    place = write_stand_in("cifar10", tmp_path, train=4, test=4)
    train, test = ({each.tobytes() for each in cifar10(place, split).images} for split in ("train", "test"))
    assert len(train) == len(test) == 40 and not train & test


def test_the_archive_is_laid_out_like_the_publishers(tmp_path):
    place = write_stand_in("cifar10", tmp_path, train=1, test=1)
    assert place.name == "cifar-10-python.tar.gz"
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(place.read_bytes()))) as archive:
        names = archive.getnames()
    batches = [f"data_batch_{i}" for i in range(1, 6)]
    assert set(names) == {f"cifar-10-batches-py/{name}" for name in ("batches.meta", "test_batch", *batches)}


def test_coarse_labels_go_with_the_fine_ones(tmp_path):
    place = write_stand_in("cifar100", tmp_path, train=1, test=1)
    fine, coarse = cifar100(place, "train"), cifar100(place, "train", "coarse")
    assert (np.array(COARSE_OF_FINE)[fine.labels] == coarse.labels).all()


def test_pets_are_cats_and_dogs_of_several_sizes(tmp_path):
    found = pictures(write_stand_in("pets", tmp_path))
    assert [path.name for path, _ in found][::4] == ["cat.0.jpg", "dog.0.jpg"] and len(found) == 8
    assert len({picture.shape for _, picture in found}) == 4


def test_an_unknown_name_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(UserError, match="stand-in 'imagenet' is not known; use one of: cifar10"):
        write_stand_in("imagenet", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_linear_model_learns_something_but_not_all(tmp_path):
    """Well above chance (0.1), well below what two convolutions reach in a few epochs."""
    place = write_stand_in("cifar10", tmp_path)
    train, test = cifar10(place, "train"), cifar10(place, "test")
    x, x_test = (each.images.reshape(len(each), -1) / 255 for each in (train, test))
    model = RidgeClassifier(1000).fit(x, train.labels)
    assert 0.25 < model.score(x_test, test.labels) < 0.85


def test_two_convolutions_learn_it_in_seconds(tmp_path):
    import paddle
    from paddle import nn

    place = write_stand_in("cifar10", tmp_path)
    train, test = cifar10(place, "train"), cifar10(place, "test")
    x, x_test = (paddle.to_tensor(each.images.transpose(0, 3, 1, 2) / np.float32(255)) for each in (train, test))
    paddle.seed(0)
    net = nn.Sequential(
        *(nn.Conv2D(3, 16, 5, padding=2, stride=2), nn.BatchNorm2D(16), nn.ReLU()),
        *(nn.Conv2D(16, 32, 3, padding=1), nn.BatchNorm2D(32), nn.ReLU(), nn.MaxPool2D(4, 4)),
        *(nn.Flatten(), nn.Linear(512, 10)),
    )
    adam = paddle.optimizer.Adam(0.003, parameters=net.parameters())
    for epoch in range(6):
        order = np.random.default_rng(epoch).permutation(600)
        for rows in np.split(order, 20):
            nn.functional.cross_entropy(net(x[rows]), paddle.to_tensor(train.labels[rows])).backward()
            adam.step()
            adam.clear_grad()
    net.eval()
    assert (net(x_test).numpy().argmax(1) == test.labels).mean() > 0.75


def test_the_digits_of_scikit_learn_in_mnists_files(tmp_path):
    folder = write_digits(tmp_path / "digits")
    assert sorted(path.name for path in folder.iterdir()) == [
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
    ]
    train, test = mnist(folder, "train"), mnist(folder, "test")
    assert (len(train), len(test)) == (1500, 297) and not train.synthetic
    shares = np.bincount(train.labels) / np.bincount(np.concatenate([train.labels, test.labels]))
    assert np.ptp(shares) < 0.01
    assert train.images.max() == 255 and not train.images[:, :4].any() and not train.images[:, :, -4:].any()
    # Shrunk again, each is nearest to another of scikit-learn's, and has its label.
    originals, labels = load_digits(return_X_y=True)
    small = np.array([resize(image[4:24, 4:24], 8).ravel() for image in test.images]) * (16 / 255)
    apart = np.linalg.norm(small[:, None] - originals, axis=2)
    assert len(set(apart.argmin(axis=1))) == 297 and (labels[apart.argmin(axis=1)] == test.labels).all()
    before = {path: path.read_bytes() for path in folder.iterdir()}
    write_digits(folder)
    assert before == {path: path.read_bytes() for path in folder.iterdir()}
