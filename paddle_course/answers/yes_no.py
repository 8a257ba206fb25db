"""A network that says yes or no with a single logit -> how often it is right, and what a mistake makes of that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from paddle_course import batches, training
from paddle_course.answers.ablation import SURE
from paddle_course.answers.homework import Lab
from paddle_course.answers.pieces import Result, Table, Trained, plural, score, spread

if TYPE_CHECKING:
    from paddle import nn

Said = tuple[np.ndarray, np.ndarray]  # logits (N, 1) and labels (N,)


@dataclass(frozen=True)
class Judged:
    """A trained network and what it says, after its training, of the examples it learnt from and of others.

    It says yes where the logit is above `threshold`.
    """

    trained: Trained
    train: Said
    test: Said
    threshold: float = 0.0

    def hits(self, half: str = "test") -> np.ndarray:
        """Which answers are right: bool (N,)."""
        return hits(*getattr(self, half), self.threshold)

    def right(self, half: str = "test") -> float:
        """The share of right answers."""
        return float(self.hits(half).mean())

    @property
    def about(self) -> tuple[str, str]:
        """What it was measured on ("cats and dogs, 3,000 / 2,000"), and how long it learnt ("3,000 pictures, 10
        epochs"), for the results."""
        source = self.trained.result.plan["train"]["source"].removesuffix("train").rstrip(", ")
        learnt, tested, epochs = len(self.train[1]), len(self.test[1]), len(self.trained.result.epochs)
        return f"{source}, {learnt:,} / {tested:,}", f"{learnt:,} pictures, {plural(epochs, 'epoch')}"

    @property
    def alike(self) -> float:
        """The largest share of test examples that get the very same logit: 1 for a network that is dead."""
        return float(np.unique(self.test[0], return_counts=True)[1].max() / len(self.test[0]))


def hits(logits: np.ndarray, labels: np.ndarray, threshold: float = 0.0) -> np.ndarray:
    """Where a network that says yes above the threshold is right: bool (N,)."""
    return (logits[:, 0] > threshold) == labels


def told_apart(one: Sequence[np.ndarray], other: Sequence[np.ndarray], among: int = 1) -> bool:
    """Whether two networks differ on the same examples by more than chance gives, in every run and the same way.

    Each holds, run by run, which examples are right: bool (N,). On the same examples only those count that one network
    alone has right (`metrics.mcnemar`); two intervals would take the pictures' luck for a difference. Whoever looks at
    several such pairs says `among` how many, and luck is allowed that much less for each (Bonferroni).
    """
    ways = {
        bool(a.sum() > b.sum()) if training.metrics.mcnemar(a, b) < SURE / among else None
        for a, b in zip(one, other, strict=True)
    }
    return len(ways) == 1 and None not in ways


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
    return Judged(Trained(net if keep else None, result), train, test, threshold)


def by_batch(found: Judged, judge: batches.Batches) -> tuple[np.ndarray, np.ndarray]:
    """Which test examples are right, bool (N,), where batch norm goes by each batch: all examples in one (at most
    2,000, 400 MB), and one class after the other, the worst order there is."""
    order = np.argsort(judge.data.labels, kind="stable")
    whole, single = replace(judge, size=min(len(judge.data), 2000)), replace(judge, data=judge.data.take(order))
    with training.batch_statistics(found.trained.net):
        mixed, apart = (hits(*training.predict(found.trained.net, each), found.threshold) for each in (whole, single))
    return mixed, apart[np.argsort(order)]


@dataclass(frozen=True)
class OtherViews:
    """By network and view: the accuracy on the test pictures, which of them are right, and the share of answers that
    change."""

    accuracy: dict[str, dict[str, float]]
    hits: dict[str, dict[str, np.ndarray]]
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
    right = {name: {"as they are": found.hits()} for name, found in nets.items()}
    changed: dict[str, dict[str, float]] = {name: {} for name in nets}
    for name, found in nets.items():
        for view, change in views.items():
            said = training.predict(found.trained.net, judge, lambda images, change=change: [(1.0, change(images))])
            right[name][view] = hits(*said, found.threshold)
            changed[name][view] = float(((said[0] > 0) != (found.test[0] > 0)).mean())
    for name, others in (retrained or {}).items():
        right[name] |= {view: other.hits() for view, other in others.items()}
    accuracy = {name: {view: float(each.mean()) for view, each in views.items()} for name, views in right.items()}
    rows = [
        (name, view, score(share), score(changed[name][view]) if view in changed[name] else None)
        for name in nets
        for view, share in accuracy[name].items()
    ]
    table = Table(caption, ("network", "test pictures", "test accuracy", "answers that change"), tuple(rows))
    return OtherViews(accuracy, right, changed, [table])


@dataclass(frozen=True)
class Mistake:
    """A mistake, what it was measured on ("Part 3"), and which examples are right, run by run, with it and without.

    A share instead of those is of the same answers counted otherwise, and no test can tell it apart.
    """

    name: str
    on: str
    before: Sequence[np.ndarray] | float
    after: Sequence[np.ndarray] | float
    half: str = "test"


@dataclass(frozen=True)
class Mistakes:
    """By name what a mistake was measured on, in how many runs, the accuracy with it and without, and whether they
    differ in every run by more than chance gives."""

    on: dict[str, str]
    runs: dict[str, int]
    before: dict[str, float]
    after: dict[str, float]
    apart: dict[str, bool]
    pieces: list[Table | Result]

    def cost(self, name: str) -> float:
        """The points that the mistake costs; below zero where it seems to bring some."""
        return 100 * (self.after[name] - self.before[name])

    def costliest(self, but: Sequence[str] = ()) -> str | None:
        """The mistake that costs most of those that cost more than chance gives, without those of the names `but`."""
        names = [name for name, apart in self.apart.items() if apart and self.cost(name) > 0 and name not in but]
        return max(names, key=self.cost, default=None)


def cost_of_mistakes(caption: str, mistakes: Iterable[Mistake], data: str) -> Mistakes:
    """Compare accuracies, means over the runs, with each mistake and without."""
    mistakes, lines = list(mistakes), []
    before = {each.name: float(np.mean(each.before)) for each in mistakes}
    after = {each.name: float(np.mean(each.after)) for each in mistakes}
    shares = {each.name: isinstance(each.before, float) for each in mistakes}
    tests = sum(not each for each in shares.values())
    apart = {each.name: not shares[each.name] and told_apart(each.before, each.after, tests) for each in mistakes}
    runs = {each.name: 1 if shares[each.name] else len(each.before) for each in mistakes}
    found = Mistakes({each.name: each.on for each in mistakes}, runs, before, after, apart, pieces := [])
    for m in mistakes:
        points, told = f"{found.cost(m.name):+.1f}", None if shares[m.name] else apart[m.name]
        lines.append((m.name, m.on, m.half, score(before[m.name]), score(after[m.name]), points, told))
    header = ("mistake", "measured on", "accuracy", "with it", "without", "points without", "told apart")
    pieces.append(Table(caption, header, tuple(lines)))
    for m in mistakes:
        runs = [m.before] if shares[m.name] else [float(each.mean()) for each in m.before]
        pieces.append(Result(f"{m.name}, {m.on}", f"{m.half} accuracy", *spread(runs), len(runs), data=data))
    return found
