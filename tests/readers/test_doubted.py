"""The test digits of doubtful label are found in MNIST alone, and only while it is in its own order."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from paddle_course import readers
from paddle_course.readers.doubted import LABELS


def digits(labels: np.ndarray, **settings: object) -> readers.Images:
    images = np.zeros((len(labels), 2, 2, 1), np.uint8)
    return readers.Images(images, labels, tuple("0123456789"), "digits", **settings)


def test_they_are_found_where_their_labels_stand() -> None:
    labels = np.zeros(10_000, np.int64)
    labels[list(LABELS)] = list(LABELS.values())
    assert readers.doubted(digits(labels)).tolist() == sorted(LABELS)
    assert len(LABELS) == 15
    for other in (digits(labels[::-1].copy()), digits(labels[:9_000]), digits(labels, synthetic=True)):
        assert len(readers.doubted(other)) == 0


def test_they_are_found_in_the_real_test_set(real_data: Path) -> None:
    if not (real_data / "mnist").is_dir():
        return  # the test above is its twin
    test = readers.mnist(real_data / "mnist", "test")
    assert len(readers.doubted(test)) == 15
    assert len(readers.doubted(dataclasses.replace(test, images=test.images[:-1], labels=test.labels[:-1]))) == 0
