"""A training -> its epochs as a table and as curves, and what it learned by heart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paddle_course import readers, training
from paddle_course.answers.comparison import by_epoch, by_step
from paddle_course.answers.figures import Chart, panels
from paddle_course.answers.pieces import Figure, Table, Trained
from paddle_course.answers.trainings import predicted

COLUMNS = ("epoch", "train_loss", "train_accuracy", "test_loss", "test_accuracy")
SHOWN = 2000  # pictures of a training set, which are as good as all of them to show what was learned by heart


@dataclass(frozen=True)
class Learning:
    """A training, epoch by epoch. `highest` has the best test accuracy, `lowest` the smallest test loss."""

    epochs: list[dict[str, Any]]
    charts: list[Chart]

    @property
    def final(self) -> dict[str, Any]:
        return self.epochs[-1]

    @property
    def highest(self) -> dict[str, Any]:
        return max(self.epochs, key=lambda each: each["test_accuracy"])

    @property
    def lowest(self) -> dict[str, Any]:
        return min(self.epochs, key=lambda each: each["test_loss"])

    @property
    def table(self) -> Table:
        rows = tuple(tuple(round(each[name], 4) for name in COLUMNS) for each in self.epochs)
        return Table("Epoch by epoch", tuple(name.replace("_", " ") for name in COLUMNS), rows)

    def figure(self, name: str, caption: str) -> Figure:
        """Loss and accuracy over the epochs, side by side."""
        return panels(name, caption, self.charts)


def learning(trained: Trained, title: str = "") -> Learning:
    """The epochs of a training with a held-out "test"; `title` goes before those of its charts."""
    loss, accuracy = (
        {name: by_epoch(trained, what)[name] for name in ("train", "test")} for what in ("loss", "accuracy")
    )
    charts = [
        Chart(loss, "epoch", "loss", f"{title}loss".capitalize()),
        Chart(accuracy, "epoch", "accuracy", f"{title}accuracy".capitalize(), percent=True),
    ]
    return Learning(trained.result.epochs, charts)


def accuracies(name: str, caption: str, trained: Trained) -> Figure:
    """The accuracy of the epochs, and beside it that of single batches over the steps."""
    look = {"ylabel": "accuracy", "percent": True}
    epochs, steps = by_epoch(trained, "accuracy"), by_step(trained, "accuracy")
    return panels(name, caption, [Chart(epochs, "epoch", **look), Chart({"single batches": steps}, "step", **look)])


def batch_losses(name: str, caption: str, groups: Mapping[str, Mapping[str, Sequence[Trained]]]) -> Figure:
    """The loss of the batches, step by step: a chart for each group, with the first run of each row."""
    charts = [
        Chart({row: by_step(runs[0], "loss") for row, runs in rows.items()}, "step", "loss", f"By {what}")
        for what, rows in groups.items()
    ]
    return panels(name, caption, charts)


def by_heart(rows: Mapping[str, tuple[Trained, readers.Images]], test: readers.Images) -> Table:
    """Plain cross-entropy and accuracy of networks on pictures they were trained on, as they are, and on others."""
    lines = []
    for name, (trained, images) in rows.items():
        line: list[Any] = [name]
        for each in (images.take(slice(SHOWN)), test):
            logits, labels = predicted(trained, each, images)
            loss = training.metrics.cross_entropy(logits, labels)
            line += [round(loss, 3), f"{100 * training.metrics.accuracy(logits, labels):.1f} %"]
        lines.append(tuple(line))
    header = ("", *(f"{what}, {where}" for where in ("train", "test") for what in ("cross-entropy", "accuracy")))
    caption = "On pictures trained on and on others, one view of each, without smoothing or augmentation"
    return Table(caption, header, tuple(lines))
