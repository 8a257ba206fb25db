"""Digits -> logits by six convolutions with batch norm, made to be trained well on a CPU within minutes."""

from __future__ import annotations

from collections.abc import Sequence

import paddle
from paddle import nn

from paddle_course.runtime import UserError


class DigitNet(nn.Layer):
    """Three blocks of two convolutions, each wider and half as large as the one before, and one linear layer.

    `widths` are the channels of the blocks; `side` is the height and width of the pictures, at least 12. The first
    convolution is 5x5 without padding, so that 28 pixels become 24 and every pooling halves exactly. The only one at
    full size has a single channel to look at; what is wide is small.
    """

    def __init__(self, classes: int = 10, channels: int = 1, side: int = 28, widths: Sequence[int] = (32, 80, 160)):
        super().__init__()
        if side < 12:
            raise UserError(f"DigitNet needs pictures of at least 12 x 12, not {side} x {side}")
        w1, w2, w3 = widths
        grid = (side - 4) // 8  # height and width of the last feature map
        self.features = nn.Sequential(
            ("block1", block(channels, w1, kernel=5, padding=0)),
            ("block2", block(w1, w2)),
            ("block3", block(w2, w3)),
        )
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(w3 * grid * grid, classes)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        # (B, 1, 28, 28) -> 32, 24, 24 -> 32, 12, 12 -> 80, 6, 6 -> (B, 160, 3, 3)
        x = self.features(x)
        x = self.flatten(x)  # (B, 1440): where on the picture something was seen is still known
        return self.fc(x)  # (B, 10)


def block(inputs: int, outputs: int, kernel: int = 3, padding: int = 1) -> nn.Sequential:
    """(B, inputs, H, W) -> (B, outputs, H / 2, W / 2).

    The pooling comes before batch norm and ReLU: the largest of four stays the largest when all four are scaled up and
    cut off at zero, and what follows has a quarter of the values to go through.
    """
    return nn.Sequential(
        ("conv1", nn.Conv2D(inputs, outputs, kernel, padding=padding, bias_attr=False)),
        ("pool", nn.MaxPool2D(2)),
        ("norm1", nn.BatchNorm2D(outputs)),
        ("relu1", nn.ReLU()),
        ("conv2", nn.Conv2D(outputs, outputs, 3, padding=1, bias_attr=False)),
        ("norm2", nn.BatchNorm2D(outputs)),
        ("relu2", nn.ReLU()),
    )
