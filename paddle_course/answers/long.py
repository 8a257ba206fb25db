"""Networks of several sizes, trained on few pictures or on all -> what they cost, and what their minutes bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

from paddle_course import readers
from paddle_course.answers import trainings
from paddle_course.answers.comparison import Comparison, by_minute, compare
from paddle_course.answers.figures import bars, curves
from paddle_course.answers.homework import Lab
from paddle_course.answers.pieces import Figure, Result, Table, plural, spread
from paddle_course.answers.trainings import Recipe


@dataclass(frozen=True)
class Short:
    """The networks side by side after so many epochs of so many pictures, which are so many updates."""

    compared: Comparison
    pictures: int
    epochs: int
    updates: int
    pieces: Sequence[Table | Figure | Result]


def short(
    lab: Lab,
    names: Sequence[str],
    base: Recipe,
    images: Mapping[str, readers.Images],
    epochs: int,
    shape: Sequence[int],
    settings: Mapping[str, Mapping[str, Any]],
) -> Short:
    """Train each network for the same few `epochs`, and compare their accuracy, their cost and their speed.

    Args:
        base: what all of them are trained by; its model does not count.
        images: those to "learn" from and those to "test" on, as `portions` has them.
        shape: (C, H, W) of a picture.
        settings: of the models that need any, by name.
    """
    learnt, test = images["learn"], images["test"]
    changes = {name: {"model": name, "settings": settings.get(name, {})} for name in names}
    rows = trainings.variants(lab, "deep", base, changes, learnt, {"test": test}, epochs)
    pictures, updates = len(learnt), rows[names[0]][0].result.final["step"]
    setting = f"{pictures:,} pictures, {plural(epochs, 'epoch')}"
    judged = trainings.as_they_are(test, learnt)
    compared = compare("Networks", rows, trainings.on(learnt, test), setting, shape, judged)
    *header, _ = compared.table.header  # points per minute say nothing of trainings that take seconds
    table = replace(compared.table, header=tuple(header), rows=tuple(row[:-1] for row in compared.table.rows))
    speed = bars("speed", "Pictures per second while training", list(rows), list(compared.speed.values()))
    return Short(compared, pictures, epochs, updates, [table, *compared.results, speed])


@dataclass(frozen=True)
class Long:
    """The networks side by side: the `names` of their rows by the model's, and the `epochs` of each by these names.

    `fast` is the test accuracy of the fast network with six views, if one is there.
    """

    compared: Comparison
    names: Mapping[str, str]
    epochs: Mapping[str, int]
    fast: Result | None
    pieces: Sequence[Table | Figure | Result]


def long(
    lab: Lab,
    data: str,
    epochs: Mapping[str, int],
    on: str,
    shape: Sequence[int],
    settings: Mapping[str, Mapping[str, Any]],
) -> Long:
    """Train each network for its `epochs`, mirrored and shifted, a fast one once for every seed.

    Args:
        data: the data set; `on` says for docs/results.json what of it is trained and measured on.
        epochs: by the model's name.
        shape: (C, H, W) of a picture.
        settings: of the models that need any, by name.
    """
    runs, test = {}, trainings.as_they_are(lab.images(data, "test"), lab.images(data, "train"))
    for name, n in epochs.items():
        seeds = lab.seeds if name in trainings.FAST else lab.seeds[:1]
        runs[name] = [trainings.augmented(lab, data, name, n, seed, **settings.get(name, {})) for seed in seeds]
    names = {name: f"{name}, {plural(n, 'epoch')}" for name, n in epochs.items()}
    rows = {names[name]: trained for name, trained in runs.items()}
    compared = compare("All pictures", rows, on, "augmented", shape, test)
    series = {name: by_minute(trained[0], "test_accuracy") for name, trained in rows.items()}
    figure = curves("minutes", "Test accuracy by minutes of training", series, "minutes", "accuracy", percent=True)
    views = None
    if fast := next((name for name in runs if name in trainings.FAST), None):
        looks = [trainings.six_views(lab, data, each) for each in runs[fast]]
        minutes = fmean(each.result.minutes for each in runs[fast])
        views = Result(f"{names[fast]}, six views", "test accuracy", *spread(looks), len(looks), minutes, on)
    passes = {names[name]: n for name, n in epochs.items()}
    return Long(compared, names, passes, views, [*compared.pieces, figure, *([views] if views else [])])
