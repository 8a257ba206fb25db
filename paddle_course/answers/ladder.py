"""A recipe and one change after the other -> a ladder: what each change gains, what it costs, and whether it stays."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from matplotlib.axes import Axes

from paddle_course import readers
from paddle_course.answers import trainings
from paddle_course.answers.drawing import BLUE, ORANGE, draw, scale
from paddle_course.answers.homework import Lab
from paddle_course.answers.pieces import Figure, Result, Table, Trained, plural, score, spread
from paddle_course.answers.trainings import Recipe

Change = Mapping[str, Any] | Callable[[Recipe], Recipe]
Train = Callable[[str, Recipe, int], Trained]
Look = Callable[[Trained, Recipe], Mapping[str, float]]


@dataclass(frozen=True)
class Rung:
    """A recipe that differs in one change from the rung it stands on, and what it came to.

    Attributes:
        name: the change; `run` is what its training is called.
        validation, test: accuracies. The first says whether the change stays, the second is only reported.
        below: the test accuracy of the rung it stands on; None for the foot of the ladder.
        minutes: what its training took; 0 for a change that needs none.
    """

    name: str
    run: str
    recipe: Recipe
    trained: Trained
    validation: float
    test: float
    below: float | None
    minutes: float
    stays: bool

    @property
    def gain(self) -> float:
        """Test accuracy gained, in points."""
        return 0.0 if self.below is None else 100 * (self.test - self.below)


@dataclass(frozen=True)
class Ladder:
    """The rungs, and what there is to say of them.

    Attributes:
        foot, top: test accuracies of the lowest rung and of the highest that stays, one for each seed.
        setting: what all rungs have in common ("8 epochs").
        data: what they were trained and measured on.
    """

    rungs: Sequence[Rung]
    foot: Sequence[float]
    top: Sequence[float]
    setting: str
    data: str

    def __getitem__(self, name: str) -> Rung:
        return next(rung for rung in self.rungs if rung.name == name)

    @property
    def stays(self) -> list[Rung]:
        """The changes that stay, from the foot on, without it."""
        return [rung for rung in self.rungs[1:] if rung.stays]

    @property
    def goes(self) -> list[Rung]:
        return [rung for rung in self.rungs if not rung.stays]

    @property
    def highest(self) -> Rung:
        return highest(self.rungs)

    @property
    def low(self) -> tuple[float, float | None]:
        """Mean and standard deviation of the foot; the latter is None for a single seed."""
        return spread(self.foot)

    @property
    def high(self) -> tuple[float, float | None]:
        """The same of the top."""
        return spread(self.top)

    def chance(self, pictures: int) -> float:
        """The `luck` of networks as good as the top."""
        return luck(self.high[0], pictures)

    @property
    def pieces(self) -> list[Table | Figure | Result]:
        caption, n = f"Each change on top of those that stay, {self.setting}", len(self.foot)
        names = (f"{rung.name}, {self.setting}" for rung in self.rungs)
        ends = {"foot of the ladder": (self.low, self.rungs[0]), "top of the ladder": (self.high, self.highest)}
        return [
            table(caption, self.rungs),
            draw("ladder", caption, partial(bars, self.rungs), height=70 + 31 * len(self.rungs)),
            *(
                Result(name, "test accuracy", rung.test, minutes=rung.minutes or None, data=self.data)
                for name, rung in zip(names, self.rungs, strict=True)
            ),
            *(
                Result(name, "test accuracy", *values, n, rung.trained.result.minutes, self.data)
                for name, (values, rung) in ends.items()
            ),
        ]


def climb(foot: Recipe, changes: Mapping[str, Change], train: Train, look: Look, seed: int) -> list[Rung]:
    """The rungs of a ladder. A change stays, and what follows stands on it, if it raises the validation accuracy.

    Args:
        changes: name -> the fields of the recipe that it replaces, or a function of the recipe below that gives the
            rung's. Where only `views` changes, nothing is trained.
        train: a run's name, a recipe and a seed -> a trained network.
        look: a trained network and its recipe -> accuracy on "validation" and on "test".
    """
    rungs, top = [], None
    for name, change in {"as published": {}, **changes}.items():
        old = top.recipe if top else foot
        recipe = change(old) if callable(change) else replace(old, **change)
        trains = top is None or replace(recipe, views=old.views) != old
        run = "rung-" + trainings.slug(name) if trains else top.run
        trained = train(run, recipe, seed) if trains else top.trained
        seen, minutes = look(trained, recipe), trained.result.minutes if trains else 0.0
        stays = top is None or seen["validation"] > top.validation
        below = top and top.test
        rungs.append(Rung(name, run, recipe, trained, seen["validation"], seen["test"], below, minutes, stays))
        top = rungs[-1] if stays else top
    return rungs


def ladder(
    lab: Lab,
    foot: Recipe,
    changes: Mapping[str, Change],
    images: readers.Images,
    held_out: Mapping[str, readers.Images],
    epochs: int,
) -> Ladder:
    """Climb with the first of the lab's seeds, and train both ends of the ladder with the others too.

    `held_out` are "validation", pictures held off the training set, and "test". Nothing is chosen by the latter.
    """

    def train(run: str, recipe: Recipe, seed: int) -> Trained:
        return trainings.train(lab, run, recipe, images, held_out, epochs, seed)

    def look(trained: Trained, recipe: Recipe) -> dict[str, float]:
        return trainings.accuracies(trained, recipe, images, held_out)

    def again(rung: Rung) -> list[float]:
        others = (train(rung.run, rung.recipe, seed) for seed in lab.seeds[1:])
        return [rung.test, *(look(trained, rung.recipe)["test"] for trained in others)]

    rungs, setting = climb(foot, changes, train, look, lab.seeds[0]), plural(epochs, "epoch")
    ends, on = [again(rung) for rung in (rungs[0], highest(rungs))], trainings.on(images, held_out["test"])
    return Ladder(rungs, *ends, setting, on)


def luck(share: float, count: int) -> float:
    """By how many points two networks that get this share right may differ, in 19 of 20 draws of `count` examples."""
    return 196 * math.sqrt(2 * share * (1 - share) / count)


def highest(rungs: Sequence[Rung]) -> Rung:
    return [rung for rung in rungs if rung.stays][-1]


def table(caption: str, rungs: Sequence[Rung]) -> Table:
    """What each change came to and what it cost."""
    header = ("change", "validation accuracy", "test accuracy", "points", "pictures/s", "minutes", "stays")
    rows = tuple(
        (
            rung.name,
            score(rung.validation),
            score(rung.test),
            None if rung.below is None else f"{rung.gain:+.1f}",
            round(rung.trained.result.speed),
            round(rung.minutes, 2),
            rung.stays,
        )
        for rung in rungs
    )
    return Table(caption, header, rows)


def bars(rungs: Sequence[Rung], axes: Axes) -> None:
    """A bar for each rung's test accuracy, its gain in full colour, its loss in orange; one that goes in brackets."""
    for y, rung in enumerate(rungs):
        before = rung.test if rung.below is None else rung.below
        colour = BLUE if rung.test >= before else ORANGE
        axes.barh(y, min(before, rung.test), height=0.62, color=BLUE, alpha=0.4)
        axes.barh(y, abs(rung.test - before), left=min(before, rung.test), height=0.62, color=colour)
        text = f"{100 * rung.test:.1f} %" + ("" if rung.below is None else f"  ({rung.gain:+.1f})")
        place = {"textcoords": "offset points", "xytext": (5, 0), "va": "center", "fontsize": 11.5}
        axes.annotate(text, (max(before, rung.test), y), **place)
    axes.set_yticks(range(len(rungs)), [rung.name if rung.stays else f"({rung.name})" for rung in rungs])
    axes.set(xlabel="test accuracy; a change in brackets does not stay", ylim=(len(rungs) - 0.5, -0.5))
    axes.set_xlim(0, 1.3 * max(rung.test for rung in rungs))
    axes.grid(axis="x")
    axes.spines["bottom"].set_visible(False)
    scale(axes, "x", percent=True)
