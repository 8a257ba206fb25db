"""A colour network made one for drawings: no feature changes, and only the last layer is new."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paddle_course import answers, batches, models, readers
from paddle_course.answers import Recipe

RECIPES = {
    "VGG-11": Recipe("vgg11", {"channels": 1, "width": 4}),
    "ResNet-18": Recipe("resnet18-imagenet", {"channels": 1, "width": 4}),
    "DenseNet-121": Recipe("densenet121", {"channels": 1, "growth": 2}),
}
LAST = {"VGG-11": "head.fc", "ResNet-18": "fc", "DenseNet-121": "fc"}


@pytest.fixture
def sketches(tmp_path: Path) -> batches.Sketches:
    return batches.Sketches(readers.load_drawings(tmp_path, "stand-in", nrows=2), 32)


def test_features_stay_and_the_last_layer_is_new(sketches: batches.Sketches) -> None:
    found = answers.one_channel(RECIPES, sketches)
    for name, last in LAST.items():
        assert found.output[name] == (12, 12)
        assert sorted(found.fresh[name]) == [f"{last}.bias", f"{last}.weight"]
        assert found.difference[name] < 1e-4
    (table,) = found.pieces
    assert table.rows[0][:3] == ("VGG-11", "12 × 1 × 32 × 32", "[12, 12]")
    assert all(row[4] == found.macs[row[0]] > 0 for row in table.rows)


def test_a_wrong_conversion_is_seen(sketches: batches.Sketches, monkeypatch: pytest.MonkeyPatch) -> None:
    right = models.transfer

    def mean(params: dict[str, np.ndarray], net: object) -> list[str]:
        """Of the three channels, which is what one might take for right."""
        first = next(iter(params))
        return right(params | {first: params[first] / 3}, net)

    monkeypatch.setattr(models, "transfer", mean)
    assert answers.one_channel({"ResNet-18": RECIPES["ResNet-18"]}, sketches).difference["ResNet-18"] > 0.01


def test_an_output_of_another_shape_stops_before_the_training(
    sketches: batches.Sketches, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = models.build
    monkeypatch.setattr(models, "build", lambda name, seed=0, **more: build(name, seed, **more | {"classes": 9}))
    with pytest.raises(ValueError, match=r"ResNet-18 gives \(12, 9\) for 12 drawings of 12 words"):
        answers.one_channel({"ResNet-18": RECIPES["ResNet-18"]}, sketches)
