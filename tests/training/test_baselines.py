"""The baselines where one knows what they must say, and on the course's own numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from paddle_course import readers
from paddle_course.readers.housing import read_housing
from paddle_course.training import baselines


def test_least_squares_finds_the_plane_and_the_mean_does_not() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(60, 3))
    rows = readers.Rows(inputs, inputs @ [[1.0], [2.0], [-3.0]] + 5, ("a", "b", "c", "y"), "plane")
    train, test = rows.take(slice(40)), rows.take(slice(40, None))
    np.testing.assert_allclose(baselines.least_squares(train, test), test.targets)
    assert (baselines.mean(train, test) == train.targets.mean()).all()
    assert baselines.mean(train, test).shape == (20, 1)


def test_the_course_s_split(real_data: Path) -> None:
    if not (real_data / "housing.data").is_file():
        return
    rows = read_housing(real_data / "housing.data")
    train, test = rows.take(slice(404)), rows.take(slice(404, None))
    errors = [((said(train, test) - test.targets) ** 2).mean() for said in (baselines.mean, baselines.least_squares)]
    assert [round(each, 1) for each in errors] == [93.3, 32.8]
