"""A network and its training in one line of a script, which is read before Paddle is imported."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from paddle_course import training


@dataclass(frozen=True)
class Network:
    """An MLP by its layer sizes and activation, and its training, with a weight `decay` or without; its rate comes down
    half a cosine wave unless it is `steady`, and its weights are drawn unless they start at `zero`."""

    sizes: tuple[int, ...]
    optimizer: str
    lr: float
    epochs: int
    batch: int
    steady: bool = False
    zero: bool = False
    activation: str = "relu"
    decay: float = 0.0

    def __str__(self) -> str:
        rate = f"{self.optimizer} {self.lr}{'' if self.steady else ' down to 0'}"
        return f"{rate}, {self.epochs} epochs, batches of {self.batch}{', from zero weights' if self.zero else ''}"

    def phase(self, epochs: int, steps: int) -> training.Phase:
        """So many epochs, of so many steps altogether."""
        rate = partial(training.schedules.cosine, peak=self.lr, steps=steps)
        if self.steady:
            rate = partial(training.schedules.constant, lr=self.lr)
        return training.Phase(epochs, self.optimizer, rate, {"weight_decay": self.decay} if self.decay else {})
