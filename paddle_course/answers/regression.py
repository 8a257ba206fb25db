"""Models that predict a number -> what they say of rows they never saw, and how wrong that is, split by split."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from paddle_course import batches, readers, training
from paddle_course.answers.comparison import mean_by_epoch, mean_sd
from paddle_course.answers.figures import curves
from paddle_course.answers.homework import Lab
from paddle_course.answers.networks import Network
from paddle_course.answers.pieces import Figure, Result, Table, Trained, spread

# Rows to learn from and rows to judge by -> what is said of the latter, float64 (N, K): see training.baselines.
Baseline = Callable[[readers.Rows, readers.Rows], np.ndarray]


def regression(lab: Lab, name: str, network: Network, split: batches.Split) -> Trained:
    """Train the network on one part of a table, and record its mean squared error on both, in the squared unit of the
    target. Its epochs are those of the flags where they say something."""
    learn = replace(split.learn, size=network.batch)
    epochs = lab.epochs(network.epochs)
    run = f"{split.name}-{name.replace(', ', '-')}-{split.seed}"
    net, phase = lab.model("mlp", split.seed, sizes=network.sizes), network.phase(epochs, epochs * len(learn))
    score = partial(training.scores.mse, unit=learn.scale[-1])
    settings = {"loss": training.losses.squared_error, "held_out": {"test": split.judge}, "score": score}
    return lab.fit(run, net, learn, [phase], **settings)


def said(lab: Lab, name: str, model: Network | Baseline, split: batches.Split) -> np.ndarray:
    """What a network or a baseline says of the rows that judge, float64 (N, K) in the unit of the target."""
    if not isinstance(model, Network):
        return model(split.learn.data, split.judge.data)
    return split.judge.unscaled(training.predict(regression(lab, name, model, split).net, split.judge)[0])


def squared_error(said: np.ndarray, split: batches.Split, row: int | None = None) -> float:
    """The mean squared error of what is said of the rows that judge, (N, K), or that of a single row."""
    squares = (said - split.judge.data.targets) ** 2
    return float(squares.mean() if row is None else squares[row].mean())


def errors(
    lab: Lab, models: Mapping[str, Network | Baseline], splits: Sequence[batches.Split], row: int | None = None
) -> dict[str, list[float]]:
    """The `squared_error` of each model on each split."""
    return {
        name: [squared_error(said(lab, name, model, split), split, row) for split in splits]
        for name, model in models.items()
    }


def error_curves(
    lab: Lab, networks: Mapping[str, Network], splits: Sequence[batches.Split], baselines: Mapping[str, float]
) -> Figure:
    """The test errors of networks while they are trained: mean and standard deviation over the splits; `baselines` by
    name the errors that are drawn as dashed lines."""
    runs = {name: [regression(lab, name, network, each) for each in splits] for name, network in networks.items()}
    series = {name: mean_by_epoch(trained, "test_mse") for name, trained in runs.items()}
    longest = max(points[0][-1] for points in series.values())
    flat = {name: ((1, longest), (error, error)) for name, error in baselines.items()}
    options = {"logx": True, "logy": True, "dashed": tuple(flat)}
    caption = "Test MSE while training" + "; the band is one standard deviation over the runs" * (len(splits) > 1)
    return curves("epochs", caption, series | flat, "epoch", "test MSE", **options)


@dataclass(frozen=True)
class Errors:
    """Models side by side: by name the mean test error, the same with its spread as text, and in how many runs it was
    above that of `against`."""

    table: Table
    mean: dict[str, float]
    text: dict[str, str]
    worse: dict[str, int]
    results: Sequence[Result]

    @property
    def pieces(self) -> list[Table | Result]:
        return [self.table, *self.results]


def compare_errors(
    where: str, errors: Mapping[str, Sequence[float]], against: str, metric: str, data: str, note: str = ""
) -> Errors:
    """Compare models by their test errors, one for each split or run; a single one stands for all of them.

    Args:
        where: what they were measured on ("20 random splits"); with a model's name it is the result's name.
        against: the model that all others are compared with, run by run.
        metric, data: the name of the error and of the data set, for docs/results.json.
        note: for below the table.
    """
    worse = {name: int(np.sum(np.asarray(each) > np.asarray(errors[against]))) for name, each in errors.items()}
    mean, text = {n: float(np.mean(each)) for n, each in errors.items()}, {n: mean_sd(e) for n, e in errors.items()}
    results = [Result(f"{n}, {where}", metric, *spread(each), len(each), data=data) for n, each in errors.items()]
    rows = [
        (
            name,
            text[name],
            *((min(each), max(each)) if len(each) > 1 else (None, None)),
            None if name == against else f"{worse[name]} of {len(each)}",
        )
        for name, each in errors.items()
    ]
    header = ("model", "mean", "best", "worst", f"worse than {against}")
    table = Table(f"{where[0].upper()}{where[1:]}, {metric}", header, tuple(rows), note)
    return Errors(table, mean, text, worse, results)


@dataclass(frozen=True)
class OneRow:
    """Of several runs the one that is best at a single row: its squared error there and its mean over all rows, and
    what it says of the row beside what is true."""

    there: float
    everywhere: float
    said: float
    true: float
    figure: Figure

    @property
    def pieces(self) -> list[Figure]:
        return [self.figure]


def one_row(predictions: Sequence[np.ndarray], true: np.ndarray, row: int, name: str, unit: str) -> OneRow:
    """What a single row says of a model, and what all rows say.

    Args:
        predictions: of each run float64 (N, 1), as is `true`.
        row: its position; negative ones count from the end.
        name: of the model, for the figure.
    """
    best = min(predictions, key=lambda each: abs(each[row, 0] - true[row, 0]))
    squares = (best - true)[:, 0] ** 2
    order = np.argsort(true[:, 0], kind="stable")
    ranks, place = np.arange(1, 1 + len(order)), 1 + int(np.flatnonzero(order == row % len(order))[0])
    figure = curves(
        "one-row",
        "One row, and what all the others say",
        {"true": (ranks, true[order, 0]), name: (ranks, best[order, 0])},
        "test rows, from the smallest true value to the largest",
        unit,
        marks={"the one row": place},
    )
    return OneRow(float(squares[row]), float(squares.mean()), float(best[row, 0]), float(true[row, 0]), figure)


@dataclass(frozen=True)
class Switches:
    """Of a network that is judged as a course's notebook does: the run that is best at the one row that it shows, and
    what the leak adds to the mean error."""

    one: OneRow
    leaked: float
    pieces: Sequence[Table]


def switches(
    lab: Lab,
    name: str,
    network: Network,
    splits: Sequence[batches.Split],
    leaking: Sequence[batches.Split],
    row: int,
    metric: str,
    unit: str,
) -> Switches:
    """What two mistakes make of the error of a network: judging by a single row, and scaling by all rows.

    Args:
        splits: one split with a seed for each run; `leaking` the same, scaled with the statistics of all rows.
        row: its position; negative ones count from the end.
        metric, unit: the name of the error, and the unit of the target.
    """
    says, true = [said(lab, name, network, each) for each in splits], splits[0].judge.data.targets
    one = one_row(says, true, row, f"{name}, luckiest run", unit)
    plain, leak = (errors(lab, {name: network}, each)[name] for each in (splits, leaking))
    lucky = ("--lucky-record", "judge by the notebook's one row", "luckiest run")
    scale = ("--leak", "scale with the statistics of all rows", "all runs")
    rows = (
        (*lucky, f"{one.everywhere:.1f}", f"{one.there:.3f}"),
        (*scale, mean_sd(plain), mean_sd(leak)),
    )
    header = ("switch", "it does", "of", "before", "after")
    table = Table(f"What the switches make of {name}, {metric}", header, rows)
    return Switches(one, np.mean(leak) - np.mean(plain), [table])
