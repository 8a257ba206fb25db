"""Trainings whose rates differ -> one picture: their losses, their accuracies, and the rates under them."""

from __future__ import annotations

from collections.abc import Mapping

from paddle_course.answers.comparison import by_step
from paddle_course.answers.figures import Chart, panels
from paddle_course.answers.pieces import Figure, Trained


def with_rates(name: str, caption: str, runs: Mapping[str, Trained], marks: Mapping[str, float]) -> Figure:
    """Training loss and test accuracy of every epoch, and the rate, over the steps; `marks` are steps by label."""
    charts = []
    for what, title in (("train_loss", "training loss"), ("test_accuracy", "test accuracy")):
        series = {}
        for label, run in runs.items():
            epochs = run.result.epochs
            series[label] = [each["step"] for each in epochs], [each[what] for each in epochs]
        charts.append(Chart(series, "step", title, percent="accuracy" in what, marks=marks))
    rates = {label: by_step(run, "lr") for label, run in runs.items()}
    charts.append(Chart(rates, "step", "learning rate", logy=True, dashed=list(rates), marks=marks))
    return panels(name, caption, charts, columns=1)
