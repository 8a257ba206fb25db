"""What is asked of a training, and what it left behind: phases, the plan as JSON, the result."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path
from typing import Any

import paddle

from paddle_course import batches, config
from paddle_course.runtime import UserError, seed_of
from paddle_course.training import checkpoint, scores
from paddle_course.training.records import Run


@dataclass(frozen=True)
class Phase:
    """`epochs` with one optimizer; `schedule` maps the steps of this phase, from 0, to learning rates.

    Attributes:
        settings: those of `optimizers.build`.
        average: the updates of this phase that are done -> the share of the slow weights that is kept, or None: see
            `averaging.look_ahead`. None in its place: nothing is averaged.
        freeze: shell patterns of params that stop learning after so many epochs of this phase, for good.
    """

    epochs: int
    optimizer: str
    schedule: Callable[[int], float]
    settings: Mapping[str, Any] = field(default_factory=dict)
    average: Callable[[int], float | None] | None = None
    freeze: Mapping[str, int] = field(default_factory=dict)


def phase_at(phases: Sequence[Phase], epoch: int) -> tuple[Phase, int]:
    """The phase that `epoch` belongs to, and that phase's first epoch."""
    first = 0
    for phase in phases:
        if epoch < first + phase.epochs:
            return phase, first
        first += phase.epochs
    raise ValueError(f"epoch {epoch} is not among the {first} of the phases")


def freeze(model: paddle.nn.Layer, phases: Sequence[Phase], epoch: int) -> None:
    """Let the params rest that are frozen when `epoch` begins. A pattern that matches none raises UserError."""
    first, names = 0, dict(model.named_parameters())
    for phase in phases:
        for pattern, epochs in phase.freeze.items():
            if not (matching := [name for name in names if fnmatchcase(name, pattern)]):
                raise UserError(f"freeze: no parameter of {type(model).__name__} is called {pattern}")
            for name in matching:
                names[name].stop_gradient = names[name].stop_gradient or first + epochs <= epoch
        first += phase.epochs


@dataclass(frozen=True)
class Result:
    """What a training left behind: its epoch records, the one whose params were kept, and the file of these params."""

    run: Run
    epochs: list[dict[str, Any]]
    final: dict[str, Any]
    params: Path
    sha256: str

    @property
    def minutes(self) -> float:
        """Minutes of training: waiting for data and updates, without evaluation."""
        return self.epochs[-1]["seconds"] / 60

    @property
    def plan(self) -> dict[str, Any]:
        """What `plan` wrote down before the training."""
        return config.load(self.run.directory / "config.json")

    @property
    def speed(self) -> float:
        """Pictures, or rows, trained on per second, in the middle one of the epochs, of two the faster: one may have
        been held up."""
        train = self.plan["train"]
        dropped = train["n"] % train["size"] if train["drop_last"] else 0
        ends = [0.0, *(each["seconds"] for each in self.epochs)]
        return (train["n"] - dropped) / statistics.median_low(end - start for start, end in pairwise(ends))


def plan(
    model: Any, train: Any, phases: Any, loss: Any, held_out: Any, patience: int, start: Path | None, score: Any
) -> dict[str, Any]:
    """All that decides how a training ends, as JSON; UserError where nothing tells `patience` which epoch is best."""
    if patience and "validation" not in held_out:
        raise UserError(f"patience {patience} goes by validation data: give held_out['validation'], or patience 0")
    count = sum(math.prod(value.shape) for value in model.state_dict().values())
    structure = {"class": type(model).__name__, "values": count, "structure": f"{seed_of(str(model)):08x}"}
    rest = {"train": train, "phases": phases, "loss": loss, "held_out": held_out, "patience": patience}
    rest["start"] = checkpoint.sha256(start) if start else None
    rest["score"] = None if score is scores.accuracy else score
    return {"model": structure} | config.describe(rest)


def settings(model: Any, train: batches.Ordered, phases: Sequence[Phase]) -> dict[str, Any]:
    """What VisualDL's hyper-parameter page compares the runs by."""
    first = phases[0]
    return {
        "model": type(model).__name__,
        "optimizer": ", ".join(phase.optimizer for phase in phases),
        "lr": first.schedule(0),
        "epochs": sum(phase.epochs for phase in phases),
        "batch": train.size,
        "seed": train.seed,
    }
