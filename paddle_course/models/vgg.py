"""Pictures -> logits by VGG (Simonyan & Zisserman 2015, arXiv:1409.1556): 3x3 convolutions and nothing else, deep."""

from __future__ import annotations

import paddle
from paddle import nn

from paddle_course.runtime import UserError

# Convolutions in each of the five blocks, table 1 of the paper: columns A, B, D and E.
DEPTHS = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}
WIDTHS = (1, 2, 4, 8, 8)  # channels of each block, in units of the first block's


class VGG(nn.Layer):
    """Five blocks that end in a pooling, then a head: "cifar" is one linear layer, "imagenet" the paper's three.

    `norm` puts a batch norm behind each convolution; `width` is the first block's number of channels.
    """

    def __init__(
        self,
        depth: int = 16,
        norm: bool = True,
        classes: int = 10,
        head: str = "cifar",
        channels: int = 3,
        width: int = 64,
    ):
        super().__init__()
        if depth not in DEPTHS:
            raise UserError(f"there is no VGG-{depth}; there are VGG-{', -'.join(map(str, DEPTHS))}")
        if head not in HEADS:
            raise UserError(f"VGG has no head {head!r}; it has {', '.join(HEADS)}")
        self.features = nn.Sequential()
        for number, (convolutions, factor) in enumerate(zip(DEPTHS[depth], WIDTHS, strict=True), start=1):
            self.features.add_sublayer(f"block{number}", block(channels, factor * width, convolutions, norm))
            channels = factor * width
        self.head = HEADS[head](channels, classes)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        # (B, 3, 32, 32) -> 64, 16, 16 -> 128, 8, 8 -> 256, 4, 4 -> 512, 2, 2 -> 512, 1, 1
        x = self.features(x)
        return self.head(x)  # (B, 10)


def block(inputs: int, outputs: int, convolutions: int, norm: bool) -> nn.Sequential:
    """(B, inputs, H, W) -> (B, outputs, H / 2, W / 2)."""
    layers = []
    for number in range(1, convolutions + 1):
        layers.append((f"conv{number}", nn.Conv2D(inputs, outputs, 3, padding=1)))
        if norm:
            layers.append((f"norm{number}", nn.BatchNorm2D(outputs)))
        layers.append((f"relu{number}", nn.ReLU()))
        inputs = outputs
    layers.append(("pool", nn.MaxPool2D(2)))
    return nn.Sequential(*layers)


def cifar_head(channels: int, classes: int) -> nn.Sequential:
    return nn.Sequential(
        ("pool", nn.AdaptiveAvgPool2D(1)),  # already 1x1 for 32x32 pictures; others fit too
        ("flatten", nn.Flatten()),
        ("fc", nn.Linear(channels, classes)),
    )


def imagenet_head(channels: int, classes: int) -> nn.Sequential:
    return nn.Sequential(
        ("pool", nn.AdaptiveAvgPool2D(7)),  # already 7x7 for 224x224 pictures; others fit too
        ("flatten", nn.Flatten()),
        ("fc1", nn.Linear(channels * 7 * 7, 4096)),
        ("relu1", nn.ReLU()),
        ("drop1", nn.Dropout(0.5)),
        ("fc2", nn.Linear(4096, 4096)),
        ("relu2", nn.ReLU()),
        ("drop2", nn.Dropout(0.5)),
        ("fc3", nn.Linear(4096, classes)),
    )


HEADS = {"cifar": cifar_head, "imagenet": imagenet_head}
