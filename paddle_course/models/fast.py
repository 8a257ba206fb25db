"""CIFAR pictures -> logits by the network of airbench94 (Jordan 2024, arXiv:2404.00498), made to learn in few epochs.

Two things let it: its first convolution is not learned but worked out from the pictures, and a recipe made for it,
`training.recipes.airbench` or, with Muon, `airbench_muon`.
"""

from __future__ import annotations

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import nn

WIDTHS = (64, 256, 256)
PATCH = 2  # pixels, the side of a whitened patch


class FastNet(nn.Layer):
    """A whitening convolution, three groups of two 3x3 convolutions, one linear layer; 1,975,096 values.

    Before training, `whiten` must have seen the pictures. `width` multiplies the channels of the groups.
    """

    def __init__(self, classes: int = 10, channels: int = 3, width: float = 1.0):
        super().__init__()
        filters = 2 * channels * PATCH**2
        w1, w2, w3 = (round(width * each) for each in WIDTHS)
        self.features = nn.Sequential(
            ("whiten", nn.Conv2D(channels, filters, PATCH)),
            ("gelu", nn.GELU()),
            ("group1", group(filters, w1)),
            ("group2", group(w1, w2)),
            ("group3", group(w2, w3)),
            ("pool", nn.AdaptiveMaxPool2D(1)),  # of 3 x 3; smaller pictures fit too
        )
        self.flatten = nn.Flatten()
        uniform = paddle.ParamAttr(initializer=nn.initializer.Uniform(-(w3**-0.5), w3**-0.5))
        self.fc = nn.Linear(w3, classes, weight_attr=uniform, bias_attr=False)
        self.features.whiten.weight.stop_gradient = True

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:  # (B, 3, 32, 32)
        x = self.features(x)  # (B, 24, 31, 31) -> 64, 15, 15 -> 256, 7, 7 -> 256, 3, 3 -> (B, 256, 1, 1)
        x = self.flatten(x)  # (B, 256)
        return self.fc(x) / 9  # (B, 10); a ninth keeps the first losses small at a high learning rate

    def whiten(self, images: np.ndarray) -> None:
        """Set the first convolution from `images`, float32 (N, C, H, W) as they are trained on."""
        weight = self.features.whiten.weight
        weight.set_value(whitening(images).reshape(weight.shape))


def group(inputs: int, outputs: int) -> nn.Sequential:
    """(B, inputs, H, W) -> (B, outputs, H / 2, W / 2), rounded down."""
    return nn.Sequential(
        ("conv1", convolution(inputs, outputs)),
        ("pool", nn.MaxPool2D(2)),
        ("norm1", ShiftNorm(outputs)),
        ("gelu1", nn.GELU()),
        ("conv2", convolution(outputs, outputs)),
        ("norm2", ShiftNorm(outputs)),
        ("gelu2", nn.GELU()),
    )


def convolution(inputs: int, outputs: int) -> nn.Conv2D:
    attribute = paddle.ParamAttr(initializer=PassOn((inputs * 9) ** -0.5))
    return nn.Conv2D(inputs, outputs, 3, padding=1, weight_attr=attribute, bias_attr=False)


class PassOn(nn.initializer.Initializer):
    """The first filters hand their inputs on, so that at the start nothing is lost; the others are -bound to bound."""

    def __init__(self, bound: float):
        super().__init__()
        self.uniform = nn.initializer.Uniform(-bound, bound)

    def forward(self, var: paddle.Tensor, block: object = None) -> paddle.Tensor:
        self.uniform(var, block)
        weight = var.numpy()
        passing, middle = range(min(weight.shape[:2])), weight.shape[2] // 2
        weight[passing] = 0
        weight[passing, passing, middle, middle] = 1
        var.set_value(weight)
        return var


class ShiftNorm(nn.BatchNorm2D):
    """Batch norm that learns a shift only, and whose running statistics keep 0.6 of themselves at each step.

    Where the scale wants no gradient, Paddle 3.3.1 computes none of the shift, either, without a word; so it is handed
    the scale as a tensor that wants one.
    """

    def __init__(self, channels: int):
        super().__init__(channels, momentum=0.6, epsilon=1e-12)
        self.weight.stop_gradient = True

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        scale = self.weight.detach()
        scale.stop_gradient = False
        settings = self.training, self._momentum, self._epsilon, self._data_format, self._use_global_stats
        return F.batch_norm(x, self._mean, self._variance, scale, self.bias, *settings)


def whitening(images: np.ndarray, epsilon: float = 5e-4) -> np.ndarray:
    """Filters (2 k, C, 2, 2); the outputs of the first k = 4 C are uncorrelated, of variance 1, the rest the negatives.

    The filters are the eigenvectors of the patches' second moments over the square root of their eigenvalues;
    `epsilon` keeps the smallest ones, which are noise, from being blown up. The largest comes last.
    """
    channels, height, width = images.shape[1:]
    corners = [(i, j) for i in range(PATCH) for j in range(PATCH)]
    shifted = [images[:, :, i : height - PATCH + 1 + i, j : width - PATCH + 1 + j] for i, j in corners]
    patches = np.stack(shifted, axis=2).transpose(0, 3, 4, 1, 2).reshape(-1, channels * PATCH**2).astype(np.float64)
    values, vectors = np.linalg.eigh(patches.T @ patches / len(patches))
    filters = (vectors / np.sqrt(values + epsilon)).T.reshape(-1, channels, PATCH, PATCH)
    return np.concatenate([filters, -filters]).astype(np.float32)
