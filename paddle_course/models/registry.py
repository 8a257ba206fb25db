"""A model's name -> the model. This table costs nothing to read: Paddle is imported by `build`."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from paddle_course import models
from paddle_course.runtime import UserError, seed_of

if TYPE_CHECKING:
    from paddle import nn


@dataclass(frozen=True)
class Family:
    """What one class of this wing is known for.

    Attributes:
        year: of the first publication, which often is a preprint; None where nothing was published.
        source: the paper or page.
        idea: in one line, Chinese and English.
    """

    year: int | None
    source: str
    idea: tuple[str, str]


@dataclass(frozen=True)
class Entry:
    """A class of this wing with its settings, and the input (C, H, W) and number of classes these settings are for."""

    model: str
    input_shape: tuple[int, int, int]
    settings: Mapping[str, Any] = field(default_factory=dict)
    classes: int = 10

    @property
    def builder(self) -> type[nn.Layer]:
        return getattr(models, self.model)

    @property
    def family(self) -> Family:
        return FAMILIES[self.model]


FAMILIES = {
    "MLP": Family(
        1986,
        "Rumelhart, Hinton and Williams 1986, Nature 323",
        ("每个像素都与每个神经元相连，不利用像素的位置", "every pixel to every neuron: where it lies is not used"),
    ),
    "LeNet": Family(
        1998,
        "LeCun, Bottou, Bengio and Haffner 1998, Proceedings of the IEEE 86",
        ("同一个小卷积核扫过整张图，其间用池化缩小", "one small kernel for all places, pooling in between"),
    ),
    "CampNet": Family(
        None,
        "百度技术学院机器学习训练营第二期",
        ("三个不填充的卷积，各带池化，一直缩到 1 × 1", "three unpadded convolutions, pooled until 1 x 1 is left"),
    ),
    "VGG": Family(
        2014,
        "Simonyan and Zisserman, arXiv:1409.1556",
        ("只用 3 × 3 卷积，一层层叠深", "nothing but 3 x 3 convolutions, stacked deep"),
    ),
    "ResNet": Family(
        2015,
        "He, Zhang, Ren and Sun, arXiv:1512.03385",
        ("每块只学要加到输入上的部分，梯度有捷径", "a block learns what to add; gradients have a way past it"),
    ),
    "FundusLeNet": Family(
        None,
        "百度架构师手把手教深度学习",
        (
            "LeNet 用于 224 × 224 的图片：三个卷积，展平 30 万个值",
            "LeNet for 224 x 224, 300,000 values flattened",
        ),
    ),
    "DigitNet": Family(
        None,
        "paddle_course",
        (
            "三段卷积，图越小通道越多，专为几分钟内读好数字",
            "three blocks, wide where the map is small; for digits",
        ),
    ),
    "HalvingNet": Family(
        None,
        "paddle_course",
        ("步幅为 2 的卷积逐层减半，最后对所有位置取平均", "convolutions of stride 2, and a mean over all places"),
    ),
    "DenseNet": Family(
        2016,
        "Huang, Liu, van der Maaten and Weinberger, arXiv:1608.06993",
        ("每层都接上前面所有层的输出", "every layer sees the outputs of all layers before it"),
    ),
    "FastNet": Family(
        2024,
        "Jordan, arXiv:2404.00498",
        ("首层卷积由数据算出（白化），为少训几轮而设计", "first layer worked out from the pictures, for few epochs"),
    ),
}

DIGITS, CIFAR, IMAGENET, GREY = (1, 28, 28), (3, 32, 32), (3, 224, 224), (1, 227, 227)
_VGG_224 = {"norm": False, "head": "imagenet", "classes": 1000}
_RESNET_224 = {"stem": "imagenet", "classes": 1000}

MODELS = {
    "mlp": Entry("MLP", DIGITS),
    "lenet": Entry("LeNet", DIGITS),
    "lenet-sigmoid": Entry("LeNet", DIGITS, {"activation": "sigmoid"}),
    "digitnet": Entry("DigitNet", DIGITS),
    "fundus-lenet": Entry("FundusLeNet", IMAGENET, classes=1),
    "camp": Entry("CampNet", CIFAR),
    "camp-no-bn": Entry("CampNet", CIFAR, {"norm": False}),
    "camp-deeper": Entry("CampNet", CIFAR, {"depth": "deeper"}),
    "camp-wider": Entry("CampNet", CIFAR, {"width": 2.0}),
    "vgg11": Entry("VGG", CIFAR, {"depth": 11}),
    "vgg13": Entry("VGG", CIFAR, {"depth": 13}),
    "vgg16": Entry("VGG", CIFAR, {"depth": 16}),
    "vgg19": Entry("VGG", CIFAR, {"depth": 19}),
    "vgg16-imagenet": Entry("VGG", IMAGENET, {"depth": 16} | _VGG_224, 1000),
    "vgg19-imagenet": Entry("VGG", IMAGENET, {"depth": 19} | _VGG_224, 1000),
    "resnet18": Entry("ResNet", CIFAR, {"depth": 18}),
    "resnet34": Entry("ResNet", CIFAR, {"depth": 34}),
    "resnet50": Entry("ResNet", CIFAR, {"depth": 50}),
    "fast": Entry("FastNet", CIFAR),
    "fast-half": Entry("FastNet", CIFAR, {"width": 0.5}),
    "densenet121": Entry("DenseNet", IMAGENET, {"depth": 121}, 1000),
    "halving": Entry("HalvingNet", GREY, classes=1),
    "resnet18-imagenet": Entry("ResNet", IMAGENET, {"depth": 18} | _RESNET_224, 1000),
    "resnet34-imagenet": Entry("ResNet", IMAGENET, {"depth": 34} | _RESNET_224, 1000),
    "resnet50-imagenet": Entry("ResNet", IMAGENET, {"depth": 50} | _RESNET_224, 1000),
}


# What the large ones shrink to where it only matters that they run.
SLIM: dict[str, dict[str, Any]] = {
    "VGG": {"width": 8},
    "ResNet": {"width": 8},
    "FastNet": {"width": 0.125},
    "DigitNet": {"widths": (8, 20, 40)},
    "HalvingNet": {"widths": (2, 4, 8, 16, 16)},
}


def build(name: str, seed: int = 0, slim: bool = False, **settings: Any) -> nn.Layer:
    """A new model, its weights a function of `seed`; `settings` replace its entry's: `build("lenet", side=32)`.

    A `slim` one has the same layers with few channels, if it is large: see SLIM.
    """
    if name not in MODELS:
        raise UserError(f"no model is called {name!r}; there are {', '.join(MODELS)}")
    entry = MODELS[name]
    known = list(inspect.signature(entry.builder.__init__).parameters)[1:]
    for setting in settings:
        if setting not in known:
            raise UserError(f"model {name} has no setting {setting!r}; it has {', '.join(known)}")
    import paddle

    paddle.seed(seed_of("weights", seed))
    chosen = {**settings, **(SLIM.get(entry.model, {}) if slim else {})}
    net = entry.builder(**{**entry.settings, **chosen})
    net.built = name, chosen  # what builds it once more
    return net
