"""A network that says yes or no with a single logit -> how often it is right, and what a mistake makes of that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from paddle_course import batches, training
from paddle_course.answers.homework import Lab
from paddle_course.answers.pieces import Result, Table, Trained, score

if TYPE_CHECKING:
    from paddle import nn

Said = tuple[np.ndarray, np.ndarray]  # logits (N, 1) and labels (N,)


@dataclass(frozen=True)
class Judged:
    """A trained network and what it says, after its training, of the examples it learnt from and of others.

    `score` is what its accuracy was recorded with.
    """

    trained: Trained
    train: Said
    test: Said
    score: Callable[[np.ndarray, np.ndarray], float]

    def right(self, half: str = "test") -> float:
        """The share of right answers."""
        return self.score(*getattr(self, half))

    @property
    def about(self) -> tuple[str, str]:
        """What it learnt from, and how much and how long ("3,000 pictures, 10 epochs"), for the tables."""
        result = self.trained.result
        return result.plan["train"]["source"], f"{len(self.train[1]):,} pictures, {len(result.epochs)} epochs"

    @property
    def alike(self) -> float:
        """The largest share of test examples that get the very same logit: 1 for a network that is dead."""
        return float(np.unique(self.test[0], return_counts=True)[1].max() / len(self.test[0]))


def teach(
    lab: Lab,
    name: str,
    net: nn.Layer,
    learn: batches.Ordered,
    judge: batches.Ordered,
    phase: training.Phase,
    loss: Callable | None = None,
    threshold: float = 0.0,
    watch: bool = True,
    keep: bool = False,
) -> Judged:
    """Train `net`, and look once at what it says of every example.

    Args:
        loss: binary cross-entropy unless another is named.
        threshold: what a logit must be above to say yes.
        watch: look at `judge` after each epoch, too.
        keep: the network is needed afterwards; else it makes room for the next one.
    """
    score = partial(training.scores.accuracy, threshold=threshold)
    settings = {"loss": loss or training.losses.binary_cross_entropy, "held_out": {"test": judge} if watch else {}}
    result = lab.fit(name, net, learn, [phase], score=score, **settings).result
    training.keep_params_only(result)
    net.clear_gradients(set_to_zero=False)  # as large as the params
    train, test = (training.predict(net, each) for each in (learn, judge))
    return Judged(Trained(net if keep else None, result), train, test, score)


def by_batch(found: Judged, judge: batches.Batches) -> tuple[float, float]:
    """Test accuracies where batch norm goes by each batch: all examples in one (at most 2,000, 400 MB), and one class
    after the other."""
    apart = judge.data.take(np.argsort(judge.data.labels, kind="stable"))
    whole, sorted_ = replace(judge, size=min(len(judge.data), 2000)), replace(judge, data=apart)
    with training.batch_statistics(found.trained.net):
        mixed, single = (found.score(*training.predict(found.trained.net, each)) for each in (whole, sorted_))
    return mixed, single


@dataclass(frozen=True)
class OtherViews:
    """By network and view: the accuracy on the test pictures, and the share of answers that change."""

    accuracy: dict[str, dict[str, float]]
    changed: dict[str, dict[str, float]]
    pieces: list[Table]


def other_views(
    caption: str,
    nets: Mapping[str, Judged],
    judge: batches.Batches,
    views: Mapping[str, Callable],
    retrained: Mapping[str, Mapping[str, Judged]] | None = None,
) -> OtherViews:
    """What networks say of pictures that they see otherwise.

    Args:
        views: functions of the pictures, float32 (B, C, H, W), that change nothing to a person's eyes.
        retrained: by name and view, the networks once more where they have learnt from such pictures, too.
    """
    accuracy = {name: {"as they are": found.right()} for name, found in nets.items()}
    changed: dict[str, dict[str, float]] = {name: {} for name in nets}
    for name, found in nets.items():
        for view, change in views.items():
            said = training.predict(found.trained.net, judge, lambda images, change=change: [(1.0, change(images))])
            accuracy[name][view] = found.score(*said)
            changed[name][view] = float(((said[0] > 0) != (found.test[0] > 0)).mean())
    for name, others in (retrained or {}).items():
        accuracy[name] |= {view: other.right() for view, other in others.items()}
    rows = [
        (name, view, score(right), score(changed[name][view]) if view in changed[name] else None)
        for name in nets
        for view, right in accuracy[name].items()
    ]
    table = Table(caption, ("network", "test pictures", "test accuracy", "answers that change"), tuple(rows))
    return OtherViews(accuracy, changed, [table])


@dataclass(frozen=True)
class Mistakes:
    """By name the accuracy with a mistake and without."""

    before: dict[str, float]
    after: dict[str, float]
    pieces: list[Table | Result]

    def cost(self, name: str) -> float:
        """The points that the mistake costs; below zero where it seems to bring some."""
        return 100 * (self.after[name] - self.before[name])


def cost_of_mistakes(caption: str, rows: Iterable[tuple[str, str, str, float, float]], data: str) -> Mistakes:
    """Compare by (mistake, what it was measured on, which accuracy, with the mistake, without it)."""
    rows = list(rows)
    lines = [(*words, score(before), score(after), f"{100 * (after - before):+.1f}") for *words, before, after in rows]
    header = ("mistake", "measured on", "accuracy", "with it", "without", "points without")
    results = [Result(f"{name}, {of}", f"{what} accuracy", before, data=data) for name, of, what, before, _ in rows]
    before, after = ({row[0]: row[i] for row in rows} for i in (3, 4))
    return Mistakes(before, after, [Table(caption, header, tuple(lines)), *results])
