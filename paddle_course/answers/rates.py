"""Trainings whose rates differ -> one picture: their losses, their accuracies, and the rates under them."""

from __future__ import annotations

from collections.abc import Mapping

from paddle_course import training
from paddle_course.answers.figures import Chart, panels
from paddle_course.answers.pieces import Figure, Trained


def with_rates(
    name: str,
    caption: str,
    runs: Mapping[str, Trained],
    rates: Mapping[str, training.schedules.Schedule],
    marks: Mapping[str, float],
) -> Figure:
    """Training loss and test accuracy of every epoch over the steps, and the rate of every step.

    Args:
        rates: the schedule of each run, by the same names.
        marks: steps to be marked, by what is to stand there.
    """
    charts = []
    for what, title in (("train_loss", "training loss"), ("test_accuracy", "test accuracy")):
        series = {}
        for label, run in runs.items():
            epochs = run.result.epochs
            series[label] = [each["step"] for each in epochs], [each[what] for each in epochs]
        charts.append(Chart(series, "step", title, percent="accuracy" in what, marks=marks))
    steps = range(max(run.result.epochs[-1]["step"] for run in runs.values()))
    series = {label: (steps, [schedule(step) for step in steps]) for label, schedule in rates.items()}
    charts.append(Chart(series, "step", "learning rate", logy=True, marks=marks))
    return panels(name, caption, charts, columns=1)
