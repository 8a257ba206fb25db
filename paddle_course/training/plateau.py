"""The losses of a training, epoch by epoch -> where it levels off, which is where a decay of the rate pays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def smoothed(losses: Sequence[float], window: int = 3) -> np.ndarray:
    """The median of each loss and those before it, `window` together: a single bad epoch leaves no trace."""
    return np.array([np.median(losses[max(0, end - window) : end]) for end in range(1, len(losses) + 1)])


def start(losses: Sequence[float], window: int = 3, patience: int = 3, least: float = 0.05) -> int | None:
    """The number of epochs after which `patience` of them brought less than the share `least` of the whole fall.

    The fall is that of the smoothed loss from its first value to its lowest so far. It is measured on the loss itself:
    the logarithm of the loss of a network that learns by heart falls for ever. None where it fell on to the end.
    """
    lowest = np.minimum.accumulate(smoothed(losses, window))
    for epoch in range(window + patience, len(losses) + 1):
        now, then = lowest[epoch - 1], lowest[epoch - 1 - patience]
        if then - now <= least * (lowest[0] - now):
            return epoch
    return None


def rests(losses: Sequence[float], value: float, epochs: int = 3, within: float = 0.02) -> bool:
    """Whether the last `epochs` losses, if there are so many, stayed where `value` is."""
    return len(losses) >= epochs and all(abs(each - value) < within for each in losses[-epochs:])


def decays(still: int | None, epochs: int) -> tuple[int, int]:
    """After how many of `epochs` the rate should decay: where the loss levels off, and half-way from there to the end.

    Half-way from the start in place of the former, where it never levels off or leaves fewer than two epochs. `epochs`
    is 2 or more.
    """
    first = still if still and still <= epochs - 2 else epochs // 2
    return first, (first + epochs + 1) // 2
