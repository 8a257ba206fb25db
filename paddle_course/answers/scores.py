"""Networks and labelled pictures -> all scores of one, class by class too, and what several make of a single class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from paddle_course import batches, training
from paddle_course.answers.comparison import class_scores, each_class, measures
from paddle_course.answers.figures import confusion
from paddle_course.answers.pieces import Figure, Result, Table

if TYPE_CHECKING:
    from paddle import nn


@dataclass(frozen=True)
class Scores:
    """`measured`: score by name; `mistaken` pictures of the first class of the `pair` are taken for the second.

    `classes` are the scores of each class by name, and its name as "class", the one of the least recall first.
    """

    measured: dict[str, Any]
    classes: list[dict[str, Any]]
    pair: tuple[str, str]
    mistaken: int
    pieces: Sequence[Table | Figure | Result]


def scores(name: str, net: nn.Layer, test: batches.Batches, data: str) -> Scores:
    """Everything one can say of the answers of `net`; `name` and `data` are for the captions and the results."""
    logits, labels = training.predict(net, test)
    measured, classes = measures(logits, labels), test.data.classes
    matrix = training.metrics.confusion(logits, labels)
    one, other = np.unravel_index((matrix - np.diag(np.diag(matrix))).argmax(), matrix.shape)
    by_class = each_class("Class by class", logits, labels, classes)
    rows = [dict(zip(by_class.header, row, strict=True)) for row in by_class.rows]
    pieces = [
        Table("One model, all scores", tuple(measured), (tuple(measured.values()),)),
        by_class,
        confusion("confusion", f"The {name} on the test pictures", matrix, classes),
        *(Result(f"{name}, {score}", score, value, data=data) for score, value in measured.items()),
    ]
    ranked = sorted(rows, key=lambda row: row["recall"])
    return Scores(measured, ranked, (classes[one], classes[other]), int(matrix[one, other]), pieces)


@dataclass(frozen=True)
class OneClass:
    """By network: recall, precision and average precision of the class, and the accuracy over all.

    `moved` is by network what the first of them makes of the class when an offset on its logit brings it to that
    network's recall; of those that find any.
    """

    rows: dict[str, tuple[float, float, float, float]]
    moved: dict[str, training.metrics.Moved]
    pieces: Sequence[Table | Result]


def one_class(
    caption: str, what: str, nets: Mapping[str, nn.Layer], test: batches.Batches, index: int, setting: str, data: str
) -> OneClass:
    """Compare networks, which differ in `what`, by how well they find the class with this index; `setting` is what they
    have in common ("2 epochs"), `data` what they were measured on."""
    seen = {name: training.predict(net, test) for name, net in nets.items()}
    rows = {name: class_scores(*each, index) for name, each in seen.items()}
    first, *rest = seen
    moves = {
        name: training.metrics.moved_to_recall(*seen[first], index, rows[name][0]) for name in rest if rows[name][0]
    }
    name = test.data.classes[index]
    header = (what, f"recall of {name}", f"precision of {name}", "average precision", "accuracy")
    lines = [(net, *row) for net, row in rows.items()]
    for moved in moves.values():
        what_moved = f"{first}, {moved.offset:+.2f} on the logit of {name}"
        lines.append((what_moved, moved.recall, round(moved.precision, 4), None, None))
    results = [
        Result(f"{net}, {setting}, {measure} of {name}", measure, value, data=data)
        for net, row in rows.items()
        for measure, value in zip(("recall", "precision"), row[:2], strict=True)
    ]
    return OneClass(rows, moves, [Table(f"{caption}, {setting}", header, tuple(lines)), *results])
