"""CIFAR pictures -> logits by the network of the Baidu camp: three convolutions without padding, each pooled."""

from __future__ import annotations

import paddle
from paddle import nn

from paddle_course.runtime import UserError

WIDTHS = (20, 50, 50)
# Kernel sizes of the convolutions before each pooling. "deeper" takes VGG's argument: two 3x3 see the same 5x5 pixels
# and leave the same size, with fewer weights and one more ReLU between.
KERNELS = {
    "camp": ((5,), (5,), (5,)),
    "deeper": ((3, 3), (3, 3), (3, 3)),
}


class CampNet(nn.Layer):
    """Spatial sizes 32-28-14-10-5-1-1, so the pictures must be 32 x 32.

    `norm`: batch norm after the first two poolings; `width` multiplies the channels.
    """

    def __init__(
        self, classes: int = 10, channels: int = 3, norm: bool = True, depth: str = "camp", width: float = 1.0
    ):
        super().__init__()
        if depth not in KERNELS:
            raise UserError(f"the camp network has no depth {depth!r}; it has {', '.join(KERNELS)}")
        w1, w2, w3 = (round(width * each) for each in WIDTHS)
        k1, k2, k3 = KERNELS[depth]
        self.features = nn.Sequential(
            ("block1", block(channels, w1, k1, norm)),
            ("block2", block(w1, w2, k2, norm)),
            ("block3", block(w2, w3, k3, norm=False)),
        )
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(w3, classes)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        # (B, 3, 32, 32) -> 20, 28, 28 -> 20, 14, 14 -> 50, 10, 10 -> 50, 5, 5 -> (B, 50, 1, 1)
        x = self.features(x)  # the last pooling leaves 1 x 1 as it is
        x = self.flatten(x)  # (B, 50)
        return self.fc(x)  # (B, 10)


def block(inputs: int, outputs: int, kernels: tuple[int, ...], norm: bool) -> nn.Sequential:
    """Convolution and ReLU for each kernel size, then max pooling, then batch norm if asked for."""
    layers = []
    for number, kernel in enumerate(kernels, start=1):
        layers.append((f"conv{number}", nn.Conv2D(inputs, outputs, kernel)))
        layers.append((f"relu{number}", nn.ReLU()))
        inputs = outputs
    layers.append(("pool", nn.MaxPool2D(2)))
    if norm:
        layers.append(("norm", nn.BatchNorm2D(outputs)))
    return nn.Sequential(*layers)
