"""Networks that learn the same yes or no, side by side -> accuracy and cost, other views, and the pictures it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from paddle_course import batches
from paddle_course.answers.comparison import Comparison, by_epoch, compare
from paddle_course.answers.figures import curves
from paddle_course.answers.pieces import Figure, Result, Table
from paddle_course.answers.samples import LearningCurves, learning_curves
from paddle_course.answers.yes_no import Judged, OtherViews, other_views

# A run's name, and the settings `keep`, `size` (of pictures to learn from) and `scrambled` -> the network, judged.
Make = Callable[..., Judged]


@dataclass(frozen=True)
class SideBySide:
    """By name the networks that learnt from all pictures, and what there is to compare."""

    whole: dict[str, Judged]
    compared: Comparison
    seen: OtherViews
    learning: LearningCurves
    pieces: Sequence[Table | Figure | Result]


def side_by_side(
    nets: Mapping[str, Make],
    test: batches.Batches,
    count: int,
    views: Mapping[str, Callable],
    goal: float,
    shape: Sequence[int],
) -> SideBySide:
    """Train each network on all `count` pictures, on a half and a quarter of them, and on scrambled ones.

    Args:
        views: other ways to see the test pictures, as for `other_views`.
        goal: the accuracy that the power laws through the learning curves are asked for.
        shape: (C, H, W) of a picture.
    """
    whole, sizes = {name: make(keep=True) for name, make in nets.items()}, (count // 4, count // 2)
    some = {name: {n: make(f"{n}", size=n).right() for n in sizes} for name, make in nets.items()}
    mixed = {name: {"scrambled, retrained": make("scrambled", scrambled=True)} for name, make in nets.items()}
    rows = {name: [each.trained] for name, each in whole.items()}
    source, setting = next(iter(whole.values())).about
    curve = {f"{n}, {half}": by for n in nets for half, by in by_epoch(rows[n][0], "accuracy").items()}
    compared = compare("The same pictures and updates", rows, source, setting, shape)
    figure = curves("networks", "Accuracy while training", curve, "epoch", "accuracy", percent=True)
    seen = other_views("Test pictures seen otherwise", whole, test, views, mixed)
    learning = learning_curves({n: some[n] | {count: whole[n].right()} for n in nets}, goal, source)
    pieces = [*compared.pieces, figure, *seen.pieces, *learning.pieces]
    return SideBySide(whole, compared, seen, learning, pieces)
