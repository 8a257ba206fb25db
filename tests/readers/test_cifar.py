import pickle
import tarfile

import numpy as np
import pytest

from paddle_course.readers.cifar import cifar10, cifar100
from paddle_course.readers.cifar_names import CIFAR10, COARSE, COARSE_OF_FINE, FINE
from paddle_course.runtime import UserError


@pytest.fixture(params=["folder", "tar", "bins"])
def container(request):
    """Packs a Cifar in one of the three ways."""
    return lambda files, folder: getattr(files, request.param)(folder / "cifar.tar.gz")


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_container_gives_the_same_cifar10(tmp_path, cifar10_files, container, split):
    found = cifar10(container(cifar10_files, tmp_path), split)
    images, labels = cifar10_files.expected(split)
    np.testing.assert_array_equal(found.images, images)
    np.testing.assert_array_equal(found.labels, labels)
    assert found.images.flags.c_contiguous and found.labels.dtype == np.int64
    assert (found.classes, found.source, found.synthetic) == (CIFAR10, f"CIFAR-10 {split}", False)


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_container_gives_the_same_cifar100(tmp_path, cifar100_files, container, split):
    place = container(cifar100_files, tmp_path)
    images, labels = cifar100_files.expected(split)
    fine, coarse = cifar100(place, split), cifar100(str(place), split, labels="coarse")
    np.testing.assert_array_equal(fine.images, images)
    np.testing.assert_array_equal(fine.labels, labels)
    np.testing.assert_array_equal(coarse.labels, np.array(COARSE_OF_FINE)[labels])
    assert (fine.classes, coarse.classes) == (FINE, COARSE)
    assert (fine.source, coarse.source) == (f"CIFAR-100 {split}", f"CIFAR-100 {split}, coarse labels")


def test_unknown_splits_and_labels(tmp_path):
    with pytest.raises(UserError, match="split 'valid'"):
        cifar10(tmp_path, "valid")
    with pytest.raises(UserError, match="labels 'rough' is not known; use one of: coarse, fine"):
        cifar100(tmp_path, "test", "rough")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({b"labels": [0] * 6 + [10]}, "label 10 at position 6 is none of the 10 classes"),
        ({b"labels": [0] * 6 + [-1]}, "label -1 at position 6"),
        ({b"labels": [0] * 6}, r"its labels are \(6,\), its pictures \(7, 3072\)"),
        ({b"labels": [[0]] * 7}, r"its labels are \(7, 1\)"),
        ({b"labels": [0] * 6 + ["cat"]}, "not whole numbers"),
        ({b"labels": [0] * 6 + [[]]}, "not whole numbers"),
        ({b"labels": [0] * 6 + [2**70]}, "not whole numbers"),
        ({b"labels": None}, "labels"),
        ({b"data": np.zeros((7, 3071), np.uint8)}, r"its pictures \(7, 3071\)"),
        ({b"data": [0] * 7}, "its pictures no array"),
        ({b"data": np.zeros((7, 3072))}, "an array of .*f8.* instead of bytes"),
    ],
)
def test_a_batch_that_does_not_fit_is_named(tmp_path, cifar10_files, change, message):
    place = cifar10_files.folder(tmp_path)
    contents = cifar10_files.contents()["data_batch_3"] | change
    (place / "data_batch_3").write_bytes(pickle.dumps(contents, protocol=2))
    cifar10(place, "test")
    with pytest.raises(UserError, match=f"^{place}: data_batch_3.*{message}") as caught:
        cifar10(place, "train")
    assert "\n" not in str(caught.value)


def test_missing_keys_are_named(tmp_path, cifar10_files, cifar100_files):
    place = cifar10_files.folder(tmp_path / "ten")
    (place / "test_batch").write_bytes(pickle.dumps({b"data": np.zeros((1, 3072), np.uint8)}, protocol=2))
    with pytest.raises(UserError, match="test_batch is not such a batch: it has no b'labels'"):
        cifar10(place, "test")
    for meta in ({}, {b"label_names": 3}, {b"label_names": [4]}):
        (place / "batches.meta").write_bytes(pickle.dumps(meta, protocol=2))
        with pytest.raises(UserError, match=r"batches.meta holds no label_names"):
            cifar10(place, "train")


def test_damaged_folders(tmp_path, cifar10_files):
    place = cifar10_files.folder(tmp_path)
    raw = (place / "data_batch_2").read_bytes()
    (place / "data_batch_2").write_bytes(raw[: len(raw) // 2])
    with pytest.raises(UserError, match=r"data_batch_2 is no pickle of CIFAR .*truncated"):
        cifar10(place, "train")
    (place / "data_batch_2").unlink()
    with pytest.raises(UserError, match="data_batch_2 is missing"):
        cifar10(place, "train")
    with pytest.raises(UserError, match="nowhere is missing"):
        cifar10(tmp_path / "nowhere", "train")


class Evil:
    def __init__(self, proof):
        self.proof = proof

    def __reduce__(self):
        return type(self.proof).touch, (self.proof,)


def test_an_evil_batch_is_not_executed(tmp_path, cifar10_files):
    place, proof = cifar10_files.folder(tmp_path), tmp_path / "proof"
    (place / "test_batch").write_bytes(pickle.dumps(Evil(proof), protocol=2))
    with pytest.raises(UserError, match=r"test_batch is no pickle of CIFAR .*nothing of it was run"):
        cifar10(place, "test")
    assert not proof.exists()


def test_damaged_archives(tmp_path, cifar10_files):
    path = cifar10_files.tar(tmp_path / "cifar-10-python.tar.gz")
    raw = path.read_bytes()
    for bad in (raw[: len(raw) // 2], raw[:5], b"<html>", b"", raw[:100] + b"\xff" * 100 + raw[200:]):
        path.write_bytes(bad)
        with pytest.raises(UserError, match=f"^{path} cannot be read|^{path} lacks") as caught:
            cifar10(path, "train")
        assert "\n" not in str(caught.value)
    with tarfile.open(path, "w:gz") as archive:  # a link in place of a batch
        member = tarfile.TarInfo("cifar/test_batch")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(member)
    with pytest.raises(UserError, match=r"lacks batches.meta, test_batch"):
        cifar10(path, "test")


def test_damaged_binaries(tmp_path, cifar10_files):
    place = cifar10_files.bins(tmp_path / "bin")
    path = place / "test_batch.bin"
    raw = path.read_bytes()
    for bad, message in (
        (raw[:-1], "not whole rows of 3,073"),
        (b"", "0 bytes are not whole rows"),
        (b"\x0a" + raw[1:], "label 10"),
    ):
        path.write_bytes(bad)
        with pytest.raises(UserError, match=f"test_batch.*{message}"):
            cifar10(place, "test")
    (place / "data_batch_4.bin").unlink()
    with pytest.raises(UserError, match=r"data_batch_4.bin cannot be read"):
        cifar10(place, "train")


def test_the_real_cifar10_is_what_was_published(real_data):
    place = real_data / "cifar-10-batches-py"
    if not place.is_dir():
        return
    train, test = cifar10(place, "train"), cifar10(place, "test")
    assert np.bincount(train.labels).tolist() == [5000] * 10 and np.bincount(test.labels).tolist() == [1000] * 10
    assert (train.images.mean(axis=(0, 1, 2)) / 255).round(4).tolist() == [0.4914, 0.4822, 0.4465]  # published
    assert train.classes[train.labels[0]] == "frog"
