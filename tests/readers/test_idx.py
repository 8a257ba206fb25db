import gzip

import numpy as np
import pytest

from paddle_course.readers.idx import DIGITS, FASHION, mnist, read_idx, write_idx
from paddle_course.runtime import UserError


@pytest.mark.parametrize("kind", ["u1", "i1", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize("name", ["plain", "packed.gz"])
def test_what_was_written_is_read(tmp_path, kind, name):
    array = (np.random.default_rng(0).normal(0, 50, (3, 4, 5)) % 128).astype(kind)
    write_idx(tmp_path / name, array)
    back = read_idx(tmp_path / name)
    assert back.dtype == array.dtype and back.dtype.isnative and back.flags.writeable
    np.testing.assert_array_equal(back, array)


def test_the_bytes_are_those_of_the_format(tmp_path):
    write_idx(tmp_path / "a", np.array([[1, 2, -3]], ">i2"))
    raw = (tmp_path / "a").read_bytes()
    assert raw.hex(" ") == "00 00 0b 02 00 00 00 01 00 00 00 03 00 01 00 02 ff fd"
    write_idx(tmp_path / "b.gz", np.array([[1, 2, -3]], "i2"))
    assert gzip.decompress((tmp_path / "b.gz").read_bytes()) == raw
    (tmp_path / "c.gz").write_bytes(raw)  # a name that lies
    assert read_idx(tmp_path / "c.gz").tolist() == [[1, 2, -3]]


def test_an_array_idx_cannot_hold_is_refused(tmp_path):
    with pytest.raises(TypeError, match="int64"):
        write_idx(tmp_path / "a", np.arange(3))
    assert not list(tmp_path.iterdir())


GOOD = bytes.fromhex("00000802 00000002 00000003 010203040506")
PACKED = gzip.compress(GOOD, mtime=0)  # the hour would give the tests below another name in each process


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "not an idx file: it begins with nothing"),
        (b"<html>no such page</html>", "not an idx file: it begins with 3c 68 74 6d"),
        (b"\0\0\x07\x01\0\0\0\0", "not an idx file"),
        (GOOD[:9], "ends within its header"),
        (GOOD[:-1], r"promises 6 bytes \(2, 3\), but 5 follow"),
        (GOOD + b"!", "promises 6 bytes .*, but 7 follow"),
        (bytes.fromhex("00000804 ffffffff ffffffff ffffffff ffffffff 00"), "but 1 follow"),
        (PACKED[:-9], "cannot be read"),
        (PACKED[:5], "cannot be read"),
        (PACKED[:12] + b"\xff" * 20, "cannot be read"),
        (PACKED[:-8] + b"\0" * 8, "cannot be read .*CRC"),
    ],
)
def test_a_damaged_file_is_refused_by_name_in_one_line(tmp_path, raw, message):
    path = tmp_path / "bad.gz"
    path.write_bytes(raw)
    with pytest.raises(UserError, match=message) as caught:
        read_idx(path)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(UserError, match="cannot be read"):
            read_idx(path)


@pytest.fixture
def four(tmp_path):
    rng = np.random.default_rng(1)
    for half, count in (("train", 20), ("t10k", 10)):
        write_idx(tmp_path / f"{half}-images-idx3-ubyte.gz", rng.integers(0, 256, (count, 28, 28), np.uint8))
        write_idx(tmp_path / f"{half}-labels-idx1-ubyte.gz", (np.arange(count) % 10).astype(np.uint8))
    return tmp_path


def test_mnist_is_the_two_files_of_its_split(four):
    train, test = mnist(four, "train"), mnist(four, "test", classes=FASHION)
    assert train.images.shape == (20, 28, 28, 1) and train.labels.dtype == np.int64
    np.testing.assert_array_equal(train.images[..., 0], read_idx(four / "train-images-idx3-ubyte.gz"))
    assert test.labels.tolist() == list(range(10))
    assert (train.classes, test.classes, train.synthetic) == (DIGITS, FASHION, False)
    assert train.source == f"{four.name} train"


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "train-images.idx3-ubyte", "train-images.idx3-ubyte.gz"])
def test_mnist_under_the_other_names_it_goes_by(four, name):
    before = mnist(four, "train").images
    write_idx(four / name, before[..., 0])
    (four / "train-images-idx3-ubyte.gz").unlink()
    np.testing.assert_array_equal(mnist(four, "train").images, before)


def test_mnist_files_that_do_not_belong_together(four):
    images, labels = four / "train-images-idx3-ubyte.gz", four / "train-labels-idx1-ubyte.gz"
    for path, array, message in (
        (labels, np.zeros(19, np.uint8), "20 pictures, .* 19 labels"),
        (labels, np.full(20, 10, np.uint8), "train-labels.*label 10 at position 0"),
        (labels, np.zeros(20, np.int32), "train-labels.*holds int32"),
        (images, np.zeros((20, 32, 32), np.uint8), "train-images.*holds uint8 .20, 32, 32."),
        (images, np.zeros(20, np.uint8), "train-images.*holds uint8 .20,."),
    ):
        kept = path.read_bytes()
        write_idx(path, array)
        with pytest.raises(UserError, match=message):
            mnist(four, "train")
        path.write_bytes(kept)
    labels.unlink()
    with pytest.raises(UserError, match=r"lacks train-labels-idx1-ubyte.gz; ./run.sh data mnist"):
        mnist(four, "train")
    with pytest.raises(UserError, match="split 'valid'"):
        mnist(four, "valid")


def test_the_real_mnist(real_data):
    if not (real_data / "mnist").is_dir():
        return
    train, test = (mnist(real_data / "mnist", split) for split in ("train", "test"))
    assert (len(train), len(test)) == (60_000, 10_000)
    assert np.bincount(train.labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert round(train.images.mean() / 255, 4) == 0.1307  # the mean that everyone normalises by
