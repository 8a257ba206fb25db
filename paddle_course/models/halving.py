"""Pictures of any size -> logits by convolutions that halve the side, and a mean over all places."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import paddle
from paddle import nn


class HalvingNet(nn.Layer):
    """A 3 x 3 convolution of stride 2, batch norm and ReLU for each of `widths`, the mean over the map, a linear layer.

    What it has learnt at one place it knows at every other, and it has no weight that belongs to a place.
    """

    def __init__(self, classes: int = 1, channels: int = 1, widths: Sequence[int] = (16, 32, 64, 128, 128)):
        super().__init__()
        self.features = nn.Sequential()
        for number, (inputs, outputs) in enumerate(pairwise((channels, *widths)), start=1):
            self.features.add_sublayer(f"conv{number}", nn.Conv2D(inputs, outputs, 3, stride=2, padding=1))
            self.features.add_sublayer(f"norm{number}", nn.BatchNorm2D(outputs))
            self.features.add_sublayer(f"act{number}", nn.ReLU())
        self.pool = nn.AdaptiveAvgPool2D(1)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(widths[-1], classes)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        # (B, 1, 227, 227) -> 16, 114, 114 -> 32, 57, 57 -> 64, 29, 29 -> 128, 15, 15 -> (B, 128, 8, 8)
        x = self.features(x)
        x = self.flatten(self.pool(x))  # (B, 128)
        return self.fc(x)  # (B, 1)
