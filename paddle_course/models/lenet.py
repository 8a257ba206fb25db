"""Digits -> logits by LeNet-5 (LeCun et al. 1998), with max pooling and without the RBF output, as courses teach it."""

from __future__ import annotations

import paddle
from paddle import nn

from paddle_course.models.activations import activation as layer
from paddle_course.runtime import UserError


class LeNet(nn.Layer):
    """Two convolutions and three linear layers; `side` is the height and width of the pictures, at least 12.

    `activation` is "relu", or "sigmoid" as in the 1998 paper's time.
    """

    def __init__(self, classes: int = 10, channels: int = 1, side: int = 28, activation: str = "relu"):
        super().__init__()
        if side < 12:
            raise UserError(f"LeNet needs pictures of at least 12 x 12, not {side} x {side}")
        grid = (side // 2 - 4) // 2  # height and width of the last feature map
        self.features = nn.Sequential(
            ("conv1", nn.Conv2D(channels, 6, 5, padding=2)),
            ("act1", layer(activation)),
            ("pool1", nn.MaxPool2D(2)),
            ("conv2", nn.Conv2D(6, 16, 5)),
            ("act2", layer(activation)),
            ("pool2", nn.MaxPool2D(2)),
        )
        self.head = nn.Sequential(
            ("flatten", nn.Flatten()),
            ("fc1", nn.Linear(16 * grid * grid, 120)),
            ("act1", layer(activation)),
            ("fc2", nn.Linear(120, 84)),
            ("act2", layer(activation)),
            ("fc3", nn.Linear(84, classes)),
        )

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        # (B, 1, 28, 28) -> 6, 28, 28 -> 6, 14, 14 -> 16, 10, 10 -> (B, 16, 5, 5)
        x = self.features(x)
        return self.head(x)  # (B, 400) -> 120 -> 84 -> (B, 10)
