"""A seed -> small synthetic data sets in the publishers' own containers, so that everything runs where no data is.

A class is a coloured shape (CIFAR) or a digit of seven segments (MNIST), moved, turned, scaled and noised, so that a
small network learns it in seconds and a linear model does not quite; a house price (housing) rises and falls with four
of the thirteen features, not quite in straight lines; who is liked (hw4) is tall and well paid; a sick eye (fundus) has
pale patches; a word (doodles) is a polygon with spokes. What is learnt says nothing about real pictures, prices and
people.
`write_digits` is the exception: real handwriting, out of scikit-learn.
"""

from __future__ import annotations

import gzip
import io
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from paddle_course.files import write_file
from paddle_course.readers.archives import packed
from paddle_course.readers.cifar_names import CIFAR10, COARSE, COARSE_OF_FINE, FINE
from paddle_course.readers.drawings import coloured_shapes, eye, face, segment_digits
from paddle_course.readers.idx import DIGITS, FILES, write_idx
from paddle_course.readers.images import Images, one_of
from paddle_course.readers.labelled import SIDE, write_labelled
from paddle_course.readers.mnist_json import write_course_mnist
from paddle_course.readers.scribbles import write_doodles
from paddle_course.readers.xlsx import write_xlsx

MARKER = "SYNTHETIC.txt"  # lies beside every stand-in; written last, so a folder without it is not whole
SIZES = {
    "cifar10": (60, 20),
    "cifar100": (20, 5),
    "mnist": (60, 20),
    "mnist.json.gz": (60, 20),  # the course's container
    "fashion-mnist": (60, 20),
    "housing": (506, 0),  # rows; it has no classes, and who reads it cuts it
    "pets": (4, 0),
    "hw4": (50, 0),  # rows
    "dogs": (30, 10),
    "fundus": (20, 10),
    "doodles": (40, 2),  # of each word, and of the contest's drawings
}


def write_stand_in(
    name: str, folder: str | Path, seed: int = 0, train: int | None = None, test: int | None = None
) -> Path:
    """Write `train` and `test` pictures per class (default: SIZES) below `folder`; return what the reader takes.

    The files, and their places below `folder`, are the publishers'; the same arguments give the same pictures.
    """
    one_of("stand-in", name, SIZES)
    folder = Path(folder)
    train, test = (
        default if given is None else given for given, default in zip((train, test), SIZES[name], strict=True)
    )
    halves = {"train": (train, np.random.default_rng([seed, 0])), "test": (test, np.random.default_rng([seed, 1]))}
    if name == "cifar10":
        place = _write_cifar10(folder, halves)
    elif name == "cifar100":
        place = _write_cifar100(folder, halves)
    elif name == "housing":
        place = _write_housing(folder / "housing.data", *halves["train"])
    elif name == "mnist.json.gz":
        place = _write_course_mnist(folder / name, halves)
    elif name == "hw4":
        place = _write_hw4(folder / "hw4_data.csv", *halves["train"])
    elif name == "fundus":
        place = _write_fundus(folder / "ichallenge-pm", halves)
    elif name == "doodles":
        place = write_doodles(folder / "quickdraw", halves["train"], halves["test"])
    elif name == "pets":
        place = _write_pets(folder / name, *halves["train"])
    elif name == "dogs":
        place = _write_dogs(folder / name, halves)
    else:
        place = _write_mnist(folder / name, halves)
    write_file(folder / MARKER, f"{name}, but drawn: seed {seed}, train {train}, test {test}\n")
    return place


Halves = dict[str, tuple[int, np.random.Generator]]  # split -> pictures per class, what draws them


def _labels(classes: int, per_class: int, rng: np.random.Generator) -> np.ndarray:
    return rng.permutation(np.repeat(np.arange(classes), per_class))


def _drawn(draw: Callable[..., np.ndarray], rng: np.random.Generator, *numbers: np.ndarray) -> np.ndarray:
    """`draw(*numbers, rng)`, a thousand pictures at a time: the arithmetic takes some 200 kB for each."""
    blocks = range(0, len(numbers[0]), 1000)
    return np.concatenate([draw(*(each[i : i + 1000] for each in numbers), rng) for i in blocks])


def _write_mnist(folder: Path, halves: Halves) -> Path:
    for split, (per_class, rng) in halves.items():
        labels = _labels(10, per_class, rng)
        _write_four(folder, split, _drawn(segment_digits, rng, labels), labels)
    return folder


