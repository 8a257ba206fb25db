"""A network in training <-> card.json in its run directory: how it is built, what it is fed, what its outputs mean.

With the params beside it, whoever finds the run can use the network without the script that trained it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paddle

from paddle_course import batches, config, models
from paddle_course.files import write_file
from paddle_course.runtime import UserError
from paddle_course.training.records import Run
from paddle_course.training.resume import ended

FILE = "card.json"


@dataclass(frozen=True)
class Card:
    """What `models.build` and `Batches` were called with."""

    model: str
    settings: dict[str, Any]
    classes: tuple[str, ...]
    shape: tuple[int, int, int]  # of one example: channels, height, width
    mean: tuple[float, ...]
    std: tuple[float, ...]
    drawn: bool  # of strokes, by `Sketches`
    synthetic: bool


def write(run: Run, model: paddle.nn.Layer, train: batches.Ordered) -> None:
    """Leave the card of `model`, which learns from `train`; none of a network that is not in `models.MODELS`, and none
    of one that learns from rows of numbers."""
    if (built := getattr(model, "built", None)) and isinstance(train, batches.Batches):
        data = train.data
        about = (data.classes, train.shape, train.mean, train.std, isinstance(data, batches.Sketches), data.synthetic)
        write_file(run.directory / FILE, json.dumps(config.describe(Card(*built, *about)), indent=2))


def read(directory: Path) -> Card:
    """The card in a run directory."""
    path = directory / FILE
    known = {key: tuple(value) if isinstance(value, list) else value for key, value in config.load(path).items()}
    try:
        card = Card(**known)
        channels, height, width = card.shape
        if not all(isinstance(each, int) for each in (channels, height, width)) or not isinstance(card.classes, tuple):
            raise TypeError
        if not isinstance(card.settings, dict) or not {len(card.mean), len(card.std)} <= {1, channels}:
            raise TypeError
    except (TypeError, ValueError):
        raise UserError(f"{path} is not what this version writes: train again with --fresh") from None
    return card


def network(run: Run, card: Card) -> paddle.nn.Layer:
    """The network of a finished run, with the params that it ended with."""
    net = models.build(card.model, **card.settings)
    if ended(run, net) is None:
        raise UserError(f"{run.directory} is not finished: the command that began it goes on")
    net.eval()
    return net
