"""IDX files, the format of MNIST, <-> arrays.

    byte 0, 1   zero
    byte 2      type of the elements, see TYPES
    byte 3      number of dimensions, d
    4 x d bytes the dimensions, big-endian uint32
    the rest    the elements, big-endian, last dimension fastest

Whether a file is gzipped is seen from its first two bytes, not from its name. http://yann.lecun.com/exdb/mnist
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from paddle_course.files import write_file
from paddle_course.readers.images import Images, check_labels, one_of
from paddle_course.runtime import UserError

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}

DIGITS = tuple("0123456789")
FASHION = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


def read_idx(path: str | Path) -> np.ndarray:
    """The array in an idx file (plain or gzipped), in the machine's byte order. UserError if anything is amiss."""
    try:
        raw = Path(path).read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read ({error}); delete it and get it again") from None
    if len(raw) < 4 or raw[:2] != b"\0\0" or raw[2] not in TYPES or raw[3] > 8:
        raise UserError(f"{path} is not an idx file: it begins with {raw[:4].hex(' ') or 'nothing'}; get it again")
    start = 4 + 4 * raw[3]
    if len(raw) < start:
        raise UserError(f"{path} ends within its header; delete it and get it again")
    kind, shape = np.dtype(TYPES[raw[2]]), tuple(np.frombuffer(raw, ">u4", raw[3], offset=4).tolist())
    if len(raw) != start + kind.itemsize * math.prod(shape):
        raise UserError(
            f"{path}: its header promises {kind.itemsize * math.prod(shape):,} bytes {shape}, "
            f"but {len(raw) - start:,} follow; delete it and get it again"
        )
    return np.frombuffer(raw, kind, offset=start).reshape(shape).astype(kind.newbyteorder("="))


def write_idx(path: str | Path, array: np.ndarray) -> None:
    """Write `array` as an idx file, gzipped if the name ends in .gz; the same array gives the same bytes."""
    path, kind = Path(path), array.dtype.newbyteorder(">")
    codes = {np.dtype(text): code for code, text in TYPES.items()}
    if kind not in codes:
        raise TypeError(f"idx has no code for {array.dtype}; it knows {', '.join(str(each) for each in codes)}")
    header = bytes([0, 0, codes[kind], array.ndim]) + np.array(array.shape, ">u4").tobytes()
    data = header + array.astype(kind).tobytes()
    write_file(path, gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def find_idx(folder: Path, name: str) -> Path | None:
    """The file of this name as MNIST's copies have it: with or without .gz, "-idx3" or ".idx3"."""
    names = (each + end for each in (name, name.replace("-idx", ".idx")) for end in (".gz", ""))
    return next((folder / each for each in names if (folder / each).is_file()), None)


def mnist(folder: str | Path, split: str, classes: tuple[str, ...] = DIGITS) -> Images:
    """MNIST, or a set in its four files, as Images (N, 28, 28, 1). `split` is "train" or "test"."""
    folder = Path(folder)
    one_of("split", split, FILES)
    paths = []
    for name in FILES[split]:
        path = find_idx(folder, name)
        if path is None:
            raise UserError(f"{folder} lacks {name}.gz; ./run.sh data mnist fetches it")
        paths.append(path)
    images, labels = map(read_idx, paths)
    for path, array, shape in zip(paths, (images, labels), ((28, 28), ()), strict=True):
        if array.dtype != np.uint8 or array.ndim != 1 + len(shape) or array.shape[1:] != shape:
            raise UserError(f"{path} holds {array.dtype} {array.shape}, not MNIST's bytes; get it again")
    if len(images) != len(labels):
        raise UserError(
            f"{paths[0]} has {len(images):,} pictures, {paths[1].name} {len(labels):,} labels; get both again"
        )
    check_labels(labels, len(classes), paths[1])
    return Images(images[..., None], labels.astype(np.int64), classes, f"{folder.resolve().name} {split}")
