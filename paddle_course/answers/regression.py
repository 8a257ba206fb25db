"""Models that predict a number -> what they say of rows they never saw, and how wrong that is, split by split."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np

from paddle_course import batches, readers, training
from paddle_course.answers.comparison import mean_by_epoch, mean_sd
from paddle_course.answers.figures import curves
from paddle_course.answers.homework import Lab, slug
from paddle_course.answers.networks import Network
from paddle_course.answers.pieces import Figure, Result, Table, Trained, spread

# Rows to learn from and rows to judge by -> what is said of the latter, float64 (N, K): see training.baselines.
Baseline = Callable[[readers.Rows, readers.Rows], np.ndarray]
# Models by name, and the splits that each of them is measured on.
Measured = tuple[Mapping[str, Network | Baseline], Sequence[batches.Split]]


def regression(lab: Lab, name: str, network: Network, split: batches.Split) -> Trained:
    """Train the network on one part of a table, and record its mean squared error on both, in the squared unit of the
    target. Its epochs are those of the flags where they say something."""
    learn = replace(split.learn, size=network.batch)
    epochs = lab.epochs(network.epochs)
    run, phase = f"{split.name}-{slug(name)}-{split.seed}", network.phase(epochs, epochs * len(learn))
    net = lab.model("mlp", split.seed, sizes=network.sizes, std=0.0 if network.zero else None)
    score = partial(training.scores.mse, unit=learn.scale[-1])
    settings = {"loss": training.losses.squared_error, "held_out": {"test": split.judge}, "score": score}
    return lab.fit(run, net, learn, [phase], **settings)


def said(lab: Lab, name: str, model: Network | Baseline, split: batches.Split, learnt: bool = False) -> np.ndarray:
    """What a network or a baseline says of the rows that judge, or of those it has `learnt` from, in their order:
    float64 (N, K) in the unit of the target."""
    asked = replace(split.learn, shuffle=False) if learnt else split.judge
    if not isinstance(model, Network):
        return model(split.learn.data, asked.data)
    return asked.unscaled(training.predict(regression(lab, name, model, split).net, asked)[0])


def squared_error(said: np.ndarray, rows: readers.Rows, row: int | None = None) -> float:
    """The mean squared error of what is said of these rows, (N, K), or that of a single one."""
    squares = (said - rows.targets) ** 2
    return float(squares.mean() if row is None else squares[row].mean())


def errors(lab: Lab, *arms: Measured, row: int | None = None, learnt: bool = False) -> dict[str, list[float]]:
    """The `squared_error` of each model on each of its splits: on the rows that judge, or on those `learnt` from."""
    part = "learn" if learnt else "judge"
    return {
        name: [squared_error(said(lab, name, model, each, learnt), getattr(each, part).data, row) for each in splits]
        for models, splits in arms
        for name, model in models.items()
    }


def error_curves(
    lab: Lab, networks: Mapping[str, Network], splits: Sequence[batches.Split], baselines: Mapping[str, Baseline]
) -> Figure:
    """The test errors of networks while they are trained: mean and standard deviation over the splits; those of
    `baselines`, on the first split, are dashed lines."""
    runs = {name: [regression(lab, name, network, each) for each in splits] for name, network in networks.items()}
    series = {name: mean_by_epoch(trained, "test_mse") for name, trained in runs.items()}
    longest = max(points[0][-1] for points in series.values())
    flat = {name: ((1, longest), 2 * error) for name, error in errors(lab, (baselines, splits[:1])).items()}
    options = {"logx": True, "logy": True, "dashed": tuple(flat)}
    caption = "Test MSE while training" + "; the band is one standard deviation over the runs" * (len(splits) > 1)
    return curves("epochs", caption, series | flat, "epoch", "test MSE", **options)


@dataclass(frozen=True)
class Errors:
    """Models side by side, by name: the mean test error, the same with its spread as text, and where nine of ten runs
    have it (`middle`); the mean error on the rows `learnt` from; and run by run what the test error has above that of
    another model: the mean of the differences and their middle (`above`), and how many are above 0 (`worse`)."""

    table: Table
    mean: dict[str, float]
    text: dict[str, str]
    middle: dict[str, tuple[float, float]]
    learnt: dict[str, float]
    above: dict[str, tuple[float, float, float]]
    worse: dict[str, int]
    results: Sequence[Result]

    @property
    def pieces(self) -> list[Table | Result]:
        return [self.table, *self.results]


def middle(values: Sequence[float]) -> tuple[float, float]:
    """The 5th and the 95th percentile."""
    low, high = np.quantile(values, (0.05, 0.95))
    return float(low), float(high)


def compare_errors(
    where: str,
    errors: Mapping[str, Sequence[float]],
    learnt: Mapping[str, Sequence[float]],
    against: str,
    metric: str,
    data: str,
    note: str = "",
) -> Errors:
    """Compare models by their test errors, one for each split or run; a single one stands for all of them.

    Args:
        where: what they were measured on ("20 random splits"); with a model's name it is the result's name.
        learnt: the errors on the rows learnt from.
        against: the model that all others are compared with, run by run.
        metric, data: the name of the error and of the data set, for docs/results.json.
        note: for below the table.
    """
    mean, known = ({n: float(np.mean(each)) for n, each in all.items()} for all in (errors, learnt))
    text, inner = {n: mean_sd(e) for n, e in errors.items()}, {n: middle(e) for n, e in errors.items()}
    apart = {n: np.asarray(each) - np.asarray(errors[against]) for n, each in errors.items()}
    above = {n: (float(each.mean()), *middle(each)) for n, each in apart.items()}
    worse = {n: int(np.sum(each > 0)) for n, each in apart.items()}
    results = [Result(f"{n}, {where}", metric, *spread(each), len(each), data=data) for n, each in errors.items()]
    rows, ends = [], "{:.1f} to {:.1f}".format
    for n, each in errors.items():
        among, outer = (ends(*inner[n]), ends(*above[n][1:])) if len(each) > 1 else (None, None)
        paired = (None,) * 3 if n == against else (f"{above[n][0]:+.1f}", outer, f"{worse[n]} of {len(each)}")
        rows.append((n, text[n], among, *paired, f"{known[n]:.1f}"))
    header = ("model", "mean", "5 to 95 %", f"minus {against}", "5 to 95 %", "worse", "on the training rows")
    table = Table(f"{where[0].upper()}{where[1:]}, {metric}", header, tuple(rows), note)
    return Errors(table, mean, text, inner, known, above, worse, results)


@dataclass(frozen=True)
class OneRow:
    """How many of several runs come close to a single row's value, and of the worst of these (of the closest where none
    does) the squared error there and its mean over all rows, and what it says of the row beside what is true."""

    within: ClassVar[float] = 0.15  # of the true value: whoever sees that one prediction takes it for a good one

    close: int
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
    squares = [(each - true)[:, 0] ** 2 for each in predictions]
    close = [i for i, each in enumerate(squares) if each[row] ** 0.5 <= OneRow.within * abs(true[row, 0])]
    closest = min(range(len(squares)), key=lambda i: squares[i][row])
    shown = max(close, key=lambda i: squares[i].mean(), default=closest)
    there, everywhere = float(squares[shown][row]), float(squares[shown].mean())
    order = np.argsort(true[:, 0], kind="stable")
    ranks, place = np.arange(1, 1 + len(order)), 1 + int(np.flatnonzero(order == row % len(order))[0])
    figure = curves(
        "one-row",
        "One row, and what all the others say",
        {"true": (ranks, true[order, 0]), name: (ranks, predictions[shown][order, 0])},
        "test rows, from the smallest true value to the largest",
        unit,
        marks={"the one row": place},
    )
    return OneRow(len(close), there, everywhere, float(predictions[shown][row, 0]), float(true[row, 0]), figure)


@dataclass(frozen=True)
class Switches:
    """Of the first of several networks a run that looks good at the one row that a course's notebook shows; by name
    what the leak adds to the mean error of each, and the mean error on shuffled rows."""

    one: OneRow
    leaked: dict[str, float]
    shuffled: dict[str, float]
    pieces: Sequence[Table]


def switches(
    lab: Lab,
    networks: Mapping[str, Network],
    splits: Sequence[batches.Split],
    leaking: Sequence[batches.Split],
    shuffled: Sequence[batches.Split],
    row: int,
    metric: str,
    unit: str,
) -> Switches:
    """What three mistakes make of the error of the same networks: judging by a single row, scaling by all rows, and
    cutting the rows in the order of their file.

    Args:
        splits: one split with a seed for each run, in the order of the file; `leaking` the same, the inputs scaled with
            the statistics of all rows; `shuffled` as many random ones.
        row: its position; negative ones count from the end.
        metric, unit: the name of the error, and the unit of the target.
    """
    name, network = next(iter(networks.items()))
    says, true = [said(lab, name, network, each) for each in splits], splits[0].judge.data.targets
    one = one_row(says, true, row, looks := f"{name}, a run that looks good", unit)
    plain, leak, mixed = (errors(lab, (networks, each)) for each in (splits, leaking, shuffled))
    lucky = ("--lucky-record", "judge by the notebook's one row", looks)
    scale = ("--leak", "scale the features with the statistics of all rows")
    filed = ("--sequential-split", "cut the rows in the order of the file")
    rows = (
        (*lucky, f"{one.everywhere:.1f}", f"{one.there:.3f}"),
        *((*scale, n, mean_sd(plain[n]), mean_sd(leak[n])) for n in networks),
        *((*filed, n, mean_sd(mixed[n]), mean_sd(plain[n])) for n in networks),
    )
    table = Table(f"What the switches change, {metric}", ("switch", "it does", "model", "before", "after"), rows)
    means = [{n: float(np.mean(each[n])) for n in networks} for each in (plain, leak, mixed)]
    return Switches(one, {n: means[1][n] - means[0][n] for n in networks}, means[2], [table])
