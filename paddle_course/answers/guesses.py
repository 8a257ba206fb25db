"""What networks say of drawings -> three guesses for each, printed and counted in two ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from paddle_course import batches, training
from paddle_course.answers.comparison import by_epoch, each_class
from paddle_course.answers.doodles import Halves
from paddle_course.answers.figures import confusion, curves, pictures
from paddle_course.answers.ladder import luck
from paddle_course.answers.learning import learning
from paddle_course.answers.mistakes import mistakes
from paddle_course.answers.pieces import Figure, Result, Table, Trained, plural, score
from paddle_course.answers.trainings import as_they_are, on, slug

THREE = 3  # guesses that count
FAILED = "guess failed"
SUFFIX = {"test accuracy": "", "top-3 accuracy": ", three guesses", "MAP@3": ", three guesses by place"}


@dataclass(frozen=True)
class Guesses:
    """Three guesses for each of `count` drawings: so often they hold the word, and so often it is the first."""

    count: int
    found: int
    first: int
    pieces: Sequence[Table | Figure]


def guesses(scores: np.ndarray, data: batches.Sketches) -> Guesses:
    """The three guesses by `scores` (N, K) for each of the N drawings of `data`, beside the word that was asked for."""
    best = training.metrics.guesses(scores, THREE)
    hits = best == data.labels[:, None]
    expected = [data.classes[label] for label in data.labels]
    rows, titles = [], []
    for number, (word, row, hit) in enumerate(zip(expected, best, hits, strict=True), start=1):
        verdict = f"guess {hit.argmax() + 1}" if hit.any() else FAILED
        rows.append((number, word, *(data.classes[each] for each in row), verdict))
        titles.append(word if hit[0] else f"{word}\n({data.classes[row[0]]})")
    count, found, first = len(hits), int(hits.any(axis=1).sum()), int(hits[:, 0].sum())
    rows.append(("total", "", *("" for _ in best[0]), f"{found} of {count}"))
    header = ("", "expected", *(f"guess {each}" for each in range(1, best.shape[1] + 1)), "right")
    caption = f"{count} random test drawings"
    shown = pictures("guesses", f"{caption}; in brackets the first guess where it is wrong", data[:], titles)
    return Guesses(count, found, first, [Table(f"{caption}, three guesses each", header, tuple(rows)), shown])


@dataclass(frozen=True)
class Rankings:
    """By name: accuracy in the last epoch of the training and on the test drawings, top-3 accuracy, MAP@3, the mean
    logit of the right word, all logits, and the training."""

    learnt: dict[str, float]
    accuracy: dict[str, float]
    top3: dict[str, float]
    map3: dict[str, float]
    right: dict[str, float]
    scores: dict[str, np.ndarray]
    trained: dict[str, Trained]
    tested: int
    setting: str  # "6 epochs"
    pieces: Sequence[Table | Result]

    @property
    def best(self) -> str:
        """Who has the highest top-3 accuracy."""
        return max(self.top3, key=self.top3.__getitem__)

    @property
    def worst(self) -> str:
        return min(self.top3, key=self.top3.__getitem__)

    @property
    def fitted(self) -> str:
        """Who has the highest accuracy on the training drawings."""
        return max(self.learnt, key=self.learnt.__getitem__)

    @property
    def chance(self) -> float:
        """The `luck` of networks as good as the best."""
        return luck(self.top3[self.best], self.tested)

    @property
    def updates(self) -> int:
        """How often the weights of each network were moved."""
        return self.trained[self.best].result.final["step"]

    def figure(self, name: str) -> Figure:
        """The accuracy on the test drawings that were watched, epoch by epoch."""
        series = {each: by_epoch(trained, "accuracy")["test"] for each, trained in self.trained.items()}
        return curves(name, "Right first guesses", series, "epoch", "accuracy", percent=True)


def rankings(
    caption: str, rows: Mapping[str, Sequence[Trained]], learn: batches.Sketches, test: batches.Sketches
) -> Rankings:
    """Count what networks that learnt of `learn`, of each the first, make of `test`; all had as many epochs."""
    found, lines, results, setting, data = {}, [], [], "", on(learn, test)
    for name, (trained, *_) in rows.items():
        count = len(trained.result.epochs)
        setting = plural(count, "epoch")
        said, labels = training.predict(trained.net, as_they_are(test, learn))
        values = (
            training.metrics.accuracy(said, labels),
            training.metrics.top_k(said, labels, THREE),
            training.metrics.map_at_k(said, labels, THREE),
        )
        learnt = trained.result.epochs[-1]["train_accuracy"]
        found[name] = (learnt, *values, float(said[np.arange(len(said)), labels].mean()), said, trained)
        minutes, top3 = trained.result.minutes, score(values[1], interval=training.metrics.wilson(values[1], len(said)))
        speed, times = round(trained.result.speed), round(minutes, 2)
        lines.append((name, score(learnt), score(values[0]), top3, f"{values[2]:.4f}", speed, times))
        for what, value in zip(SUFFIX, values, strict=True):
            title = f"{name}, {setting}" + SUFFIX[what]
            results.append(Result(title, what, value, minutes=minutes, data=data))
    header = ("", "training accuracy", "top-1 accuracy", "top-3 accuracy", "MAP@3", "pictures/s", "minutes")
    note = f"{len(test):,} test drawings. MAP@3 counts a second guess as 1/2 and a third as 1/3."
    columns = ({name: each[i] for name, each in found.items()} for i in range(7))
    table = Table(f"{caption}, {setting}", header, tuple(lines), note)
    return Rankings(*columns, len(test), setting, [table, *results])


def word_by_word(name: str, trained: Trained, of: Halves) -> Rankings:
    """The `rankings` of one network, and what it makes of each word: a table, the confusions, the surest mistakes."""
    ranks = rankings(name.capitalize(), {name: [trained]}, of.learn, of.test)
    said, words = ranks.scores[name], of.test.classes
    confused = training.metrics.confusion(said, of.test.labels)
    pieces = [
        *ranks.pieces,
        each_class("Word by word", said, of.test.labels, words),
        confusion("confusion", "What the held-out drawings were taken for", confused, words),
        learning(trained).figure(slug(name), f"{name.capitalize()}, epoch by epoch"),
        *mistakes([said], of.test.drawn()).pieces,
    ]
    return replace(ranks, pieces=pieces)
