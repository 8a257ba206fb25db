"""CIFAR-10 -> batches per second, ours and Paddle's, and the seconds until its pictures are in memory.

    python -m benchmarks.readers

ours          batches.Batches with flip and pad_crop, as every training here takes its batches
paddle, 0     paddle.vision.datasets.Cifar10 with paddle.vision.transforms through paddle.io.DataLoader, as its
paddle, 2     documentation shows it, with 0 and with 2 workers
load          readers.load of both halves from the six files of the python version, the imports left out

All give Tensors: float32 (128, 3, 32, 32), shifted by up to 4 pixels, mirrored or not, normalised. Where there is no
CIFAR-10 in the data folder, noise of its size takes its place.
"""

from __future__ import annotations

import itertools
import pickle
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import flags, rounds
from benchmarks.rounds import Job, Measured, Numbers, short
from paddle_course import answers, batches, readers, runtime
from paddle_course.runtime import UserError

if TYPE_CHECKING:
    import paddle

FOLDER, ARCHIVE = "cifar-10-batches-py", "cifar-10-python.tar"
BATCH, SIZE = 128, {"train": 50_000, "test": 10_000}
MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
WARM_UP = 8  # batches that are not counted: workers have started by then, and what is made in advance is used up
GOALS = {"ours / paddle, 0": 20.0, "ours / paddle, 2": 20.0, "load": 1.5}


def lay_out(root: Path) -> str:
    """Make below `root` what both sides read, a folder and an archive of it, and return what the pictures are.

    The archive is not compressed, which neither side's batches notice.
    """
    found = readers.find("cifar10")
    if found and (found / "data_batch_1").exists():
        (root / FOLDER).symlink_to(found.resolve())
    else:
        (root / FOLDER).mkdir()
        write(root / FOLDER, found)
    with tarfile.open(root / ARCHIVE, "w", dereference=True) as archive:
        archive.add(root / FOLDER, FOLDER)
    return "CIFAR-10" if found else "noise of the size of CIFAR-10"


def write(folder: Path, found: Path | None) -> None:
    """The six files of the python version: of another container's pictures, or of noise."""
    rng, names = np.random.default_rng(0), tuple("0123456789")
    for split, count in SIZE.items():
        if found:
            images = readers.cifar10(found, split)
        else:
            pixels = rng.integers(0, 256, (count, 32, 32, 3), np.uint8)
            images = readers.Images(pixels, rng.integers(0, 10, count), names, "noise")
        rows = images.images.transpose(0, 3, 1, 2).reshape(len(images), -1)
        files = ["test_batch"] if split == "test" else [f"data_batch_{i}" for i in range(1, 6)]
        for name, part in zip(files, np.array_split(np.arange(len(images)), len(files)), strict=True):
            batch = {b"data": rows[part], b"labels": images.labels[part].tolist()}
            (folder / name).write_bytes(pickle.dumps(batch, protocol=2))
    (folder / "batches.meta").write_bytes(pickle.dumps({b"label_names": [name.encode() for name in images.classes]}))


def ours(root: Path) -> Iterator[tuple[paddle.Tensor, paddle.Tensor]]:
    """Epoch after epoch of our batches."""
    import paddle

    augment = (batches.flip, partial(batches.pad_crop, pad=4))
    data = batches.Batches(readers.load("cifar10", "train", root), BATCH, 0, augment, MEAN, STD, drop_last=True)
    for epoch in itertools.count():
        for images, labels in data.epoch(epoch):
            yield paddle.to_tensor(images), paddle.to_tensor(labels)


def paddles(root: Path, workers: int) -> Iterator[tuple[paddle.Tensor, paddle.Tensor]]:
    """The same by Paddle's own means."""
    from paddle.io import DataLoader
    from paddle.vision import transforms
    from paddle.vision.datasets import Cifar10

    change = transforms.Compose(
        [
            transforms.RandomCrop(32, padding=4),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize(MEAN, STD),
        ]
    )
    data = Cifar10(str(root / ARCHIVE), mode="train", transform=change)
    loader = DataLoader(data, batch_size=BATCH, shuffle=True, drop_last=True, num_workers=workers)
    for _ in itertools.count():
        yield from loader


SOURCES = {"ours": ours, "paddle, 0": partial(paddles, workers=0), "paddle, 2": partial(paddles, workers=2)}


