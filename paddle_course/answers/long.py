"""Networks of several sizes, trained on few pictures or on all -> what they cost, and what their minutes bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from paddle_course import readers
from paddle_course.answers import trainings
from paddle_course.answers.comparison import Comparison, by_minute, compare
from paddle_course.answers.figures import bars, curves
from paddle_course.answers.homework import Lab
from paddle_course.answers.pieces import Figure, Result, Table, Trained, plural, spread


@dataclass(frozen=True)
class Short:
    """The networks side by side after so many epochs of so many pictures."""

    compared: Comparison
    pictures: int
    epochs: int
    pieces: Sequence[Table | Figure | Result]


def short(
    rows: Mapping[str, Sequence[Trained]], learnt: readers.Images, test: readers.Images, shape: Sequence[int]
) -> Short:
    """Compare networks, by name, which all had the same few epochs: their accuracy, their cost and their speed.

    `shape` is (C, H, W) of a picture.
    """
    pictures, epochs = len(learnt), len(next(iter(rows.values()))[0].result.epochs)
    setting = f"{pictures:,} pictures, {plural(epochs, 'epoch')}"
    compared = compare("Networks", rows, trainings.on(learnt, test), setting, shape)
    speed = bars("speed", "Pictures per second while training", list(rows), list(compared.speed.values()))
    return Short(compared, pictures, epochs, [*compared.pieces, speed])


@dataclass(frozen=True)
class Long:
    """The networks side by side, and the `epochs` of each; `fast` is the test accuracy of the one of that name with six
    views, if it is there.
    """

    compared: Comparison
    epochs: Mapping[str, int]
    fast: Result | None
    pieces: Sequence[Table | Figure | Result]


def long(lab: Lab, data: str, epochs: Mapping[str, int], on: str, shape: Sequence[int]) -> Long:
    """Train each network for its `epochs`, mirrored and shifted, the fast one once for every seed.

    Args:
        data: the data set; `on` says for docs/results.json what of it is trained and measured on.
        epochs: by the model's name.
        shape: (C, H, W) of a picture.
    """
    runs = {
        name: [trainings.augmented(lab, data, name, n, s) for s in (lab.seeds if name == "fast" else lab.seeds[:1])]
        for name, n in epochs.items()
    }
    names = {name: f"{name}, {plural(n, 'epoch')}" for name, n in epochs.items()}
    compared = compare("All pictures", {names[name]: trained for name, trained in runs.items()}, on, "augmented", shape)
    series = {names[name]: by_minute(trained[0], "test_accuracy") for name, trained in runs.items()}
    figure = curves("minutes", "Test accuracy by minutes of training", series, "minutes", "accuracy", percent=True)
    views = None
    if fast := runs.get("fast"):
        looks, minutes = [trainings.six_views(lab, data, each) for each in fast], fmean(e.result.minutes for e in fast)
        views = Result(f"{names['fast']}, six views", "test accuracy", *spread(looks), len(fast), minutes, on)
    return Long(compared, epochs, views, [*compared.pieces, figure, *([views] if views else [])])
