"""A model's name -> the same network in PyTorch, layer by layer as paddle_course.models has it: images (B, C, H, W) in.

Nothing but PyTorch is imported here. Weights start as PyTorch starts them: only their number matters to the clock.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn


def lenet() -> nn.Module:
    """LeNet-5 on (B, 1, 28, 28)."""
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)),
        nn.Flatten(),
        *(nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
    )


def camp() -> nn.Module:
    """The camp network. Its last pooling, of a 1x1 map, is left out: Paddle hands the map on, PyTorch refuses it."""
    return nn.Sequential(
        *(nn.Conv2d(3, 20, 5), nn.ReLU(), nn.MaxPool2d(2), nn.BatchNorm2d(20)),
        *(nn.Conv2d(20, 50, 5), nn.ReLU(), nn.MaxPool2d(2), nn.BatchNorm2d(50)),
        *(nn.Conv2d(50, 50, 5), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(50, 10)),
    )


def vgg16() -> nn.Module:
    """VGG-16 with batch norm and one linear layer, on (B, 3, 32, 32)."""
    layers, inputs = [], 3
    for outputs, convolutions in zip((64, 128, 256, 512, 512), (2, 2, 3, 3, 3), strict=True):
        for _ in range(convolutions):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]
            inputs = outputs
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


class Residual(nn.Module):
    """relu(body(x) + shortcut(x))."""

    def __init__(self, body: nn.Module, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.body, self.relu = body, nn.ReLU()
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else nn.Sequential(*normed(inputs, outputs, 1, stride))

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.body(x) + self.shortcut(x))


def normed(inputs: int, outputs: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    """A convolution without bias, and its batch norm."""
    return [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs)]


def basic(inputs: int, width: int, stride: int) -> Residual:
    body = nn.Sequential(*normed(inputs, width, 3, stride), nn.ReLU(), *normed(width, width, 3))
    return Residual(body, inputs, width, stride)


def bottleneck(inputs: int, width: int, stride: int) -> Residual:
    first, middle = normed(inputs, width, 1), normed(width, width, 3, stride)
    body = nn.Sequential(*first, nn.ReLU(), *middle, nn.ReLU(), *normed(width, 4 * width, 1))
    return Residual(body, inputs, 4 * width, stride)


def resnet(stem: list[nn.Module], block: Callable[..., Residual], growth: int, blocks: tuple[int, ...], classes: int):
    layers, inputs = [*stem], 64
    for number, count in enumerate(blocks):
        width, stride = 64 * 2**number, 1 if number == 0 else 2
        for _ in range(count):
            layers.append(block(inputs, width, stride))
            inputs, stride = growth * width, 1
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes))


def resnet18() -> nn.Module:
    """ResNet-18 with the stem for (B, 3, 32, 32)."""
    return resnet([*normed(3, 64, 3), nn.ReLU()], basic, 1, (2, 2, 2, 2), classes=10)


def resnet50_imagenet() -> nn.Module:
    """ResNet-50 on (B, 3, 224, 224)."""
    stem = [*normed(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    return resnet(stem, bottleneck, 4, (3, 4, 6, 3), classes=1000)


class Fast(nn.Module):
    """The network of airbench94: the whitening convolution's weights and the batch norms' scales are not learned."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, 24, 2), nn.GELU()]
        layers[0].weight.requires_grad = False
        for inputs, outputs in pairwise((24, 64, 256, 256)):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.MaxPool2d(2), shift(outputs), nn.GELU()]
            layers += [nn.Conv2d(outputs, outputs, 3, padding=1, bias=False), shift(outputs), nn.GELU()]
        self.features = nn.Sequential(*layers, nn.MaxPool2d(3), nn.Flatten())
        self.fc = nn.Linear(256, 10, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.features(x)) / 9


def shift(channels: int) -> nn.BatchNorm2d:
    """A batch norm that learns a shift only. PyTorch's momentum is the share of the new: 0.4 is Paddle's 0.6."""
    norm = nn.BatchNorm2d(channels, momentum=0.4, eps=1e-12)
    norm.weight.requires_grad = False
    return norm


NETWORKS = {
    "lenet": lenet,
    "camp": camp,
    "vgg16": vgg16,
    "resnet18": resnet18,
    "resnet50-imagenet": resnet50_imagenet,
    "fast": Fast,
}


def build(name: str, layout: torch.memory_format) -> nn.Module:
    """A new network in training mode, its weights lying as `layout` says."""
    if name not in NETWORKS:
        raise LookupError(f"{name} has no twin in PyTorch; there are {', '.join(NETWORKS)}")
    return NETWORKS[name]().to(memory_format=layout).train()
