"""Networks for colour pictures -> networks for drawings: one input channel, other classes, the same features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from paddle_course import batches, models, training
from paddle_course.answers.analysis import counts
from paddle_course.answers.comparison import times
from paddle_course.answers.pieces import Table
from paddle_course.answers.trainings import Recipe

CHECKED = 12  # drawings that go through each network
CLASSES = 1000  # of the network that the params come from, as of those trained on ImageNet


@dataclass(frozen=True)
class Conversion:
    """Of each network, by name.

    Attributes:
        output: the shape of what it says of CHECKED drawings.
        fresh: the params that could not be taken over.
        difference: how far its features are from those that the three-channel network has for the same drawings in all
            three channels, as a share of the largest.
    """

    output: dict[str, tuple[int, ...]]
    fresh: dict[str, list[str]]
    difference: dict[str, float]
    macs: dict[str, int]
    pieces: Sequence[Table]


def one_channel(recipes: Mapping[str, Recipe], data: batches.Sketches) -> Conversion:
    """Build the network of each recipe, which is for one channel, with three of them, and convert it.

    Its weights are random: what is checked is the way, which is the same for trained ones.

    Raises:
        ValueError: the output has not one column for each word.
    """
    first = batches.Batches(data.take(slice(CHECKED)), CHECKED, shuffle=False)
    output, fresh, difference, macs, rows = {}, {}, {}, {}, []
    for name, recipe in recipes.items():
        coloured = models.build(recipe.model, **{**recipe.settings, "channels": 3, "classes": CLASSES})
        net = models.build(recipe.model, seed=1, **{**recipe.settings, "classes": len(data.classes)})
        params = {key: value.numpy() for key, value in coloured.state_dict().items()}
        fresh[name] = models.transfer(params, net)
        logits, own = training.features(net, first)
        _, theirs = training.features(coloured, first, in_three_channels)
        output[name] = logits.shape
        if logits.shape != (len(first.data), len(data.classes)):
            raise ValueError(f"{name} gives {logits.shape} for {len(first.data)} drawings of {len(data.classes)} words")
        difference[name] = float(np.abs(own - theirs).max() / np.abs(theirs).max())
        trainable, _, macs[name] = counts(net, first.shape)
        shape = times((len(first.data), *first.shape))
        kept = f"{difference[name]:.0e}"
        rows.append((name, shape, str(list(logits.shape)), trainable, macs[name], ", ".join(fresh[name]), kept))
    header = ("network", "input", "output", "trainable", "MACs", "layer made anew", "difference of the features")
    table = Table("From three channels to one, before any training", header, tuple(rows))
    return Conversion(output, fresh, difference, macs, [table])


def in_three_channels(images: np.ndarray) -> list[tuple[float, np.ndarray]]:
    """Grey pictures (B, 1, H, W) as a colour network is shown them, (B, 3, H, W)."""
    return [(1.0, np.repeat(images, 3, axis=1))]
