"""A chain of layers with one neuron each, in NumPy: its gradients by hand, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

Arrays = Sequence[np.ndarray]


@dataclass(frozen=True)
class Chain:
    """Rows of two numbers go through `depth` neurons, one after the other; the last is a sigmoid and says yes or no.

    Attributes:
        weight, bias: what all of them begin with; `first_bias` the first layer's, where it is another.
        lr: the learning rate.
        relu: the neurons before the last are ReLUs instead of sigmoids.
    """

    depth: int = 5
    weight: float = 1.0
    bias: float = 1.0
    lr: float = 2.0
    relu: bool = False
    first_bias: float | None = None

    def start(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """The weights (2, 1), (1, 1), ... and the biases (1,) before the first update."""
        weights = [np.full((2 if layer == 0 else 1, 1), self.weight) for layer in range(self.depth)]
        biases = [np.full(1, self.bias) for _ in range(self.depth)]
        return weights, biases if self.first_bias is None else [np.full(1, self.first_bias), *biases[1:]]

    def forward(self, weights: Arrays, biases: Arrays, rows: np.ndarray) -> list[np.ndarray]:
        """What goes into each layer, and what the last one says: a1 (N, 2), a2 (N, 1), ..., a6 (N, 1)."""
        outputs = [rows]
        for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True), start=1):
            z = outputs[-1] @ weight + bias
            outputs.append(np.maximum(z, 0) if self.relu and layer < self.depth else 1 / (1 + np.exp(-z)))
        return outputs

    def backward(self, weights: Arrays, outputs: Arrays, targets: np.ndarray) -> tuple[list, list]:
        """Each row's gradients of the cross-entropy: dW (N, 2), (N, 1), ... and db (N, 1), from the first layer on."""
        error = outputs[-1] - targets  # a6 - y: of the last sigmoid's slope and the logarithm's nothing else is left
        dws, dbs = [], []
        for weight, inputs in zip(reversed(weights), reversed(outputs[:-1]), strict=True):
            dws.insert(0, error * inputs)
            dbs.insert(0, error)
            error = error @ weight.T * ((inputs > 0) if self.relu else inputs * (1 - inputs))
        return dws, dbs

    def learn(self, x: np.ndarray, y: np.ndarray, passes: int) -> Iterator[tuple[Arrays, Arrays, Arrays]]:
        """Learn from one row at a time, in their order: the weights and biases, and the dW that led to them."""
        weights, biases = self.start()
        for row in np.tile(np.arange(len(x)), passes)[:, None]:
            dws, dbs = self.backward(weights, self.forward(weights, biases, x[row]), y[row])
            weights = [weight - self.lr * dw.T for weight, dw in zip(weights, dws, strict=True)]
            biases = [bias - self.lr * db[0] for bias, db in zip(biases, dbs, strict=True)]
            yield weights, biases, [dw.T for dw in dws]
