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
class Entry:
    """A class of this wing with its settings, and the input (C, H, W) and number of classes these settings are for."""

    model: str
    input_shape: tuple[int, int, int]
    settings: Mapping[str, Any] = field(default_factory=dict)
    classes: int = 10

    @property
    def builder(self) -> type[nn.Layer]:
        return getattr(models, self.model)


DIGITS, CIFAR, IMAGENET = (1, 28, 28), (3, 32, 32), (3, 224, 224)
_VGG_224 = {"norm": False, "head": "imagenet", "classes": 1000}
_RESNET_224 = {"stem": "imagenet", "classes": 1000}

MODELS = {
    "mlp": Entry("MLP", DIGITS),
    "lenet": Entry("LeNet", DIGITS),
    "lenet-sigmoid": Entry("LeNet", DIGITS, {"activation": "sigmoid"}),
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
    "densenet121": Entry("DenseNet", IMAGENET, {"depth": 121}, 1000),
    "resnet18-imagenet": Entry("ResNet", IMAGENET, {"depth": 18} | _RESNET_224, 1000),
    "resnet34-imagenet": Entry("ResNet", IMAGENET, {"depth": 34} | _RESNET_224, 1000),
    "resnet50-imagenet": Entry("ResNet", IMAGENET, {"depth": 50} | _RESNET_224, 1000),
}


def build(name: str, seed: int = 0, **settings: Any) -> nn.Layer:
    """A new model, its weights a function of `seed`; `settings` replace its entry's: `build("lenet", side=32)`."""
    if name not in MODELS:
        raise UserError(f"no model is called {name!r}; there are {', '.join(MODELS)}")
    entry = MODELS[name]
    known = list(inspect.signature(entry.builder.__init__).parameters)[1:]
    for setting in settings:
        if setting not in known:
            raise UserError(f"model {name} has no setting {setting!r}; it has {', '.join(known)}")
    import paddle

    paddle.seed(seed_of("weights", seed))
    return entry.builder(**{**entry.settings, **settings})
