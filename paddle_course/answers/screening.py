"""Networks that answer yes or no -> what each is worth as a test for a disease: table, ROC curves, results."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from paddle_course import batches, training
from paddle_course.answers.ablation import SURE
from paddle_course.answers.figures import curves
from paddle_course.answers.pieces import Cell, Figure, Result, Table, Trained, score, spread

MEASURES = ("test accuracy", "sensitivity", "specificity", "ROC area")


@dataclass(frozen=True)
class Screening:
    """By name: each of MEASURES as a mean over the seeds, and the logits (N,) of the first."""

    labels: np.ndarray
    means: dict[str, dict[str, float]]
    logits: dict[str, np.ndarray]
    pieces: Sequence[Table | Figure | Result]

    @property
    def best(self) -> str:
        return max(self.means, key=lambda name: self.means[name]["test accuracy"])

    def right(self, name: str) -> np.ndarray:
        """Which pictures it has right: bool (N,)."""
        return (self.logits[name] > 0) == self.labels

    def only(self, one: str, other: str) -> tuple[int, int]:
        """How many pictures only one of two networks has right, and only the other."""
        a, b = self.right(one), self.right(other)
        return int((a & ~b).sum()), int((b & ~a).sum())

    def mistakes(self, name: str, most: int = 16) -> list[tuple[int, float]]:
        """Where its mistakes are and how probable it held the disease there, the surest of them first."""
        wrong = sorted(np.flatnonzero(~self.right(name)), key=lambda i: -abs(self.logits[name][i]))
        return [(int(i), float(1 / (1 + np.exp(-self.logits[name][i])))) for i in wrong[:most]]


def screen(caption: str, rows: Mapping[str, Sequence[Trained]], test: batches.Batches, data: str) -> Screening:
    """Compare networks with one logit on `test`, each trained once for every seed; the curves are the first seed's.

    The intervals are for the true shares, those of all pictures of this kind; the luck of the seeds is not in them.
    """
    found = Screening(np.asarray(test.data.labels), {}, {}, pieces := [])
    lines, roc = [], {}
    for name, trained in rows.items():
        seen = [training.predict(each.net, test) for each in trained]
        logits, labels = seen[0]
        positive, minutes = int(labels.sum()), spread([each.result.minutes for each in trained])[0]
        values = {
            "test accuracy": [training.scores.accuracy(*each) for each in seen],
            "sensitivity": [training.binary.sensitivity(*each) for each in seen],
            "specificity": [training.binary.specificity(*each) for each in seen],
        }
        line: list[Cell] = [name]
        found.means[name] = {}
        for (measure, each), count in zip(values.items(), (len(labels), positive, len(labels) - positive), strict=True):
            mean, sd = spread(each)
            found.means[name][measure] = mean
            line.append(score(mean, sd, len(each), training.metrics.wilson(mean, count), digits=2))
            pieces.append(Result(f"{name}, {measure}", measure, mean, sd, len(each), minutes, data))
        areas = np.array([training.binary.area(*each) for each in seen])
        (area, low, high), (_, sd) = areas.mean(0).tolist(), spread(areas[:, 0].tolist())
        found.means[name]["ROC area"], found.logits[name] = area, logits[:, 0].astype(np.float64)
        lines.append((*line, f"{area:.3f} (95 %: {low:.3f} to {high:.3f})"))
        pieces.append(Result(f"{name}, ROC area", "ROC area", area, sd, len(seen), minutes, data))
        false, true = training.binary.roc(logits, labels)
        first = int(np.flatnonzero(false == 0)[-1])  # on a logarithmic axis zero is one point, the best
        roc[name] = false[first:], true[first:]
    header = ("", "test accuracy", "sensitivity", "specificity", "area under the ROC curve")
    title = "ROC curves: what is found, by what is taken for it in error (a logarithmic axis)"
    figure = curves("roc", title, roc, "1 − specificity", "sensitivity", logx=True)
    pieces[:0] = [Table(caption, header, tuple(lines)), figure]
    return found


@dataclass(frozen=True)
class Published:
    """By our networks: which published accuracies are too far from theirs for the luck of the pictures."""

    apart: dict[str, list[str]]
    pieces: Sequence[Table]


def against(
    caption: str, ours: Mapping[str, float], count: int, published: Mapping[str, float], others: int
) -> Published:
    """Compare accuracies on `count` pictures with others that are said to have been reached on `others` pictures.

    The test is that for two independent shares: what those networks said of each picture nobody knows. Who looks for
    those that are apart looks at every pair, so each of the differences is allowed the luck of so many (Bonferroni).
    """
    allowed = NormalDist().inv_cdf(1 - SURE / 2 / (len(ours) * len(published)))
    found, rows = Published({name: [] for name in ours}, pieces := []), []
    for other, share in published.items():
        row: list[Cell] = [other, score(share, interval=training.metrics.wilson(share, others), digits=2)]
        for name, own in ours.items():
            luck = allowed * math.sqrt(share * (1 - share) / others + own * (1 - own) / count)
            if abs(own - share) > luck:
                found.apart[name].append(other)
            row += [f"{100 * (own - share):+.2f} ± {100 * luck:.1f}", abs(own - share) > luck]
        rows.append(tuple(row))
    header = ("", "published", *(text for name in ours for text in (f"{name} is higher by", "told apart")))
    note = f"±: 95 % for all {len(ours) * len(published)} comparisons of the table together."
    pieces.append(Table(caption, header, tuple(rows), note))
    return found
