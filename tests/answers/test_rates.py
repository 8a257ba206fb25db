"""Two trainings in one picture, their rates under them."""

from __future__ import annotations

import json
from pathlib import Path

from paddle_course import answers, training
from paddle_course.answers import Trained


def trained(folder: Path, rates: list[float]) -> Trained:
    folder.mkdir()
    run = training.Run(folder)
    lines = [{"kind": "train", "step": 10 * i, "lr": rate} for i, rate in enumerate(rates, start=1)]
    run.metrics.write_text("".join(json.dumps(line) + "\n" for line in lines))
    epochs = [{"step": 10 * i, "train_loss": 1 / i, "test_accuracy": 0.9} for i in range(1, len(rates) + 1)]
    return Trained(None, training.Result(run, epochs, epochs[-1], folder / "p", "0" * 64))


def test_three_charts_below_each_other(tmp_path: Path) -> None:
    runs = {"constant": trained(tmp_path / "a", [0.1] * 4), "cut": trained(tmp_path / "b", [0.1, 0.1, 0.01, 0.01])}
    figure = answers.with_rates("rates", "Both", runs, {"first cut": 20})
    assert figure.name == "rates" and figure.svg.count("<svg") == 3
    for word in ("training loss", "test accuracy", "learning rate", "first cut", "constant"):
        assert word in figure.svg
    height, width = (int.from_bytes(figure.png[i : i + 4], "big") for i in (20, 16))
    assert height > 1.5 * width
