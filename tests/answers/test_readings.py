"""One training read at several epochs, and what depends on the epoch that one believes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from paddle_course import answers, training
from paddle_course.answers import Trained


def trained(folder: Path, accuracies: list[float]) -> Trained:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"held_out": {"test": {"n": 400}}}))
    epochs = [
        {"epoch": i, "train_loss": 1 / i, "test_accuracy": accuracy, "seconds": 60 * i}
        for i, accuracy in enumerate(accuracies, start=1)
    ]
    return Trained(None, training.Result(training.Run(folder), epochs, epochs[-1], folder / "p", "0" * 64))


@pytest.fixture
def rows(tmp_path: Path) -> dict[str, list[Trained]]:
    return {
        "ReLU": [trained(tmp_path / "a", [0.8, 0.92, 0.9]), trained(tmp_path / "b", [0.82, 0.94, 0.94])],
        "sigmoid": [trained(tmp_path / "c", [0.5, 0.52, 0.53])],
    }


def test_read_at_two_epochs_beside_what_others_have(rows: dict[str, list[Trained]]) -> None:
    found = answers.read_at("LeNet", rows, (1, 3), "made up", {"ReLU": (0.9075, 0.925)})
    assert found.accuracy["ReLU"] == {1: pytest.approx(0.81), 3: pytest.approx(0.92)}
    assert found.loss["sigmoid"] == {1: 1, 3: pytest.approx(1 / 3)}
    assert found.interval["ReLU"][3] == training.metrics.wilson(found.accuracy["ReLU"][3], 400)
    table, *results = found.pieces
    relu, sigmoid = (dict(zip(table.header, row, strict=True)) for row in table.rows)
    assert relu["test accuracy, epoch 3"] == "92.00 % ± 2.83 (95 %: 88.9 to 94.3) (n = 2)"
    assert (relu["published, epoch 1"], relu["published, epoch 3"]) == ("90.75 %", "92.50 %")
    assert sigmoid["published, epoch 3"] is None and sigmoid["training loss, epoch 3"] == 0.3333
    assert [(each.name, each.n, each.minutes) for each in results][:2] == [
        ("ReLU, 1 epoch", 2, 1),
        ("ReLU, 3 epochs", 2, 3),
    ]


def test_without_published_figures_there_is_no_column_for_them(rows: dict[str, list[Trained]]) -> None:
    table = answers.read_at("LeNet", rows, (3,), "made up").pieces[0]
    assert table.header == ("", "training loss, epoch 3", "test accuracy, epoch 3")


def test_the_best_epoch_is_better_than_the_last(rows: dict[str, list[Trained]]) -> None:
    found = answers.endings("Endings", rows, {"ReLU": 2, "sigmoid": 1})
    assert found.last == {"ReLU": pytest.approx(0.92), "sigmoid": 0.53}
    assert found.best == {"ReLU": pytest.approx(0.93), "sigmoid": 0.53}
    assert found.range["ReLU"] == pytest.approx(0.01)  # 2 points and none
    (table,) = found.pieces
    assert found.mean["ReLU"] == pytest.approx(0.925)
    assert table.header == (
        "",
        "last epochs, number",
        "last epoch",
        "mean of the last",
        "lowest",
        "highest",
        table.header[-1],
    )
    assert table.rows[0] == ("ReLU", 2, "92.00 %", "92.50 %", "92.00 %", "93.00 %", "93.00 %")
