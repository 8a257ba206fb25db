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
        self.conv1 = nn.Conv2D(channels, 6, 5, padding=2)
        self.act1 = layer(activation)
        self.pool1 = nn.MaxPool2D(2)
        self.conv2 = nn.Conv2D(6, 16, 5)
        self.act2 = layer(activation)
        self.pool2 = nn.MaxPool2D(2)
        self.flatten = nn.Flatten()
        self.fc1 = nn.Linear(16 * grid * grid, 120)
        self.act3 = layer(activation)
        self.fc2 = nn.Linear(120, 84)
        self.act4 = layer(activation)
        self.fc3 = nn.Linear(84, classes)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:  # (B, 1, 28, 28)
        x = self.act1(self.conv1(x))  # (B, 6, 28, 28)
        x = self.pool1(x)  # (B, 6, 14, 14)
        x = self.act2(self.conv2(x))  # (B, 16, 10, 10)
        x = self.pool2(x)  # (B, 16, 5, 5)
        x = self.flatten(x)  # (B, 400)
        x = self.act3(self.fc1(x))  # (B, 120)
        x = self.act4(self.fc2(x))  # (B, 84)
        return self.fc3(x)  # (B, 10)
