"""A part of a network and some pictures -> how much of what it passes on tells one picture from another."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import paddle

from paddle_course import batches


class Signal(NamedTuple):
    """What the layer behind is given, as means over the pictures."""

    values: int  # for one picture
    squares: float  # their sum: how far one update moves a neuron behind, for each unit of rate and error
    common: float  # the share of it that is the same for all pictures


def signal(part: paddle.nn.Layer, data: batches.Batches, count: int) -> Signal:
    """Send the first `count` batches of the first epoch through `part`, as it stands."""
    images = np.concatenate([data.batch(0, position)[0] for position in range(min(count, len(data)))])
    with paddle.no_grad():
        values = part(paddle.to_tensor(images)).flatten(1).numpy().astype(np.float64)
    squares = float(np.square(values).sum(1).mean())
    return Signal(values.shape[1], squares, float(np.square(values.mean(0)).sum()) / squares)
