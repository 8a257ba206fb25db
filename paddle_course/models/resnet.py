"""Pictures -> logits by ResNet (He et al. 2016, arXiv:1512.03385): every block learns what to add to its input."""

from __future__ import annotations

from collections.abc import Callable

import paddle
from paddle import nn

from paddle_course.runtime import UserError


class Residual(nn.Layer):
    """relu(body(x) + shortcut(x)); the shortcut is a 1x1 convolution where the body changes the shape."""

    def __init__(self, body: nn.Layer, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.body = body
        if stride == 1 and inputs == outputs:
            self.shortcut = nn.Identity()
        else:
            self.shortcut = nn.Sequential(
                ("conv", convolution(inputs, outputs, 1, stride)),
                ("norm", nn.BatchNorm2D(outputs)),
            )
        self.relu = nn.ReLU()

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return self.relu(self.body(x) + self.shortcut(x))


def plain(block: Residual) -> nn.Sequential:
    """relu(body(x)): the block without its shortcut, to see what that is good for."""
    return nn.Sequential(("body", block.body), ("relu", block.relu))


def basic(inputs: int, width: int, stride: int) -> Residual:
    """Two 3x3 convolutions."""
    body = nn.Sequential(
        ("conv1", convolution(inputs, width, 3, stride)),
        ("norm1", nn.BatchNorm2D(width)),
        ("relu1", nn.ReLU()),
        ("conv2", convolution(width, width, 3)),
        ("norm2", nn.BatchNorm2D(width)),
    )
    return Residual(body, inputs, width, stride)


def bottleneck(inputs: int, width: int, stride: int) -> Residual:
    """1x1 to fewer channels, 3x3 there (which takes the stride, as in today's libraries), 1x1 to four times as many."""
    body = nn.Sequential(
        ("conv1", convolution(inputs, width, 1)),
        ("norm1", nn.BatchNorm2D(width)),
        ("relu1", nn.ReLU()),
        ("conv2", convolution(width, width, 3, stride)),
        ("norm2", nn.BatchNorm2D(width)),
        ("relu2", nn.ReLU()),
        ("conv3", convolution(width, 4 * width, 1)),
        ("norm3", nn.BatchNorm2D(4 * width)),
    )
    return Residual(body, inputs, 4 * width, stride)


def convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Conv2D:
    """Without a bias: the batch norm behind it has one."""
    return nn.Conv2D(inputs, outputs, kernel, stride, padding=kernel // 2, bias_attr=False)


# Kind of block, how many times wider it ends than its width, blocks in each of the four stages: table 1 of the paper.
DEPTHS = {
    18: (basic, 1, (2, 2, 2, 2)),
    34: (basic, 1, (3, 4, 6, 3)),
    50: (bottleneck, 4, (3, 4, 6, 3)),
}


class ResNet(nn.Layer):
    """A stem, four stages of residual blocks, the mean over the map, one linear layer.

    The "imagenet" stem is the paper's and divides the size by 4; the "cifar" stem keeps 32x32. `width` is the first
    stage's, and doubles from stage to stage while the size halves. Without `shortcuts` it is the paper's plain network;
    one seed gives both the same convolutions.
    """

    def __init__(
        self,
        depth: int = 18,
        stem: str = "cifar",
        classes: int = 10,
        channels: int = 3,
        width: int = 64,
        shortcuts: bool = True,
    ):
        super().__init__()
        if depth not in DEPTHS:
            raise UserError(f"there is no ResNet-{depth} here; there are ResNet-{', -'.join(map(str, DEPTHS))}")
        if stem not in STEMS:
            raise UserError(f"ResNet has no stem {stem!r}; it has {', '.join(STEMS)}")
        block, growth, (n1, n2, n3, n4) = DEPTHS[depth]
        w1, w2, w3, w4 = width, 2 * width, 4 * width, 8 * width
        self.features = nn.Sequential(  # shapes for 32x32 pictures, in brackets ResNet-50's where they differ
            ("stem", STEMS[stem](channels, width)),  # (B, 64, 32, 32)
            ("stage1", stage(block, growth, width, w1, n1, 1, shortcuts)),  # (B, 64 [256], 32, 32)
            ("stage2", stage(block, growth, growth * w1, w2, n2, 2, shortcuts)),  # (B, 128 [512], 16, 16)
            ("stage3", stage(block, growth, growth * w2, w3, n3, 2, shortcuts)),  # (B, 256 [1024], 8, 8)
            ("stage4", stage(block, growth, growth * w3, w4, n4, 2, shortcuts)),  # (B, 512 [2048], 4, 4)
            ("pool", nn.AdaptiveAvgPool2D(1)),  # (B, 512 [2048], 1, 1)
        )
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(growth * w4, classes)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:  # (B, 3, 32, 32)
        x = self.features(x)  # (B, 512, 1, 1)
        x = self.flatten(x)  # (B, 512)
        return self.fc(x)  # (B, 10)


def stage(
    block: Callable[..., Residual], growth: int, inputs: int, width: int, blocks: int, stride: int, shortcuts: bool
) -> nn.Sequential:
    """(B, inputs, H, W) -> (B, growth * width, H / stride, W / stride)."""
    layers = []
    for number in range(1, blocks + 1):
        residual = block(inputs, width, stride)
        layers.append((f"block{number}", residual if shortcuts else plain(residual)))
        inputs, stride = growth * width, 1
    return nn.Sequential(*layers)


def cifar_stem(channels: int, width: int) -> nn.Sequential:
    """(B, 3, 32, 32) -> (B, 64, 32, 32)."""
    return nn.Sequential(
        ("conv", convolution(channels, width, 3)),
        ("norm", nn.BatchNorm2D(width)),
        ("relu", nn.ReLU()),
    )


def imagenet_stem(channels: int, width: int) -> nn.Sequential:
    """(B, 3, 224, 224) -> (B, 64, 112, 112) -> (B, 64, 56, 56)."""
    return nn.Sequential(
        ("conv", convolution(channels, width, 7, stride=2)),
        ("norm", nn.BatchNorm2D(width)),
        ("relu", nn.ReLU()),
        ("pool", nn.MaxPool2D(3, stride=2, padding=1)),
    )


STEMS = {"cifar": cifar_stem, "imagenet": imagenet_stem}
