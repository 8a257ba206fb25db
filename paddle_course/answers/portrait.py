"""A trained network -> its layers, its epochs and its curve: what one shows of a single training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from paddle_course.answers.analysis import LayerRow, layer_table
from paddle_course.answers.comparison import Layers, by_epoch, layers
from paddle_course.answers.figures import curves
from paddle_course.answers.pieces import Figure, Table, Trained


@dataclass(frozen=True)
class Portrait:
    """`rows` are those of the layer table, `layers` the table with its totals."""

    rows: list[LayerRow]
    layers: Layers
    pieces: Sequence[Table | Figure]


def portrait(name: str, figure: str, trained: Trained, input_shape: Sequence[int]) -> Portrait:
    """Show a training with test pictures; `figure` is the figure's name, `input_shape` a picture's, (C, H, W)."""
    rows, curve = layer_table(trained.net, input_shape), by_epoch(trained, "accuracy")
    drawn = curves(figure, f"{name}, epoch by epoch", curve, "epoch", "accuracy", percent=True)
    table = layers(f"{name}, layer by layer", rows)
    return Portrait(rows, table, [*table.pieces, epochs(f"{name}, epoch by epoch", trained), drawn])


def epochs(caption: str, trained: Trained) -> Table:
    """A training epoch by epoch: loss, accuracies (on the training pictures those of the batches) and seconds."""
    records = trained.result.epochs
    seconds = np.diff([0.0, *(each["seconds"] for each in records)])
    keys = ("train_loss", "train_accuracy", "test_loss", "test_accuracy")
    rows = [
        (each["epoch"], *(round(each[key], 4) for key in keys), round(float(took), 1))
        for each, took in zip(records, seconds, strict=True)
    ]
    return Table(caption, ("epoch", *(key.replace("_", " ") for key in keys), "seconds"), tuple(rows))
