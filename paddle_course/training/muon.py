"""Muon: filters are moved by a matrix whose singular values are all about 1, in place of the gradient's few large ones.

Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/, as in airbench94_muon of
https://github.com/KellerJordan/cifar10-airbench, where filters keep their length: what they learn is a direction.
"""

from __future__ import annotations

from typing import Any

import paddle

ROUNDS, QUINTIC = 3, (3.4445, -4.7750, 2.0315)


class Muon(paddle.optimizer.Momentum):
    """Weights of convolutions move by Muon, all other parameters by Nesterov's momentum.

    For a weight w of shape (K, ...), read as a matrix of K rows, with its gradient g:

        v = m v + g;  w = sqrt(K) w / |w| - lr orthogonal(g + m v)

    Weight decay is for the others: the length of w is given.
    """

    def __init__(self, **settings: Any):
        super().__init__(use_nesterov=True, **settings)

    def _append_optimize_op(self, block: Any, pair: Any) -> Any:
        """Called by `step` for each parameter: a pair with its gradient, or its group's settings with such "params"."""
        weight, gradient = pair["params"] if isinstance(pair, dict) else pair
        if weight.ndim != 4:
            return super()._append_optimize_op(block, pair)
        momentum = pair.get("momentum", self._momentum) if isinstance(pair, dict) else self._momentum
        velocity = self._get_accumulator_master(self._velocity_acc_str, weight)
        velocity.scale_(momentum).add_(gradient)
        update = orthogonal((gradient + momentum * velocity).flatten(1)).reshape(weight.shape)
        lr = self.get_lr() * weight.optimize_attr["learning_rate"]
        length = float(paddle.linalg.norm(weight)) or 1.0  # filters of zeros have no length to be given
        weight.scale_(len(weight) ** 0.5 / length).subtract_(lr * update)
        return None


def orthogonal(matrix: paddle.Tensor) -> paddle.Tensor:
    """(R, C) -> about U V' of its singular value decomposition U S V': singular values of 0.7 to 1.2 in place of S.

    Three rounds of Newton-Schulz, each a x + b (x x') x + c (x x')^2 x; a, b and c pull small values up fast.
    """
    a, b, c = QUINTIC
    x = matrix / (paddle.linalg.norm(matrix) + 1e-7)  # no singular value is above 1
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    for _ in range(ROUNDS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if tall else x
