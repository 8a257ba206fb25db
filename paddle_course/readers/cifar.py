"""CIFAR-10 and CIFAR-100, in any of their three containers, -> Images (N, 32, 32, 3).

    python   one pickled dict per batch: b"data" uint8 (N, 3072), and b"labels", or b"fine_labels" and b"coarse_labels",
             lists of N ints; the class names are in a further pickle, batches.meta or meta
    tar.gz   the same files, packed
    .bin     rows of 1 + 3072 bytes: label, pixels; CIFAR-100: 2 + 3072 bytes: coarse label, fine label, pixels

A picture's 3072 bytes are 32 x 32 red, 32 x 32 green, 32 x 32 blue. https://www.cs.toronto.edu/~kriz/cifar.html
"""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from paddle_course.readers.cifar_names import CIFAR10, COARSE, FINE
from paddle_course.readers.images import Images, check_labels, one_of
from paddle_course.readers.unpickle import unpickle
from paddle_course.runtime import UserError

PIXELS = 3 * 32 * 32


@dataclass(frozen=True)
class Form:
    """What tells the two sets apart."""

    title: str
    batches: dict[str, tuple[str, ...]]  # split -> files
    meta: str
    labels: dict[str, tuple[str, str, tuple[str, ...]]]  # kind -> key of the labels, key of their names, names

    def column(self, kind: str) -> int:
        """Which leading byte of a .bin row holds the labels of this kind."""
        return list(self.labels).index(kind)


FORM10 = Form(
    title="CIFAR-10",
    batches={"train": tuple(f"data_batch_{i}" for i in range(1, 6)), "test": ("test_batch",)},
    meta="batches.meta",
    labels={"fine": ("labels", "label_names", CIFAR10)},
)
FORM100 = Form(
    title="CIFAR-100",
    batches={"train": ("train",), "test": ("test",)},
    meta="meta",
    labels={
        "coarse": ("coarse_labels", "coarse_label_names", COARSE),
        "fine": ("fine_labels", "fine_label_names", FINE),
    },
)


def cifar10(place: str | Path, split: str) -> Images:
    """CIFAR-10 from its folder, its .tar.gz or its .bin folder. `split` is "train" or "test"."""
    return _read(Path(place), split, FORM10, "fine")


def cifar100(place: str | Path, split: str, labels: str = "fine") -> Images:
    """CIFAR-100 likewise, with the 100 "fine" or the 20 "coarse" labels."""
    one_of("labels", labels, FORM100.labels)
    return _read(Path(place), split, FORM100, labels)


def _read(place: Path, split: str, form: Form, kind: str) -> Images:
    one_of("split", split, form.batches)
    names = form.batches[split]
    if (place / f"{names[0]}.bin").exists():
        classes = form.labels[kind][2]
        parts = [_from_rows(place / f"{name}.bin", len(form.labels), form.column(kind)) for name in names]
    else:
        files = {name: unpickle(raw, f"{place}: {name}") for name, raw in _files(place, {*names, form.meta})}
        classes = _class_names(files[form.meta], form.labels[kind][1], f"{place}: {form.meta}")
        parts = [_from_batch(files[name], form.labels[kind][0], f"{place}: {name}") for name in names]
    for name, (_, labels) in zip(names, parts, strict=True):
        check_labels(labels, len(classes), f"{place}: {name}")
    # Planes to pixels one colour at a time: three times faster than one transposition.
    colours = [np.concatenate([pixels.reshape(-1, 3, 1024)[:, c] for pixels, _ in parts]) for c in range(3)]
    images = np.stack(colours, axis=-1).reshape(-1, 32, 32, 3)
    source = f"{form.title} {split}" + (", coarse labels" if kind == "coarse" else "")
    return Images(images, np.concatenate([labels for _, labels in parts]), classes, source)


def _files(place: Path, names: set[str]) -> Iterator[tuple[str, bytes]]:
    """Name and contents of each of these files in a folder or a .tar.gz; nothing is unpacked to the disk."""
    missing = set(names)
    try:
        if place.is_dir():
            for name in sorted(names):
                yield name, (place / name).read_bytes()
                missing.discard(name)
        else:
            with tarfile.open(place, "r:gz") as archive:
                for member in archive:
                    name = PurePosixPath(member.name).name
                    if name in missing and member.isfile():
                        yield name, archive.extractfile(member).read()
                        missing.discard(name)
                        if not missing:
                            break
    except FileNotFoundError as error:
        raise UserError(f"{error.filename} is missing; get the data again") from None
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise UserError(f"{place} cannot be read ({error}); delete it and get it again") from None
    if missing:
        raise UserError(f"{place} lacks {', '.join(sorted(missing))}; delete it and get it again")


def _from_batch(batch: dict, key: str, where: str) -> tuple[np.ndarray, np.ndarray]:
    """(pixels uint8 (N, 3072), labels int64 (N,)) of a python batch."""
    try:
        pixels, labels = batch[b"data"], np.array(batch[key.encode()], np.int64)
    except KeyError as error:
        raise UserError(f"{where} is not such a batch: it has no {error}; get it again") from None
    except (TypeError, ValueError, OverflowError):
        raise UserError(f"{where}: its {key} are not whole numbers; get it again") from None
    if labels.ndim != 1 or not isinstance(pixels, np.ndarray) or pixels.shape != (len(labels), PIXELS):
        shape = getattr(pixels, "shape", "no array")
        raise UserError(f"{where}: its {key} are {labels.shape}, its pictures {shape}; get it again")
    return pixels, labels


def _class_names(meta: dict, key: str, where: str) -> tuple[str, ...]:
    try:
        return tuple(name.decode() for name in meta[key.encode()])
    except (KeyError, TypeError, AttributeError, UnicodeDecodeError):
        raise UserError(f"{where} holds no {key}; get it again") from None


def _from_rows(path: Path, columns: int, column: int) -> tuple[np.ndarray, np.ndarray]:
    """The same of a .bin file whose rows begin with `columns` labels, of which we want one."""
    try:
        raw = np.fromfile(path, np.uint8)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); get it again") from None
    if not len(raw) or len(raw) % (columns + PIXELS):
        raise UserError(f"{path}: {len(raw):,} bytes are not whole rows of {columns + PIXELS:,}; get it again")
    rows = raw.reshape(-1, columns + PIXELS)
    return rows[:, columns:], rows[:, column].astype(np.int64)
