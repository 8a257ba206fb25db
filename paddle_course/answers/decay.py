"""The same training at several weight decays -> its loss curves side by side, and how far apart they end.

The gap between the loss on pictures that were learnt from and on others is what decay is meant to close.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from paddle_course.answers.comparison import mean_by_epoch
from paddle_course.answers.figures import Chart, bars, panels
from paddle_course.answers.pieces import Figure, Result, Table, Trained, score, spread


@dataclass(frozen=True)
class Decays:
    """By decay, means over the runs at the end: both losses, the test accuracy, the length of the weights.

    `lowest` is the lowest test loss on the way, `turn` the epoch in which it was.
    """

    train: dict[float, float]
    test: dict[float, float]
    accuracy: dict[float, float]
    length: dict[float, float]
    lowest: dict[float, float]
    turn: dict[float, int]
    pieces: Sequence[Table | Figure | Result]

    @property
    def gap(self) -> dict[float, float]:
        """How much higher the loss on test pictures is than on those learnt from."""
        return {decay: self.test[decay] - self.train[decay] for decay in self.train}


def compare_decays(runs: Mapping[float, Sequence[Trained]], data: str, setting: str) -> Decays:
    """Compare trainings that differ in nothing but their weight decay, each run once for every seed."""
    train, test = (
        {decay: mean_by_epoch(each, f"{name}_loss") for decay, each in runs.items()} for name in ("train", "test")
    )
    ends = [{decay: float(curve[1][-1]) for decay, curve in each.items()} for each in (train, test)]
    lowest = {decay: float(curve[1].min()) for decay, curve in test.items()}
    turn = {decay: int(curve[0][curve[1].argmin()]) for decay, curve in test.items()}
    shares = {
        decay: spread([each.result.final["test_accuracy"] for each in trained]) for decay, trained in runs.items()
    }
    length = {decay: float(np.mean([weight_length(each) for each in trained])) for decay, trained in runs.items()}
    n = {decay: len(trained) for decay, trained in runs.items()}
    header = (
        "weight decay",
        "train loss",
        "test loss",
        "gap",
        "lowest test loss",
        "in epoch",
        "test accuracy",
        "weights' length",
    )
    rows = tuple(
        (
            f"{each:g}",
            *(round(end[each], 4) for end in ends),
            round(ends[1][each] - ends[0][each], 4),
            round(lowest[each], 4),
            turn[each],
            score(*shares[each], n[each]),
            round(length[each], 1),
        )
        for each in runs
    )
    values = np.concatenate([curve[1] for each in (train, test) for curve in each.values()])
    same = {"logy": True, "ylim": (0.8 * values.min(), 1.25 * values.max())}
    charts = [
        Chart({"train": train[each], "test": test[each]}, "epoch", "loss", f"decay {each:g}", **same) for each in runs
    ]
    labels, gaps = [f"decay {each:g}" for each in runs], [ends[1][each] - ends[0][each] for each in runs]
    return Decays(
        *ends,
        {decay: mean for decay, (mean, _) in shares.items()},
        length,
        lowest,
        turn,
        [
            Table(f"Weight decay, {setting}", header, rows),
            panels("decay-curves", f"Train and test loss at each weight decay, {setting}", charts, columns=2),
            bars("decay-gap", "How much higher the test loss ends than the train loss", labels, gaps, xlabel="gap"),
            *(
                Result(f"weight decay {decay:g}, {setting}", "test accuracy", *shares[decay], n[decay], data=data)
                for decay in runs
            ),
        ],
    )


def weight_length(trained: Trained) -> float:
    """The L2 norm of all weights together, biases and batch norms left out."""
    return float(np.sqrt(sum(float((p.numpy() ** 2).sum()) for p in trained.net.parameters() if p.ndim > 1)))
