"""Fundus pictures -> one logit by LeNet as the course enlarges it: three convolutions, and 300,000 values flattened."""

from __future__ import annotations

from functools import partial

import paddle
from paddle import nn

from paddle_course.models.activations import activation as layer
from paddle_course.runtime import UserError


class FundusLeNet(nn.Layer):
    """The course's network for 224 x 224, whose `activation` is "sigmoid"; `side` is the pictures', at least 28.

    `norm` puts a batch norm in front of each activation (Ioffe and Szegedy 2015, arXiv:1502.03167). With a `gain` the
    weights are drawn as in Glorot and Bengio 2010, times the gain; without, as Paddle draws them: He's way for
    convolutions, Glorot's for linear layers.
    """

    def __init__(
        self,
        classes: int = 1,
        channels: int = 3,
        side: int = 224,
        activation: str = "sigmoid",
        norm: bool = False,
        gain: float = 0.0,
    ):
        super().__init__()
        if side < 28:
            raise UserError(f"this LeNet needs pictures of at least 28 x 28, not {side} x {side}")
        grid = ((side - 4) // 2 - 4) // 2 - 3  # height and width of the last feature map
        drawn = {"weight_attr": nn.initializer.XavierNormal(gain=gain)} if gain else {}
        convolution, linear = partial(nn.Conv2D, **drawn), partial(nn.Linear, **drawn)

        def behind(number: int, norms: type[nn.Layer], width: int) -> list[tuple[str, nn.Layer]]:
            """What follows the weights of a hidden layer."""
            return [(f"norm{number}", norms(width))] * norm + [(f"act{number}", layer(activation))]

        self.features = nn.Sequential(
            ("conv1", convolution(channels, 6, 5)),
            *behind(1, nn.BatchNorm2D, 6),
            ("pool1", nn.MaxPool2D(2)),
            ("conv2", convolution(6, 16, 5)),
            *behind(2, nn.BatchNorm2D, 16),
            ("pool2", nn.MaxPool2D(2)),
            ("conv3", convolution(16, 120, 4)),
            *behind(3, nn.BatchNorm2D, 120),
        )
        self.head = nn.Sequential(
            ("flatten", nn.Flatten()),
            ("fc1", linear(120 * grid * grid, 64)),
            *behind(4, nn.BatchNorm1D, 64),
            ("fc2", linear(64, classes)),
        )

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        # (B, 3, 224, 224) -> 6, 220, 220 -> 6, 110, 110 -> 16, 106, 106 -> 16, 53, 53 -> (B, 120, 50, 50)
        x = self.features(x)
        return self.head(x)  # (B, 300000) -> 64 -> (B, 1)
