"""Trainings read at several of their epochs, beside what others published -> one table, the numbers, the results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from paddle_course import training
from paddle_course.answers.pieces import Cell, Result, Table, Trained, plural, score, spread

DIGITS = 2  # in points: one of 400 pictures is a quarter of one


@dataclass(frozen=True)
class Readings:
    """By name and number of epochs: the mean test accuracy, its 95 % interval, and the mean training loss."""

    accuracy: dict[str, dict[int, float]]
    interval: dict[str, dict[int, tuple[float, float]]]
    loss: dict[str, dict[int, float]]
    pieces: Sequence[Table | Result]


def read_at(
    caption: str,
    rows: Mapping[str, Sequence[Trained]],
    epochs: Sequence[int],
    data: str,
    published: Mapping[str, Sequence[float]] | None = None,
) -> Readings:
    """Compare settings after so many epochs of the same trainings, each made once for every seed.

    The interval is for the true accuracy, that on all pictures of this kind: so many test pictures tell it no closer,
    however many seeds were run.

    Args:
        data: what it was measured on, for docs/results.json.
        published: the accuracies that others have for the same epochs, by name.
    """
    found = Readings({}, {}, {}, pieces := [])
    published, lines = published or {}, []
    for name, trained in rows.items():
        tested = trained[0].result.plan["held_out"]["test"]["n"]
        found.accuracy[name], found.interval[name], found.loss[name] = {}, {}, {}
        line: list[Cell] = [name]
        for place, count in enumerate(epochs):
            records = [each.result.epochs[count - 1] for each in trained]
            mean, sd = spread([each["test_accuracy"] for each in records])
            loss, _ = spread([each["train_loss"] for each in records])
            minutes, _ = spread([each["seconds"] / 60 for each in records])
            interval = training.metrics.wilson(mean, tested)
            found.accuracy[name][count], found.interval[name][count], found.loss[name][count] = mean, interval, loss
            line += [round(loss, 4), score(mean, sd, len(trained), interval, DIGITS)]
            line += [score(published[name][place], digits=DIGITS) if name in published else None] * bool(published)
            setting = f"{name}, {plural(count, 'epoch')}"
            pieces.append(Result(setting, "test accuracy", mean, sd, len(trained), minutes, data))
        lines.append(tuple(line))
    columns = ("training loss", "test accuracy", "published")[: 3 if published else 2]
    header = ("", *(f"{column}, epoch {count}" for count in epochs for column in columns))
    pieces.insert(0, Table(caption, header, tuple(lines)))
    return found


@dataclass(frozen=True)
class Endings:
    """By name, means over the seeds: the test accuracy of the last epoch and of the best, the mean of the last few, and
    how far apart the lowest and the highest of these are."""

    last: dict[str, float]
    best: dict[str, float]
    mean: dict[str, float]
    range: dict[str, float]
    pieces: Sequence[Table]


def endings(caption: str, rows: Mapping[str, Sequence[Trained]], few: Mapping[str, int]) -> Endings:
    """What depends on the epoch that one believes; the best is chosen on the test pictures, and so too good.

    `few` is, by name, how many of the last epochs are looked at one by one.
    """
    found, lines = Endings({}, {}, {}, {}, pieces := []), []
    for name, trained in rows.items():
        curves = [[each["test_accuracy"] for each in one.result.epochs] for one in trained]
        late = [curve[-few[name] :] for curve in curves]
        found.last[name], found.best[name] = (
            spread([end(each) for each in curves])[0] for end in (itemgetter(-1), max)
        )
        found.mean[name] = spread([spread(each)[0] for each in late])[0]
        found.range[name] = spread([max(each) - min(each) for each in late])[0]
        ends = (spread([end(each) for each in late])[0] for end in (min, max))
        shares = (found.last[name], found.mean[name], *ends, found.best[name])
        lines.append((name, few[name], *(score(share, digits=DIGITS) for share in shares)))
    header = (
        "",
        "last epochs, number",
        "last epoch",
        "mean of the last",
        "lowest",
        "highest",
        "best epoch, chosen on the test",
    )
    pieces.append(Table(caption, header, tuple(lines)))
    return found
