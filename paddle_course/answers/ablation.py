"""A recipe, and the same with one thing taken out -> what each thing gave, judged on the same pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from paddle_course import training
from paddle_course.answers.pieces import Result, Table

SURE = 0.05  # a difference that luck brings about less often than this is taken for one


class Arm(NamedTuple):
    """One way to do it: what is left out, what is there in its place, and which pictures it gets right."""

    name: str
    instead: str
    right: np.ndarray  # bool (N,)
    minutes: float


@dataclass(frozen=True)
class Ablation:
    """By the arms' names: mistakes, how many more than the whole recipe makes, and how likely luck alone does that in
    any of the arms."""

    wrong: dict[str, int]
    more: dict[str, int]
    chance: dict[str, float]
    count: int
    pieces: Sequence[Table | Result]

    @property
    def best(self) -> str:
        """The name of the arm with the fewest mistakes, the first of several."""
        return min(self.wrong, key=self.wrong.__getitem__)

    def sure(self, name: str) -> bool:
        """Whether the arm differs from the whole recipe by more than luck."""
        return self.chance[name] < SURE


def ablation(caption: str, arms: Sequence[Arm], data: str, setting: str) -> Ablation:
    """Compare `arms`, the whole recipe first, by their mistakes on the same pictures.

    Two arms are compared on the pictures that one of them gets right and the other does not (`metrics.mcnemar`), which
    tells more than their accuracies: most mistakes are common to all. Whoever looks for the largest difference has
    looked at all arms, so p is taken times their number (Bonferroni).
    """
    whole, count = arms[0], len(arms[0].right)
    wrong = {arm.name: int((~arm.right).sum()) for arm in arms}
    others = arms[1:]
    chance = {a.name: min(1.0, len(others) * training.metrics.mcnemar(a.right, whole.right)) for a in others}
    rows = [
        (
            arm.name,
            arm.instead,
            f"{100 * arm.right.mean():.2f} %",
            wrong[arm.name],
            *((int((whole.right & ~arm.right).sum()), int((arm.right & ~whole.right).sum())) if i else (None, None)),
            f"{chance[arm.name]:.2g}" if i else None,
            round(arm.minutes, 2),
        )
        for i, arm in enumerate(arms)
    ]
    header = ("", "in its place", "accuracy", "wrong", "only this wrong", "only the first wrong", "p", "minutes")
    low, high = training.metrics.wilson(whole.right.mean(), count)
    note = (
        f"{count:,} pictures held out of the training set; the first row's 95 % interval is {100 * low:.2f} to "
        f"{100 * high:.2f} %. p: how often luck alone sets any of so "
        "many equally good networks this far from the first (McNemar's test)."
    )
    return Ablation(
        wrong,
        {name: each - wrong[whole.name] for name, each in wrong.items() if name != whole.name},
        chance,
        count,
        [
            Table(f"{caption}, {setting}", header, tuple(rows), note),
            *(
                Result(f"{a.name}, {setting}", f"wrong of {count:,}", wrong[a.name], minutes=a.minutes, data=data)
                for a in arms
            ),
        ],
    )
