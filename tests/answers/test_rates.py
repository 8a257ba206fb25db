"""Two trainings in one picture, their rates under them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from paddle_course import answers, training
from paddle_course.answers import Trained


def trained(loss: float) -> Trained:
    epochs = [{"step": 10 * i, "train_loss": loss / i, "test_accuracy": 0.9} for i in range(1, 5)]
    return Trained(None, training.Result(training.Run("run"), epochs, epochs[-1], Path("p"), "0" * 64))


def test_three_charts_below_each_other() -> None:
    piecewise = partial(training.schedules.piecewise, boundaries=[20], values=[0.1, 0.01])
    rates = {"constant": partial(training.schedules.constant, lr=0.1), "decay": piecewise}
    figure = answers.with_rates("rates", "Both", {"constant": trained(1), "decay": trained(2)}, rates, {"first": 20})
    assert figure.name == "rates" and figure.svg.count("<svg") == 3
    for word in ("training loss", "test accuracy", "learning rate", "first", "constant", "decay"):
        assert word in figure.svg
    assert ">0.01<" in figure.svg  # the axis goes down to the rate behind the boundary
    height, width = (int.from_bytes(figure.png[i : i + 4], "big") for i in (20, 16))
    assert height > 1.5 * width
