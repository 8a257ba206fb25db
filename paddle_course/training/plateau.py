"""The losses of a training, epoch by epoch -> where it stopped getting on, which is where a decay of the rate pays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def smoothed(losses: Sequence[float], window: int = 3) -> np.ndarray:
    """The mean of each loss and those before it, `window` together; of the first ones, of as many as there are."""
    sums = np.cumsum([0.0, *losses])
    last = np.arange(1, len(losses) + 1)
    first = np.maximum(0, last - window)
    return (sums[last] - sums[first]) / (last - first)


def start(losses: Sequence[float], window: int = 3, patience: int = 4, least: float = 0.05) -> int | None:
    """The number of epochs after which `patience` of them brought less than the share `least` of the whole fall.

    The fall is that of the smoothed loss from its first value to its lowest so far, so a single bad epoch decides
    nothing. It is measured on the loss itself: the logarithm of a loss that a network learns by heart falls for ever.
    None where the loss went on falling to the end.
    """
    lowest = np.minimum.accumulate(smoothed(losses, window))
    for epoch in range(window + patience, len(losses) + 1):
        now, then = lowest[epoch - 1], lowest[epoch - 1 - patience]
        if then - now <= least * (lowest[0] - now):
            return epoch
    return None


def cuts(still: int | None, epochs: int) -> tuple[int, int]:
    """After how many of `epochs` to cut the rate, twice: where the loss lies still, and half-way from there to the end.

    Half-way from the start in place of the former, where it never lies still or leaves fewer than two epochs.
    """
    first = still if still and still <= epochs - 2 else epochs // 2
    return first, (first + epochs + 1) // 2
