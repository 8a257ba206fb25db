"""Finished trainings to play with: two words, two kinds of photos, and ten digits, each learnt in a moment."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from paddle_course import batches, models, readers, training
from paddle_course.play import player

WORDS = ("circle", "power_outlet")
TURN = np.linspace(0, 2 * np.pi, 24)
CIRCLE = [[[float(each) for each in 100 + 80 * np.cos(TURN)], [float(each) for each in 100 + 80 * np.sin(TURN)]]]
CROSS = [[[10.0, 190.0], [10.0, 190.0]], [[190.0, 10.0], [10.0, 190.0]]]


def drawings(count: int) -> readers.Drawings:
    """Circles and crosses, in turn, each by another hand."""
    rng, parts = np.random.default_rng(0), []
    for i in range(count):
        strokes = player.strokes_of((CIRCLE, CROSS)[i % 2])
        parts.append([stroke + rng.normal(0, 6, stroke.shape).astype(np.float32) for stroke in strokes])
    lengths = [len(stroke) for part in parts for stroke in part]
    raw = readers.Drawings(
        points=np.concatenate([stroke for part in parts for stroke in part]),
        strokes=np.concatenate([[0], np.cumsum(lengths)]),
        starts=np.concatenate([[0], np.cumsum([len(part) for part in parts])]),
        labels=np.arange(count) % 2,
        keys=np.zeros(count, np.int64),
        classes=WORDS,
        source="circles and crosses",
        synthetic=True,
    )
    return readers.simplify(raw)


def train(directory: Path, model: str, data: object, epochs: int, augment: tuple = (), **settings: object) -> None:
    net = models.build(model, **settings)
    made = batches.Batches(data, max(20, len(data) // 30), augment=augment)
    phases = [training.Phase(epochs, "adam", partial(training.schedules.constant, lr=0.003))]
    training.fit(training.Run(directory), net, made, phases, graph=False)


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory, rng = tmp_path_factory.mktemp("runs"), np.random.default_rng(0)
    light = np.arange(40) % 2
    photos = np.clip(rng.normal(60 + 130 * light[:, None, None, None], 20, (40, 32, 32, 3)), 0, 255).astype(np.uint8)
    train(directory / "photos", "camp-no-bn", readers.Images(photos, light, ("night", "day"), "fields"), 8, classes=2)
    moved = (partial(batches.pad_crop, pad=2, mode="constant"),)
    readers.write_digits(directory / "digits")
    train(directory / "tour/digits", "lenet", readers.mnist(directory / "digits", "train"), 6, moved)
    train(directory / "hw10/few", "lenet", batches.Sketches(drawings(60), 28), 6, classes=len(WORDS))
    fundus = readers.Images(photos[:20], light[:20], ("no", "yes"), "blue first")
    train(directory / "other", "camp-no-bn", fundus.thinned(1), 1, classes=2)
    (directory / "other/result.json").unlink()  # killed before its end
    return directory
