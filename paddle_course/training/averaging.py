"""The weights of the last steps -> their running average, from which the training then goes on.

Look-ahead (Zhang et al. 2019, arXiv:1907.08610) lets the optimizer run a few steps ahead and then pulls it back to a
slow copy of the weights that has come part of the way. At a high learning rate the weights jump about; the slow ones do
not, and they are what the training ends with.
"""

from __future__ import annotations

import numpy as np
import paddle


def look_ahead(step: int, *, steps: int, every: int = 5, keep: float = 0.95**5, power: float = 3) -> float | None:
    """The share of the slow weights that is kept after `step` of `steps` updates; None where they stay as they are.

    It grows from 0, where the slow weights are the fast ones, to `keep`: there is nothing to average while the network
    still learns fast. After the last step it is 1: the slow weights are the result; of fewer steps than `every` there
    are none. airbench94, arXiv:2404.00498.
    """
    if step == steps >= every:
        return 1.0
    return keep * (step / steps) ** power if step % every == 0 else None


class SlowWeights:
    """The slow copy of all of a model's weights and running statistics, by structured name."""

    def __init__(self, model: paddle.nn.Layer, arrays: dict[str, np.ndarray] | None = None):
        self.fast = model.state_dict()
        self.slow = {name: value.clone().detach() for name, value in self.fast.items()}
        for name, value in (arrays or {}).items():
            self.slow[name].set_value(value)

    def update(self, share: float) -> None:
        """Keep `share` of the slow weights, take the rest from the model, and let the model go on from there."""
        with paddle.no_grad():
            for name, fast in self.fast.items():
                slow = self.slow[name]
                slow.scale_(share).add_(fast * (1 - share))
                fast.copy_(slow, False)

    def arrays(self) -> dict[str, np.ndarray]:
        """Copies of the slow weights."""
        return {name: np.array(value.numpy(), order="C") for name, value in self.slow.items()}
