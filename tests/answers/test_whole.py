"""The long training: how long it will take is said before it begins, and the test pictures decide nothing."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from paddle_course.answers import Lab, Recipe, forecasts, whole
from paddle_course.answers.whole import forecast
from paddle_course.config import RunConfig
from tests.answers.blobs import BLOBS, blobs


def like(recipe: Recipe, speed: float) -> SimpleNamespace:
    return SimpleNamespace(name="narrow", recipe=recipe, trained=SimpleNamespace(result=SimpleNamespace(speed=speed)))


def test_twice_the_width_takes_about_four_times_as_long() -> None:
    images, narrow = blobs(60), Recipe.fast(width=0.25)
    same = forecast(narrow, 10, images, like(narrow, speed=10.0))
    assert same == 1  # 600 pictures at 10 a second
    wide = forecast(Recipe.fast(width=0.5), 10, images, like(narrow, speed=10.0))
    assert 3 < wide < 4.2


def test_what_the_flags_will_take_is_a_table() -> None:
    narrow = Recipe.fast(width=0.25)
    table = forecasts({"full": (narrow, 20), "long": (narrow, 45)}, blobs(60), 120, like(narrow, speed=10.0))
    at_hand, complete = (
        (("--full", 60, 20, 2.0), ("--long", 60, 45, 4.5)),
        (("--full", 120, 20, 4.0), ("--long", 120, 45, 9.0)),
    )
    assert table.rows == at_hand + complete
    whole = forecasts({"full": (narrow, 20)}, blobs(60), 60, like(narrow, speed=10.0))
    assert whole.rows == at_hand[:1]
    assert '"narrow"' in table.note


def test_it_is_announced_and_looks_in_one_view_and_in_six(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    lab, images, test = Lab(RunConfig(accelerate="off"), tmp_path), blobs(64), blobs(20, seed=1)
    found = whole(lab, "full", BLOBS, 2, images, test, like(BLOBS, 1.0), known=500)
    said = capsys.readouterr().err
    assert "full: 2 epochs of 64 pictures, which is what there is of 500: about 2 minutes" in said
    assert said.index("about 2 minutes") < said.index("epoch 1")
    assert [(each.name, each.data) for each in found] == [
        ("full, 2 epochs, one view", "blobs, 64 / 20"),
        ("full, 2 epochs, six views", "blobs, 64 / 20"),
    ]
    assert all(0 <= each.value <= 1 and each.minutes > 0 for each in found)
    whole(lab, "all", BLOBS, 1, images, test, like(BLOBS, 1.0), known=64)
    assert "all: 1 epochs of 64 pictures: about 1 minutes" in capsys.readouterr().err
