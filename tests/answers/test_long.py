"""Networks after a few pictures and after all of them: what they cost, and which are looked at in six views."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paddle_course import answers, readers
from paddle_course.answers import Lab, trainings
from paddle_course.config import RunConfig
from tests.answers.blobs import BLOBS, blobs

SHAPE = (3, 32, 32)


class Here(Lab):
    """A lab in which every data set is the blobs."""

    def _images(self, name: str, split: str) -> readers.Images:
        return blobs(32, seed=split == "test")

    @property
    def seeds(self) -> range:
        return range(4, 6)


def lab(folder: Path) -> Here:
    return Here(RunConfig(accelerate="off", smoke=True), folder)


def test_the_short_rows_say_what_each_network_costs(tmp_path: Path) -> None:
    images, settings = {"learn": blobs(32), "test": blobs(16, seed=1)}, {"lenet": BLOBS.settings}
    found = answers.short(lab(tmp_path), ("resnet18", "lenet"), BLOBS, images, 2, SHAPE, settings)
    assert {each.name for each in tmp_path.iterdir()} == {"deep-resnet18-0", "deep-base-0"}  # LeNet is BLOBS'
    assert list(found.compared.accuracy) == ["resnet18", "lenet"]
    assert (found.pictures, found.epochs, found.updates) == (32, 2, 4)
    table, *results, figure = found.pieces
    assert table.caption == "Networks, 32 pictures, 2 epochs" and {"MACs", "minutes"} < {*table.header}
    assert "points per minute" not in table.header and len(table.rows[0]) == len(table.header)
    assert [(each.name, each.data) for each in results][:1] == [("resnet18, 32 pictures, 2 epochs", "blobs, 32 / 16")]
    assert figure.name == "speed"


def test_long_trainings_stand_side_by_side_and_the_fast_one_sees_six_views(tmp_path: Path) -> None:
    found = answers.long(lab(tmp_path), "blobs", {"fast": 1, "resnet18": 1}, "blobs", SHAPE, {})
    assert list(found.compared.accuracy) == ["fast, 1 epoch", "resnet18, 1 epoch"]
    assert {each.name for each in tmp_path.iterdir()} == {
        f"{n}-epochs-{s}" for n, s in (("fast-1", 4), ("fast-1", 5), ("resnet18-1", 4))
    }
    assert (found.fast.name, found.fast.n) == ("fast, 1 epoch, six views", 2) and found.fast.sd is not None
    assert found.names == {"fast": "fast, 1 epoch", "resnet18": "resnet18, 1 epoch"}
    assert found.epochs == {"fast, 1 epoch": 1, "resnet18, 1 epoch": 1}
    assert found.compared.train.keys() == found.compared.same.right.keys() == found.epochs.keys()
    assert found.pieces[-1] is found.fast and found.pieces[-2].name == "minutes"
    assert found.fast.minutes == pytest.approx(found.compared.results[0].minutes)


def test_the_small_fast_network_is_shown_six_views_too_and_has_the_same_recipe(tmp_path: Path) -> None:
    here = lab(tmp_path)
    found = answers.long(here, "blobs", {"fast-half": 1}, "blobs", SHAPE, {})
    assert (found.fast.name, found.fast.n) == ("fast-half, 1 epoch, six views", 2)
    whole, half = (trainings.augmented(here, "blobs", name, 1, 4) for name in ("fast", "fast-half"))
    for each in (whole, half):
        (phase,) = each.result.plan["phases"]
        assert (phase["optimizer"], phase["schedule"]["peak"]) == ("muon", 0.24)
    filters = half.net.features.whiten.weight.numpy()
    assert np.array_equal(filters[:12], -filters[12:])  # it has seen the pictures


def test_without_the_fast_network_nothing_is_looked_at_again(tmp_path: Path) -> None:
    settings = {"lenet": {"channels": 3, "side": 32}}
    found = answers.long(lab(tmp_path), "blobs", {"lenet": 1}, "blobs", SHAPE, settings)
    assert found.fast is None and found.pieces[-1].name == "minutes"
