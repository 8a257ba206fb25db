"""A table of numbers through the same loop: it learns, records its own score, stops early, and resumes to the bit."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import paddle
import pytest

from paddle_course import batches, models, readers, runtime, training
from paddle_course.training import loop, losses, resume, schedules, scores, screen


def rows(count: int = 90, seed: int = 0) -> readers.Rows:
    """y = 3 a - 2 b + 1 under a little noise, 400 times as large as what the network is to see."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(count, 2))
    targets = 400 * (inputs @ [[3.0], [-2.0]] + 1 + 0.1 * rng.normal(size=(count, 1)))
    return readers.Rows(inputs, targets, ("a", "b", "y"), "plane")


def table(data: readers.Rows, seed: int = 0, shuffle: bool = True) -> batches.RowBatches:
    return batches.RowBatches(data, 20, seed, scale=(1.0, 1.0, 400.0), shuffle=shuffle)


def fit(directory: Path, epochs: int = 8, sizes: tuple[int, ...] = (2, 1), **settings: object) -> training.Result:
    phase = training.Phase(epochs, "adam", partial(schedules.constant, lr=0.1))
    held = {"test": table(rows(40, 1), shuffle=False)}
    settings = {"loss": losses.squared_error, "score": partial(scores.mse, unit=400.0), "held_out": held} | settings
    model = models.build("mlp", sizes=sizes)
    return training.fit(training.Run(directory), model, table(rows()), [phase], **settings)


def test_it_learns_and_records_its_score(tmp_path: Path) -> None:
    result = fit(tmp_path / "run", epochs=30)
    last = result.final
    assert "train_accuracy" not in last and "test_accuracy" not in last
    assert last["test_mse"] == pytest.approx(last["test_loss"] * 400**2, rel=1e-4)
    assert 0.5 * 40**2 < last["test_mse"] < 2 * 40**2  # the noise
    assert last["test_mse"] < 0.01 * result.epochs[0]["test_mse"]
    assert result.plan["score"] == {"name": "mse", "unit": 400.0}
    assert result.plan["train"]["scale"] == [1.0, 1.0, 400.0]
    outputs, targets = training.predict(models.build("mlp", sizes=(2, 1)), table(rows(40, 1), shuffle=False))
    assert outputs.shape == targets.shape == (40, 1)


def test_stopped_between_any_two_steps_it_ends_in_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fit(tmp_path / "whole", sizes=(2, 8, 1))
    monkeypatch.setattr(resume, "CHECKPOINT_EVERY", 0.0)
    plain, count = screen.Screen.step, [0]

    def dying(self: screen.Screen, *numbers: float) -> None:
        plain(self, *numbers)
        count[0] += 1
        if count[0] % 7 == 0:
            raise KeyboardInterrupt

    monkeypatch.setattr(screen.Screen, "step", dying)
    for _ in range(20):
        try:
            parts = fit(tmp_path / "parts", sizes=(2, 8, 1))
            break
        except KeyboardInterrupt:
            continue
    assert count[0] > 40  # eight epochs of five steps, and those done twice
    assert parts.sha256 == whole.sha256


def test_patience_follows_the_loss_where_there_is_no_accuracy(tmp_path: Path) -> None:
    few, held = table(rows(25)), {"validation": table(rows(60, 2), shuffle=False)}
    phase = training.Phase(200, "adam", partial(schedules.constant, lr=0.1))
    model, run = models.build("mlp", sizes=(2, 64, 1)), training.Run(tmp_path / "run")
    score = partial(scores.mse, unit=400.0)
    result = training.fit(run, model, few, [phase], loss=losses.squared_error, score=score, held_out=held, patience=5)
    seen = [each["validation_loss"] for each in result.epochs]
    assert len(seen) < 200
    assert result.final["validation_loss"] == min(seen)
    assert seen.index(min(seen)) == len(seen) - 6


def test_another_score_in_the_same_directory_is_refused(tmp_path: Path) -> None:
    fit(tmp_path / "run", epochs=1)
    with pytest.raises(runtime.UserError, match=r"score.unit: 400.0, now 1.0"):
        fit(tmp_path / "run", epochs=1, score=partial(scores.mse, unit=1.0))


def test_shapes_that_would_broadcast_are_refused() -> None:
    outputs, targets = paddle.to_tensor([[1.0], [2.0]]), paddle.to_tensor([1.0, 2.0])
    with pytest.raises(ValueError, match=r"outputs \[2, 1\] and targets \[2\]"):
        losses.squared_error(outputs, targets)
    assert losses.squared_error(outputs, paddle.to_tensor([[1.0], [5.0]])).item() == 4.5


def test_gradients_of_small_nets_are_noted_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "RECORD_EVERY", 1)
    records = fit(tmp_path / "run", epochs=1, sizes=(2, 3, 1)).run.records("gradients")
    assert len(records) == 5
    assert set(records[0]) == {"kind", "step", "body.fc1", "body.fc2"}
