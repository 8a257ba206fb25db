"""Pictures -> logits by fully connected layers alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import paddle
from paddle import nn

from paddle_course.models.activations import activation as layer


class MLP(nn.Layer):
    """A chain of linear layers with an activation between any two; `sizes` runs from the pixels to the classes.

    `norm`: batch norm before each activation. `std`: weights drawn from a normal distribution of this standard
    deviation, of which 0 leaves zeros; None = as Paddle does, uniformly up to sqrt(6 / (inputs + outputs)) (Glorot and
    Bengio 2010).
    """

    def __init__(
        self,
        sizes: Sequence[int] = (784, 500, 10),
        activation: str = "relu",
        norm: bool = False,
        std: float | None = None,
    ):
        super().__init__()
        weights = None if std is None else nn.initializer.Normal(0.0, std)
        self.flatten = nn.Flatten()
        self.body = nn.Sequential()
        for number, (inputs, outputs) in enumerate(pairwise(sizes), start=1):
            if number > 1:
                if norm:
                    self.body.add_sublayer(f"norm{number - 1}", nn.BatchNorm1D(inputs))
                self.body.add_sublayer(f"act{number - 1}", layer(activation))
            self.body.add_sublayer(f"fc{number}", nn.Linear(inputs, outputs, weight_attr=weights))

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:  # (B, 1, 28, 28)
        x = self.flatten(x)  # (B, 784)
        return self.body(x)  # (B, 500) -> (B, 10)
