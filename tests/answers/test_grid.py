"""A grid of trainings: what failed is marked and chosen nowhere, and the rest is compared by validation."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from paddle_course import answers, training
from paddle_course.answers import Cell, Trained


def trained(run: training.Run, curve: list[float]) -> Trained:
    epochs = [
        {"kind": "epoch", "step": i, "validation_accuracy": a, "seconds": 60.0 * i} for i, a in enumerate(curve, 1)
    ]
    run.directory.mkdir(parents=True)
    run.metrics.write_text("".join(json.dumps(each) + "\n" for each in epochs))
    return Trained(
        None, training.Result(run, epochs, (epochs or [{}])[-1], run.directory / "params.safetensors", "0" * 64)
    )


def cell(folder: Path, name: str, *curve: float) -> Cell:
    """A cell whose rate was held for three epochs, of pictures a tenth of which are of the commonest class."""
    return answers.attempt(training.Run(folder / name), lambda run: trained(run, list(curve)), 3, 0.1)


def diverged(folder: Path, name: str, *curve: float) -> Cell:
    def train(run: training.Run) -> Trained:
        trained(run, list(curve))
        (run.directory / "diverged.json").write_text(json.dumps({"step": 1234, "message": "loss is nan"}))
        raise training.Diverged("loss is nan")

    return answers.attempt(training.Run(folder / name), train, 3, 0.1)


@pytest.fixture
def cells(tmp_path: Path) -> dict[tuple[str, float], Cell]:
    return {
        ("sgd", 0.1): cell(tmp_path, "a", 0.9, 0.95, 0.94, 0.99),
        ("sgd", 0.01): cell(tmp_path, "b", 0.8, 0.9, 0.91, 0.93),
        ("adam", 0.1): diverged(tmp_path, "c"),
        ("adam", 0.01): cell(tmp_path, "d", 0.3, 0.1, 0.1, 0.149),
        ("adagrad", 0.1): diverged(tmp_path, "e", 0.5, 0.6),
        ("adagrad", 0.01): cell(tmp_path, "f", 0.2, 0.15, 0.16, 0.151),
    }


def test_a_training_that_diverges_ends_nothing_and_says_where(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    failed = diverged(tmp_path, "a", 0.5)
    assert (failed.trained, failed.mark, failed.step, failed.curve) == (None, "diverged", 1234, [0.5])
    assert "marked as diverged: loss is nan" in capsys.readouterr().err
    with pytest.raises(ValueError, match="a mistake of ours"):
        answers.attempt(
            training.Run(tmp_path), lambda run: (_ for _ in ()).throw(ValueError("a mistake of ours")), 1, 0.1
        )


def test_marks_and_swings(cells: dict[tuple[str, float], Cell]) -> None:
    assert [each.mark for each in cells.values()] == ["", "", "diverged", "chance", "diverged", ""]
    assert cells["sgd", 0.1].held == 0.94
    assert cells["sgd", 0.1].swing == pytest.approx(0.01)  # from the second epoch to the third, the last of those held
    assert Cell(cells["sgd", 0.1].run, None, 1, 0.1).swing is None
    assert Cell(cells["sgd", 0.1].run, None, 2, 0.1).swing == pytest.approx(0.05)


def test_the_best_of_a_row_is_the_best_in_the_end_of_those_that_learnt(cells: dict[tuple[str, float], Cell]) -> None:
    found = answers.grid("Toy", cells, "made up", "4 epochs")
    assert (found.rows, found.columns) == (["sgd", "adam", "adagrad"], [0.1, 0.01])
    assert [found.best(row) for row in found.rows] == [0.1, None, 0.01]
    assert found.marked("diverged") == ["adam 0.1", "adagrad 0.1"] and found.marked("chance") == ["adam 0.01"]


def test_what_failed_is_in_every_picture_and_in_the_results_only_with_a_number(
    cells: dict[tuple[str, float], Cell],
) -> None:
    table, picture, curves, swings, *results = answers.grid("Toy", cells, "made up", "4 epochs").pieces
    assert table.rows == (
        ("sgd", "94.00 → 99.00", "91.00 → 93.00"),
        ("adam", "diverged, step 1,234", "10.00 → 14.90 (chance)"),
        ("adagrad", "diverged, step 1,234", "16.00 → 15.10"),
    )
    assert swings.rows == (("sgd", 1.0, 1.0), ("adam", "diverged", "chance"), ("adagrad", "diverged", 1.0))
    for word in ("99.00 %", "15.10 %", "diverged", "chance"):
        assert word in picture.svg
    assert "14.90 %" not in picture.svg  # it would take all contrast from the others
    assert curves.svg.count("<svg") == 3
    for word in ("0.1 diverged", "0.01 chance", "down to 0", "adagrad"):
        assert word in curves.svg
    assert [(each.name, each.value, each.minutes) for each in results] == [
        ("sgd, 0.1, 4 epochs", 0.99, 4),
        ("sgd, 0.01, 4 epochs", 0.93, 4),
        ("adam, 0.01, 4 epochs", 0.149, 4),
        ("adagrad, 0.01, 4 epochs", 0.151, 4),
    ]


@pytest.mark.parametrize(
    ("ended", "found"),
    [
        ({0.1: 0.90, 0.003: 0.99}, "inside"),
        ({0.1: 0.99, 0.03: 0.90, 0.01: 0.90}, "outside"),
        ({0.1: 0.990, 0.003: 0.991}, "either"),  # one digit of a thousand
        ({0.1: 0.99, 0.03: 0.90}, ""),  # nothing tried inside
        ({0.003: 0.99, 0.001: 0.90}, ""),
        ({0.1: None, 0.003: 0.99}, "inside"),  # tried, and learnt nothing
        ({0.1: None, 0.003: None}, ""),
    ],
)
def test_a_rate_is_good_where_the_digits_tell_it_from_the_others(monkeypatch, ended: dict, found: str) -> None:
    cells = {
        ("sgd", lr): SimpleNamespace(
            mark="" if share else "chance", curve=[0.0, share], trained=SimpleNamespace(net=share)
        )
        for lr, share in ended.items()
    }

    def predict(share: float, _: None) -> tuple[np.ndarray, np.ndarray]:
        return np.eye(2)[(np.arange(1000) >= round(1000 * share)).astype(int)], np.zeros(1000, int)

    monkeypatch.setattr(training, "predict", predict)
    made = answers.Grid(cells, ["sgd"], sorted(ended, reverse=True), [])
    assert made.side("sgd", (0.001, 0.01), None) == found
