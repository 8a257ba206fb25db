"""The story of a training: its turning points, its curves, and what it knows by heart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from paddle_course import answers, training
from paddle_course.answers import Lab, Recipe, Trained
from paddle_course.config import RunConfig
from tests.answers.blobs import blobs

ACCURACIES, LOSSES = (0.2, 0.4, 0.3), (1.5, 1.7, 2.0)


def trained(folder: Path) -> Trained:
    folder.mkdir()
    lines = [{"kind": "train", "step": step, "loss": 3 / step, "accuracy": step / 4} for step in (1, 2, 3)]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    epochs = [
        {"epoch": e, "train_loss": 1 / e, "train_accuracy": 0.3 * e, "test_loss": loss, "test_accuracy": accuracy}
        for e, (accuracy, loss) in enumerate(zip(ACCURACIES, LOSSES, strict=True), start=1)
    ]
    return Trained(None, training.Result(training.Run(folder), epochs, epochs[-1], folder, ""))


def test_accuracy_by_epoch_and_by_batch(tmp_path: Path) -> None:
    figure = answers.accuracies("accuracy", "Accuracy", trained(tmp_path / "a"))
    assert (figure.name, figure.caption, figure.svg.count("<svg")) == ("accuracy", "Accuracy", 2)
    epochs, steps = figure.svg.split("<svg")[1:]
    for words, svg in ((("train", "test", ">epoch<", "40 %"), epochs), ((">step<", "70 %"), steps)):
        assert all(word in svg for word in words)


def test_the_turning_points_and_the_table(tmp_path: Path) -> None:
    story = answers.learning(trained(tmp_path / "a"))
    assert (story.highest["epoch"], story.lowest["epoch"], story.final["epoch"]) == (2, 1, 3)
    assert story.table.header == ("epoch", "train loss", "train accuracy", "test loss", "test accuracy")
    assert story.table.rows[1] == (2, 0.5, 0.6, 1.7, 0.4)
    figure = story.figure("story", "A story")
    assert figure.svg.count("<svg") == 2
    for word in ("Loss", "Accuracy", "train", "test"):
        assert word in figure.svg


def test_the_losses_of_the_batches_by_what_they_differ_in(tmp_path: Path) -> None:
    rows = {name: [trained(tmp_path / name)] for name in ("sgd", "adam")}
    figure = answers.batch_losses("steps", "", {"optimizer": rows, "rate": rows})
    for word in ("By optimizer", "By rate", "sgd", "adam"):
        assert word in figure.svg


def test_what_is_known_by_heart_is_surer_on_the_pictures_trained_on(tmp_path: Path) -> None:
    lab, images = Lab(RunConfig(accelerate="off"), tmp_path), blobs(32, 8)
    noise = blobs(32, 8, seed=5).take(slice(None, None, -1))
    recipe = Recipe("lenet", {"channels": 3, "side": 32}, size=16, optimizer="adam", lr=0.003)
    found = answers.train(lab, "heart", recipe, images, {"test": noise}, 12)
    table = answers.by_heart({"heart": (found, images)}, noise)
    name, train_loss, train, test_loss, test = table.rows[0]
    assert name == "heart" and train_loss < test_loss
    assert train.endswith(" %") and test == f"{100 * found.result.final['test_accuracy']:.1f} %"
    assert test_loss == pytest.approx(found.result.final["test_loss"], abs=2e-3)
