"""Comparisons: means over seeds, costs, layer totals, and scores class by class."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from paddle_course import answers, batches, models, readers, training
from paddle_course.answers import Trained
from paddle_course.answers.comparison import class_scores


def trained(folder: Path, accuracy: float, seconds: float, model: str = "camp") -> Trained:
    """A finished run as its files would tell it."""
    run = training.Run(folder)
    folder.mkdir()
    plan = {"train": {"n": 600, "size": 50, "drop_last": False}, "held_out": {"test": {"n": 100}}}
    (folder / "config.json").write_text(json.dumps(plan))
    epochs = [
        {"epoch": e, "train_accuracy": 0.5, "test_accuracy": accuracy, "test_loss": 2.0 / e, "seconds": seconds * e / 2}
        for e in (1, 2)
    ]
    return Trained(
        models.build(model), training.Result(run, epochs, epochs[-1], folder / "params.safetensors", "0" * 64)
    )


def test_rows_are_means_over_seeds_with_their_cost(tmp_path: Path) -> None:
    rows = {
        "adam": [trained(tmp_path / str(i), accuracy, 60) for i, accuracy in enumerate((0.6, 0.62))],
        "sgd": [trained(tmp_path / "sgd", 0.5, 120)],
    }
    found = answers.compare("Optimizers", rows, "made up", "2 epochs", (3, 32, 32))
    assert found.accuracy == {"adam": pytest.approx(0.61), "sgd": 0.5}
    assert found.text == {"adam": "61.0 % ± 1.4 (n = 2)", "sgd": "50.0 %"}
    assert (found.best, found.worst) == ("adam", "sgd")
    assert found.speed == {"adam": 20, "sgd": 10}
    assert found.macs["adam"] == 3_739_000
    row = dict(zip(found.table.header, found.table.rows[0], strict=True))
    assert row["values"] == 89_910
    assert row["test accuracy"] == "61.0 % ± 1.4 (n = 2)"
    assert (row["minutes"], row["points per minute"]) == (1, 61)
    assert [(each.name, each.n, each.minutes) for each in found.results] == [
        ("adam, 2 epochs", 2, 1),
        ("sgd, 2 epochs", 1, 2),
    ]


def test_layers_add_up() -> None:
    found = answers.layers("camp", answers.layer_table(models.build("camp"), (3, 32, 32)))
    assert (found.total, found.trainable, found.sides) == (89_910, 89_770, "32-28-14-10-5-1-1")
    assert found.table.rows[-1][-2:] == (89_910, 3_739_000)
    assert answers.layers("mlp", answers.layer_table(models.build("mlp"), (1, 28, 28))).sides == ""


def test_somebody_elses_count_stands_beside_ours() -> None:
    rows = answers.layer_table(models.build("camp"), (3, 32, 32))
    claims = {"conv1": 520, "norm1": 0, "conv2": 1300, "norm2": 0, "conv3": 1300, "fc": 510}
    found = answers.recount("term by term", rows, claims, "theirs")
    assert (found.values["conv1"], found.values["fc"], sum(found.values.values())) == (1520, 510, 89_910)
    assert found.claimed == 3630
    (table,) = found.pieces
    assert table.header[-1] == "theirs" and table.rows[0] == ("conv1", "20 x (3 x 5 x 5) + 20", 1520, 520)
    with pytest.raises(ValueError):
        answers.recount("too few", rows, {"conv1": 520}, "theirs")


def test_a_mean_with_its_spread_as_text() -> None:
    assert answers.mean_sd([1.0, 3.0]) == "2.0 ± 1.4 (n = 2)"
    assert answers.mean_sd([1234.567], digits=2) == "1,234.57"


def test_curves_by_epoch(tmp_path: Path) -> None:
    series = answers.by_epoch(trained(tmp_path / "run", 0.6, 60), "accuracy")
    assert series == {"train": ([1, 2], [0.5, 0.5]), "test": ([1, 2], [0.6, 0.6])}


def test_mean_curves_over_runs(tmp_path: Path) -> None:
    runs = [trained(tmp_path / str(i), accuracy, 60) for i, accuracy in enumerate((0.6, 0.8))]
    epochs, mean, sd = answers.mean_by_epoch(runs, "test_accuracy")
    assert epochs.tolist() == [1, 2] and mean.tolist() == pytest.approx([0.7, 0.7])
    assert sd.tolist() == pytest.approx([answers.spread([0.6, 0.8])[1]] * 2)
    assert answers.mean_by_epoch(runs[:1], "test_accuracy")[2].tolist() == [0.0, 0.0]


def test_classes_that_are_never_answered() -> None:
    net = models.build("lenet")
    net.head.fc3.bias.set_value(np.array([500, -500, 500, -500, -500, -500, -500, -500, -500, -500], np.float32))
    rng = np.random.default_rng(0)
    images = readers.Images(
        rng.integers(0, 256, (90, 28, 28, 1), np.uint8), np.arange(90) % 10, tuple("0123456789"), "noise"
    )
    assert answers.unanswered(net, batches.Batches(images, 30)) in (8, 9)
    net.head.fc3.bias.set_value(np.eye(10, dtype=np.float32)[4] * 1000)
    assert answers.unanswered(net, batches.Batches(images, 30)) == 9


def test_scores_of_one_class() -> None:
    logits = np.eye(3)[[0, 0, 1, 2]] * 5.0
    labels = np.array([0, 1, 1, 2])
    recall, precision, _, accuracy = class_scores(logits, labels, 1)
    assert (recall, precision, accuracy) == (0.5, 1.0, 0.75)
    table = answers.each_class("all", logits, labels, ("a", "b", "c"))
    assert table.rows[1][:3] == ("b", 1.0, 0.5)
    assert table.header[4:6] == ("top-5 error", "cross-entropy") and table.rows[1][4] == 0
    assert table.rows[1][5] == pytest.approx(training.metrics.cross_entropy(logits[1:3], labels[1:3]), abs=1e-4)
    assert answers.measures(logits, labels)["accuracy"] == 0.75