def _write_course_mnist(path: Path, halves: Halves) -> Path:
    """The pictures of the four files; a sixth of those to train with, which are shuffled, is the part "valid"."""
    parts = {}
    for split, (per_class, rng) in halves.items():
        labels = _labels(10, per_class, rng)
        parts[split] = Images(_drawn(segment_digits, rng, labels)[..., None], labels, DIGITS, path.name)
    cut = -(-len(parts["train"]) * 5 // 6)
    train, valid = (parts["train"].take(part) for part in (slice(cut), slice(cut, None)))
    write_course_mnist(path, {"train": train, "valid": valid, "eval": parts["test"]})
    return path


def _write_four(folder: Path, split: str, images: np.ndarray, labels: np.ndarray) -> None:
    """Two of MNIST's four files: uint8 (N, 28, 28) and (N,)."""
    for name, array in zip(FILES[split], (images, labels.astype(np.uint8)), strict=True):
        write_idx(folder / f"{name}.gz", array)


def _write_cifar10(folder: Path, halves: Halves) -> Path:
    """Classes 2i and 2i + 1 share a colour, i and i + 5 a shape."""
    files = {"batches.meta": {b"label_names": [name.encode() for name in CIFAR10]}}
    batches = {"train": [f"data_batch_{i}" for i in range(1, 6)], "test": ["test_batch"]}
    for split, (per_class, rng) in halves.items():
        labels = _labels(10, per_class, rng)
        hues = labels // 2 / 5 + rng.normal(0, 0.03, len(labels))
        pixels = _planes(_drawn(coloured_shapes, rng, labels % 5, hues))
        names = batches[split]
        for name, rows in zip(names, np.array_split(np.arange(len(labels)), len(names)), strict=True):
            files[name] = {b"data": pixels[rows], b"labels": labels[rows].tolist()}
    return _pack(folder / "cifar-10-python.tar.gz", "cifar-10-batches-py", files)


def _write_cifar100(folder: Path, halves: Halves) -> Path:
    """A family has a colour, its five members are the five shapes."""
    names = {b"fine_label_names": FINE, b"coarse_label_names": COARSE}
    files = {"meta": {key: [name.encode() for name in value] for key, value in names.items()}}
    member_of_fine = [COARSE_OF_FINE[:fine].count(family) for fine, family in enumerate(COARSE_OF_FINE)]
    for split, (per_class, rng) in halves.items():
        fine = _labels(100, per_class, rng)
        coarse, member = np.array(COARSE_OF_FINE)[fine], np.array(member_of_fine)[fine]
        hues = coarse / 20 + rng.normal(0, 0.01, len(fine))
        pixels = _planes(_drawn(coloured_shapes, rng, member, hues))
        files[split] = {b"data": pixels, b"fine_labels": fine.tolist(), b"coarse_labels": coarse.tolist()}
    return _pack(folder / "cifar-100-python.tar.gz", "cifar-100-python", files)


def _planes(images: np.ndarray) -> np.ndarray:
    """uint8 (N, 32, 32, 3) -> (N, 3072): red, green and blue one after the other."""
    return images.transpose(0, 3, 1, 2).reshape(len(images), -1)


def _pack(path: Path, folder: str, files: dict[str, dict]) -> Path:
    """Pickles in a .tar.gz without times or owners: the same files give the same bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, contents in files.items():
            raw = pickle.dumps(contents, protocol=2)
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(raw)
            archive.addfile(member, io.BytesIO(raw))
    write_file(path, gzip.compress(buffer.getvalue(), compresslevel=1, mtime=0))
    return path


def _write_pets(folder: Path, per_kind: int, rng: np.random.Generator) -> Path:
    """cat.0.jpg ..., dog.0.jpg ...: high, broad and square."""
    for kind in ("cat", "dog"):
        for number in range(per_kind):
            height, width = ((240, 320), (320, 240), (300, 300), (180, 360))[number % 4]
            _, code = cv2.imencode(".jpg", face(kind, height, width, rng))
            write_file(folder / f"{kind}.{number}.jpg", code.tobytes())
    return folder


def _write_fundus(folder: Path, halves: Halves) -> Path:
    """The three zips, with pictures of two sizes; one in seven of the healthy eyes is highly short-sighted."""
    pictures: dict[str, dict[str, bytes]] = {split: {} for split in halves}
    rows: list[tuple[str | float, ...]] = [("ID", "imgName", "Label", "Fovea_X", "Fovea_Y")]
    for split, (per_class, rng) in halves.items():
        kinds = rng.permutation(["P"] * per_class + ["N" if i % 7 else "H" for i in range(per_class)]).tolist()
        for number, kind in enumerate(kinds, start=1):
            name = f"{kind if split == 'train' else 'V'}{number:04d}.jpg"
            _, code = cv2.imencode(".jpg", eye(kind, (240, 288)[number % 2], rng)[..., ::-1])
            pictures[split][name] = code.tobytes()
            rows += [(number, name, int(kind == "P"), 120.5, 118.25)] * (split == "test")
    inner = packed({f"PALM-Training400/{name}": raw for name, raw in pictures["train"].items()})
    outer = packed({f"PALM-Validation400/{name}": raw for name, raw in pictures["test"].items()})
    table = {"PALM-Validation-GT/PM_Label_and_Fovea_Location.xlsx": write_xlsx(rows)}
    write_file(folder / "training.zip", packed({"PALM-Training400/PALM-Training400.zip": inner}))
    write_file(folder / "validation.zip", outer)
    write_file(folder / "valid_gt.zip", packed(table))
    return folder


def _write_housing(path: Path, count: int, rng: np.random.Generator) -> Path:
    """`count` lines in the columns and decimals of the original; the price rises with RM and falls with the others."""
    crime, poverty = np.exp(rng.normal(-1, 2, count)), rng.gamma(3, 4, count).clip(2, 37)
    nitrogen, rooms = rng.uniform(0.4, 0.85, count), rng.normal(6.3, 0.7, count).clip(4, 8.7)
    age, distance, tax = rng.uniform(3, 100, count), rng.gamma(4, 1, count) + 1, rng.integers(187, 712, count)
    price = 36 * np.exp(-poverty / 25) + 9 * np.maximum(rooms - 6, 0) ** 1.5 - 12 * (nitrogen - 0.4) - np.log1p(crime)
    columns = (
        ("{:8.5f}", crime),
        ("{:6.2f}", 12.5 * rng.integers(0, 9, count) * (rng.random(count) < 0.3)),
        ("{:7.3f}", rng.uniform(0.5, 27, count)),
        ("{:2d}", rng.integers(0, 2, count)),
        ("{:7.4f}", nitrogen),
        ("{:7.4f}", rooms),
        ("{:6.2f}", age),
        ("{:7.4f}", distance),
        ("{:3d}", rng.integers(1, 25, count)),
        ("{:6.1f}", tax),
        ("{:6.2f}", rng.uniform(12.6, 22, count)),
        ("{:6.2f}", rng.uniform(300, 396.9, count)),
        ("{:6.2f}", poverty),
        ("{:6.2f}", (price + rng.normal(0, 2, count)).clip(5, 50)),
    )
    lines = ("".join(f" {form}".format(value[i]) for form, value in columns) for i in range(count))
    write_file(path, "\n".join(lines) + "\n")
    return path


def _write_hw4(path: Path, count: int, rng: np.random.Generator) -> Path:
    """Height, monthly pay, and who is liked: the taller and better paid two fifths, but for some noise."""
    height, pay = rng.normal(1.74, 0.11, count).clip(1.45, 1.96), rng.normal(6100, 2900, count).clip(1200, 12200)
    liking = (height - 1.74) / 0.11 + (pay - 6100) / 2900 + rng.normal(0, 0.5, count)
    liked = liking >= np.sort(liking)[count - max(1, 2 * count // 5)]
    lines = [f"{h:.15g},{p:.15g},{int(yes)}" for h, p, yes in zip(height, pay, liked, strict=True)]
    write_file(path, "\n".join(["身高（m）,月薪（元）,是否有兴趣尝试交往（Y=1/N=0）", *lines]) + "\n")
    return path


def _write_dogs(folder: Path, halves: Halves) -> Path:
    for split, (per_class, rng) in halves.items():
        labels = _labels(2, per_class, rng)
        faces = (cv2.cvtColor(face(("cat", "dog")[label], SIDE, SIDE, rng), cv2.COLOR_RGB2GRAY) for label in labels)
        write_labelled(folder, split, faces, labels, "drawn cats and dogs")
    return folder


def write_digits(folder: str | Path) -> Path:
    """scikit-learn's 1,797 real handwritten digits in MNIST's four files: 1,500 to train, 297 to test, stratified.

    Their 8 x 8 pixels of 0..16 are interpolated to 20 x 20 of 0..255 in the middle of 28 x 28, as MNIST's own are.
    UCI "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak 1998), the test part.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits, labels = load_digits(return_X_y=True)
    grow = np.stack([np.interp(np.arange(20) * 0.4 - 0.3, np.arange(8), row) for row in np.eye(8)], axis=1)  # (20, 8)
    images = np.rint(grow @ digits.reshape(-1, 8, 8) @ grow.T * (255 / 16)).astype(np.uint8)
    images = np.pad(images, ((0, 0), (4, 4), (4, 4)))
    halves = train_test_split(np.arange(len(labels)), train_size=1500, stratify=labels, random_state=0)
    for split, rows in zip(("train", "test"), halves, strict=True):
        _write_four(Path(folder), split, images[rows], labels[rows])
    return Path(folder)
