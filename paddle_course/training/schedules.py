"""A step -> a learning rate.

A schedule is a pure function of the step (0 is the first), its settings bound by `functools.partial`:

    schedule = partial(warm_up, steps=500, then=partial(cosine, peak=0.1, steps=10_000))
    optimizer.set_lr(schedule(step))

So nothing needs saving to resume, and a plot is `[schedule(step) for step in range(steps)]`.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence

from paddle_course.runtime import UserError

Schedule = Callable[[int], float]


def constant(step: int, *, lr: float) -> float:
    """Always `lr`."""
    return lr


def step_decay(step: int, *, lr: float, every: int, factor: float) -> float:
    """`lr`, times `factor` after every `every` steps."""
    return lr * factor ** (step // every)


def multi_step(step: int, *, lr: float, milestones: Sequence[int], factor: float) -> float:
    """`lr`, times `factor` from each milestone on (the step that bears its number is the first with the lower rate)."""
    return lr * factor ** sum(step >= each for each in milestones)


def piecewise(step: int, *, boundaries: Sequence[int], values: Sequence[float]) -> float:
    """`values[i]` until before `boundaries[i]`, the last value from the last boundary on; boundaries ascend."""
    if len(values) != len(boundaries) + 1 or list(boundaries) != sorted(boundaries):
        raise UserError(
            f"piecewise schedule: boundaries {list(boundaries)} must ascend, with one more value than they are; "
            f"values are {list(values)}"
        )
    return values[bisect_right(boundaries, step)]


def cosine(step: int, *, peak: float, steps: int, final: float = 0.0) -> float:
    """From `peak` at step 0 down half a cosine wave to `final` at step `steps`, where it stays.

    Loshchilov and Hutter 2017, arXiv 1608.03983, equation 5, without restarts.
    """
    return final + (peak - final) * (1 + math.cos(math.pi * min(1.0, step / steps))) / 2


def warm_up(step: int, *, steps: int, then: Schedule, start: float = 0.0) -> float:
    """A straight line from the rate `start` to `then(0)` in `steps` steps; then `then`, its steps counted from 0.

    Goyal et al. 2017, arXiv 1706.02677, section 2.2.
    """
    if step >= steps:
        return then(step - steps)
    return start + (then(0) - start) * step / steps


def triangle(step: int, *, peak: float, steps: int, rise: float = 0.23, start: float = 0.2, end: float = 0.07) -> float:
    """Straight up to `peak` in the first share `rise` of the steps, straight down until step `steps`, level after it.

    It starts at `start` and ends at `end` times `peak`. airbench94, github.com/KellerJordan/cifar10-airbench.
    """
    top = int(rise * steps)
    if step < top:
        return peak * (start + (1 - start) * step / top)
    return peak * (1 + (end - 1) * min(1.0, (step - top) / max(1, steps - top)))


def level_then_down(step: int, *, lr: float, steps: int, down: int) -> float:
    """`lr`, and in the last `down` of `steps` steps straight down to 0.

    What a rate does while it is constant and what it leads to can be read off one training (Hägele et al. 2024, arXiv
    2405.18392).
    """
    return lr * max(0.0, min(1.0, (steps - step) / down))


def per_epoch(step: int, *, schedule: Schedule, steps_per_epoch: int) -> float:
    """`schedule` counted in epochs: the rate changes only where an epoch begins."""
    return schedule(step // steps_per_epoch)
