"""Trainings that take softmax twice, and the same taking it once -> the plateau of the loss, and its end.

Whose network ends in softmax, and whose loss takes softmax again, cannot come below `floor`; see
`training.losses.double_softmax`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paddle_course import training
from paddle_course.answers.comparison import by_step
from paddle_course.answers.figures import Chart, panels
from paddle_course.answers.pieces import Figure, Result, Table, Trained, score

ARMS = ("softmax twice", "softmax once")
FELL = 0.05  # of train accuracy, which a steady training does not lose again


@dataclass(frozen=True)
class Plateau:
    """By network, of softmax taken twice and once: the last epoch's train loss and the test accuracy.

    `fell_apart` are the trainings that ended `FELL` or more below their best train accuracy of an epoch: network, arm,
    the lowest train loss and the last. What such a one has at the end depends on the epoch at which it was stopped.
    """

    floor: float
    loss: dict[str, tuple[float, ...]]
    accuracy: dict[str, tuple[float, ...]]
    published: Mapping[str, float | None]
    fell_apart: list[tuple[str, str, float, float]]
    pieces: Sequence[Table | Figure | Result]


def plateau(
    networks: Mapping[str, tuple[Trained, Trained]],
    published: Mapping[str, float | None],
    classes: int,
    data: str,
    setting: str,
) -> Plateau:
    """Compare the two arms of each network; `published` are the accuracies that circulate, with softmax taken twice;
    None = of this one there is none."""
    floor = training.losses.double_softmax_floor(classes)
    ends = {name: [each.result.final for each in arms] for name, arms in networks.items()}
    loss, accuracy = (
        {name: tuple(end[what] for end in found) for name, found in ends.items()}
        for what in ("train_loss", "test_accuracy")
    )
    rows, charts, results, apart, limit = [], [], [], [], f"{floor:.4f}"
    for name, arms in networks.items():
        known = None if published[name] is None else score(published[name])
        rows.append((name, *map(score, accuracy[name]), known, *(round(each, 4) for each in loss[name])))
        curves = {what: by_step(trained, "loss") for what, trained in zip(ARMS, arms, strict=True)}
        steps = curves[ARMS[0]][0]
        charts.append(Chart(curves | {limit: (steps, [floor] * len(steps))}, "step", "loss", name, dashed=(limit,)))
        results += [
            Result(f"{name}, {what}, {setting}", "test accuracy", share, None, 1, trained.result.minutes, data)
            for what, share, trained in zip(ARMS, accuracy[name], arms, strict=True)
        ]
        for what, trained, end in zip(ARMS, arms, loss[name], strict=True):
            results.append(Result(f"{name}, {what}, {setting}, train loss", "train loss", end, data=data))
            epochs = trained.result.epochs
            if max(each["train_accuracy"] for each in epochs) - epochs[-1]["train_accuracy"] >= FELL:
                apart.append((name, what, min(each["train_loss"] for each in epochs), end))
    header = ("", "test accuracy, twice", "once", "published", "train loss, twice", "once")
    caption = f"Softmax twice: the loss cannot fall below {limit}. Softmax once: it can"
    pieces = [Table(f"Softmax twice and once, {setting}", header, tuple(rows)), panels("plateau", caption, charts, 2)]
    return Plateau(floor, loss, accuracy, published, apart, [*pieces, *results])
