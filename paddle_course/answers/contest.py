"""A network that was trained on drawings -> what Kaggle's contest asks of it: guesses, a score, a file to send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from paddle_course import batches, readers, training
from paddle_course.answers.doodles import Halves
from paddle_course.answers.guesses import THREE, Guesses, Rankings, guesses, rankings
from paddle_course.answers.homework import Lab
from paddle_course.answers.pieces import Figure, Result, Table, Trained
from paddle_course.answers.trainings import Recipe, as_they_are
from paddle_course.files import write_file

if TYPE_CHECKING:
    from paddle import nn

PREVIEW = 5  # lines of a submission that are shown


@dataclass(frozen=True)
class ReadBack:
    """Params that were written to a file and read by a new network: is what it says of some drawings the same?"""

    path: Path
    size: int  # bytes
    difference: float  # between two logits, at most


def read_back(trained: Trained, fresh: nn.Layer, path: Path, data: batches.Batches) -> ReadBack:
    """Save the params, load them into `fresh`, built alike with other weights, and compare what both say of `data`."""
    training.save_params(trained.net, path)
    training.load_params(path, fresh)
    ours, theirs = (training.predict(net, data)[0] for net in (trained.net, fresh))
    return ReadBack(path, path.stat().st_size, float(np.abs(ours - theirs).max()))


@dataclass(frozen=True)
class Submission:
    """A file that Kaggle's contest takes: a header and a line of key and words for each drawing."""

    path: Path
    count: int
    pieces: Sequence[Table]


def submission(path: Path, keys: np.ndarray, scores: np.ndarray, classes: Sequence[str]) -> Submission:
    """Write three guesses for each drawing, best first, parted by blanks; the words have underscores for theirs."""
    best = training.metrics.guesses(scores, THREE)
    rows = [(str(key), " ".join(classes[i] for i in row)) for key, row in zip(keys.tolist(), best, strict=True)]
    write_file(path, "key_id,word\n" + "".join(f"{key},{words}\n" for key, words in rows))
    shown = Table(f"{path.name}, the first lines", ("key_id", "word"), tuple(rows[:PREVIEW]))
    return Submission(path, len(rows), [shown])


@dataclass(frozen=True)
class Contest:
    """What the network says once its params were read back; `own` is whether the contest's drawings were there, and
    `unasked` are the words of the network that they are never of."""

    back: ReadBack
    lot: Guesses
    ranks: Rankings
    sent: Submission
    own: bool
    unasked: Sequence[str]

    @property
    def pieces(self) -> list[Table | Figure | Result]:
        return [*self.lot.pieces, *self.ranks.pieces, *self.sent.pieces]


def contest(lab: Lab, name: str, trained: Trained, recipe: Recipe, of: Halves, shown: int) -> Contest:
    """Ask a network that was built by `recipe` of random test drawings, which are `shown`, of all, of the contest's.

    Where the contest's drawings are not among the data, the submission is made for the test drawings. Of the contest's
    no word is guessed that Kaggle does not have.
    """
    some = of.test.take(np.random.default_rng(lab.config.seed).permutation(len(of.test))[:shown])
    data, drawings = as_they_are(some, of.learn), lab.contest()
    fresh = lab.model(recipe.model, lab.config.seed + 1, classes=of.words, **recipe.settings)
    back = read_back(trained, fresh, lab.directory / f"{trained.result.run.name}.safetensors", data)
    asked = of.test if drawings is None else batches.Sketches(drawings, of.test.side)
    said, _ = training.predict(fresh, as_they_are(asked, of.learn))
    words, kaggle = np.array(of.learn.classes), [readers.underscored(word) for word in readers.KAGGLE]
    known = np.isin(words, kaggle) | (drawings is None)
    return Contest(
        back,
        guesses(training.predict(fresh, data)[0], some),
        rankings(name.capitalize(), {name: [trained]}, of.learn, of.test),
        submission(lab.directory / "submission.csv", asked.drawings.keys, said[:, known], words[known].tolist()),
        own=drawings is not None,
        unasked=words[~known].tolist(),
    )
