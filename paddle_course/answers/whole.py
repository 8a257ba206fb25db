"""A recipe that a ladder tried -> a long training on all pictures, announced with the minutes it will take."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from paddle_course import models, readers, training
from paddle_course.answers import trainings
from paddle_course.answers.analysis import counts
from paddle_course.answers.homework import Lab
from paddle_course.answers.ladder import Rung
from paddle_course.answers.pieces import Result, Table
from paddle_course.answers.trainings import Recipe


def forecast(recipe: Recipe, epochs: int, images: readers.Images, like: Rung, count: int = 0) -> float:
    """Minutes that a training on `count` such images, or on these, will take if it multiplies as fast as that of
    `like`, a network of the same kind."""
    shape = (images.images.shape[3], *images.images.shape[1:3])
    macs = [
        counts(models.build(each.model, **{"classes": len(images.classes), **each.settings}), shape)[2]
        for each in (recipe, like.recipe)
    ]
    return epochs * (count or len(images)) / like.trained.result.speed * macs[0] / macs[1] / 60


def forecasts(longer: Mapping[str, tuple[Recipe, int]], images: readers.Images, known: int, like: Rung) -> Table:
    """What trainings on all of `images`, and on as many as the data set has where it is complete, will take, by the
    name of their flag: a recipe and its epochs for each."""
    rows = tuple(
        (f"--{name}", count, epochs, round(forecast(recipe, epochs, images, like, count), 1))
        for count in sorted({len(images), known})
        for name, (recipe, epochs) in longer.items()
    )
    note = f'At as many multiplications a second as in "{like.name}", without evaluations.'
    return Table("What all pictures will take", ("flag", "pictures", "epochs", "expected minutes"), rows, note)


def whole(
    lab: Lab,
    name: str,
    recipe: Recipe,
    epochs: int,
    images: readers.Images,
    test: readers.Images,
    like: Rung,
    known: int,
) -> list[Result]:
    """Train on all of `images`, nothing held off, and look at the test pictures once, in one view and in six.

    `known` is how many training pictures the data set has where it is complete.
    """
    minutes = forecast(recipe, epochs, images, like)
    some = "" if len(images) == known else f", which is what there is of {known:,}"
    print(
        f"{name}: {epochs} epochs of {len(images):,} pictures{some}: about {minutes:.0f} minutes of training",
        file=sys.stderr,
    )
    trained = trainings.train(lab, name, recipe, images, {"test": test}, epochs, lab.config.seed)
    seen = {"one view": trained.result.final["test_accuracy"]}
    seen["six views"] = training.metrics.accuracy(*trainings.predicted(trained, test, images, "six_views"))
    about = (trained.result.minutes, trainings.on(images, test))
    return [Result(f"{name}, {epochs} epochs, {what}", "test accuracy", v, None, 1, *about) for what, v in seen.items()]
