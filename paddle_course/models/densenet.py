"""Pictures -> logits by DenseNet (Huang et al. 2017, arXiv:1608.06993): every layer sees the maps of all before it."""

from __future__ import annotations

import paddle
from paddle import nn

from paddle_course.runtime import UserError

DEPTHS = {121: (6, 12, 24, 16), 169: (6, 12, 32, 32)}  # dense layers in each of the four blocks: table 1 of the paper
SQUEEZE = 4  # a 1x1 convolution leaves so many times `growth` maps for the 3x3 one: the paper's B
KEEP = 0.5  # the share of the maps that a transition leaves: the paper's C


class Dense(nn.Layer):
    """x and behind it, in the order of the channels, body(x)."""

    def __init__(self, body: nn.Layer):
        super().__init__()
        self.body = body

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return paddle.concat([x, self.body(x)], axis=1)


class DenseNet(nn.Layer):
    """A stem that divides the size by 4, four dense blocks with transitions between, the mean over the map, one linear
    layer. Every dense layer adds `growth` maps; the stem makes twice as many.
    """

    def __init__(self, depth: int = 121, classes: int = 1000, channels: int = 3, growth: int = 32):
        super().__init__()
        if depth not in DEPTHS:
            raise UserError(f"there is no DenseNet-{depth} here; there are DenseNet-{', -'.join(map(str, DEPTHS))}")
        width = 2 * growth
        self.features = nn.Sequential(("stem", stem(channels, width)))  # (B, 64, 56, 56), for 224x224 pictures
        for number, layers in enumerate(DEPTHS[depth], start=1):
            if number > 1:
                self.features.add_sublayer(f"transition{number - 1}", transition(width, int(KEEP * width)))
                width = int(KEEP * width)
            # (B, 256, 56, 56) -> 512, 28, 28 -> 1024, 14, 14 -> (B, 1024, 7, 7)
            self.features.add_sublayer(f"block{number}", block(width, layers, growth))
            width += layers * growth
        self.features.add_sublayer("norm", nn.BatchNorm2D(width))
        self.features.add_sublayer("relu", nn.ReLU())
        self.features.add_sublayer("pool", nn.AdaptiveAvgPool2D(1))
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(width, classes)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:  # (B, 3, 224, 224)
        x = self.features(x)  # (B, 1024, 1, 1)
        x = self.flatten(x)  # (B, 1024)
        return self.fc(x)  # (B, 1000)


def block(inputs: int, layers: int, growth: int) -> nn.Sequential:
    """(B, inputs, H, W) -> (B, inputs + layers * growth, H, W)."""
    names = [f"layer{number}" for number in range(1, layers + 1)]
    return nn.Sequential(*((name, layer(inputs + i * growth, growth)) for i, name in enumerate(names)))


def layer(inputs: int, growth: int) -> Dense:
    """Batch norm and ReLU come before each convolution, for its input is what many layers made."""
    body = nn.Sequential(
        ("norm1", nn.BatchNorm2D(inputs)),
        ("relu1", nn.ReLU()),
        ("conv1", nn.Conv2D(inputs, SQUEEZE * growth, 1, bias_attr=False)),
        ("norm2", nn.BatchNorm2D(SQUEEZE * growth)),
        ("relu2", nn.ReLU()),
        ("conv2", nn.Conv2D(SQUEEZE * growth, growth, 3, padding=1, bias_attr=False)),
    )
    return Dense(body)


def transition(inputs: int, outputs: int) -> nn.Sequential:
    """(B, inputs, H, W) -> (B, outputs, H / 2, W / 2)."""
    return nn.Sequential(
        ("norm", nn.BatchNorm2D(inputs)),
        ("relu", nn.ReLU()),
        ("conv", nn.Conv2D(inputs, outputs, 1, bias_attr=False)),
        ("pool", nn.AvgPool2D(2)),
    )


def stem(channels: int, width: int) -> nn.Sequential:
    """(B, 3, 224, 224) -> (B, 64, 112, 112) -> (B, 64, 56, 56)."""
    return nn.Sequential(
        ("conv", nn.Conv2D(channels, width, 7, stride=2, padding=3, bias_attr=False)),
        ("norm", nn.BatchNorm2D(width)),
        ("relu", nn.ReLU()),
        ("pool", nn.MaxPool2D(3, stride=2, padding=1)),
    )