def speed(source: Iterable[tuple[paddle.Tensor, paddle.Tensor]], seconds: float) -> dict[str, Any]:
    """Batches per second, and what the last one is, so that nobody compares different things."""
    count, start = 0, 0.0
    for images, labels in source:  # noqa: B007 - the last one is looked at
        count += 1
        if count == WARM_UP:
            start = time.perf_counter()
        elif count > WARM_UP and (taken := time.perf_counter() - start) >= seconds:
            break
    values = images.numpy()
    what = f"{images.dtype} {list(images.shape)} and {labels.dtype} {list(labels.shape)}"
    return {"rate": (count - WARM_UP) / taken, "mean": float(values.mean()), "std": float(values.std()), "what": what}


def load(root: Path) -> dict[str, Any]:
    """Seconds for both halves; everything that Python has to import for it was imported before."""
    read = readers.load  # naming it imports what it needs
    start = time.perf_counter()
    found = [read("cifar10", split, root) for split in SIZE]
    return {"seconds": time.perf_counter() - start, "pictures": sum(map(len, found))}


def measure(name: str, root: str, seconds: float) -> dict[str, Any]:
    """One measurement, in this process."""
    if name == "load":
        return load(Path(root))
    if name == "ours":
        runtime.start()
    return speed(SOURCES[name](Path(root)), seconds)


def jobs(root: Path, seconds: float) -> dict[str, Job]:
    """What to measure. Paddle's side gets the one thread that Paddle sets by itself."""
    made = {}
    for name in (*SOURCES, "load"):
        arguments = {"name": name, "root": str(root), "seconds": seconds}
        made[name] = Job("readers", "measure", arguments, {"OMP_NUM_THREADS": "1"} if name.startswith("paddle") else {})
    return made


def say(name: str, measured: Measured) -> str:
    return f"{short(measured['seconds'])} seconds" if name == "load" else f"{short(measured['rate'])} batches/s"


def numbers(found: Mapping[str, Sequence[Measured]]) -> dict[str, tuple[str, Numbers]]:
    """What is reported: its measure, and what the rounds brought.

    Raises:
        UserError: the sides did not give the same kind of batches.
    """
    kinds = {each["what"]: name for name in reversed(SOURCES) for each in found[name]}
    if len(kinds) > 1:
        told = ", ".join(f"{name} gives {what}" for what, name in kinds.items())
        raise UserError(f"{told}: that is not the same work")
    rates = {name: Numbers.of(found[name], itemgetter("rate")) for name in SOURCES}
    made = {f"batches, {name}": ("batches/s", each) for name, each in rates.items()}
    for name in list(SOURCES)[1:]:
        made[f"batches, ours / {name}"] = "ratio", rates["ours"].over(rates[name])
    return made | {"load": ("seconds", Numbers.of(found["load"], itemgetter("seconds")))}


def table(made: Mapping[str, tuple[str, Numbers]], data: str) -> answers.Table:
    """The medians, with the goals that this project has set itself."""
    rows = []
    for name, (metric, each) in made.items():
        goal = GOALS.get(name.removeprefix("batches, "))
        word = None if goal is None else f"{'<' if metric == 'seconds' else '>'} {goal:g}"
        rows.append((name, metric, short(each.median), short(each.sd), len(each.values), word))
    head = ("what", "measure", "median", "sd", "rounds", "goal")
    return answers.Table(f"{data}, batches of {BATCH}", head, tuple(rows))


def benchmark(argv: Sequence[str]) -> None:
    parser = flags.parser("readers", __doc__, rounds=5)
    parser.add_argument(
        "--seconds", type=flags.at_least(float, 0.1), default=6.0, help="of each, at least (default: 6)"
    )
    wanted = parser.parse_args(argv)
    print(runtime.start(), file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        data = lay_out(Path(folder))
        found = rounds.run(jobs(Path(folder), wanted.seconds), wanted.rounds, say)
    made = numbers(found)
    rounds.show([table(made, data)])
    if wanted.publish:
        results = [each.results(name, metric, data) for name, (metric, each) in made.items()]
        rounds.publish("readers", argv, itertools.chain(*results))
    rounds.complete(found.values(), wanted.rounds)


def main(argv: Sequence[str] | None = None) -> int:
    return flags.run(benchmark, argv)


if __name__ == "__main__":
    sys.exit(main())
