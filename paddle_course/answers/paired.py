"""Networks that judged the same pictures -> which of them differ by more than chance gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from paddle_course import batches, training
from paddle_course.answers.ablation import SURE

if TYPE_CHECKING:
    from paddle import nn


@dataclass(frozen=True)
class Paired:
    """By name, bool (N,): which of the same N pictures each gets right.

    Two are compared by McNemar's test, which counts only the pictures that one gets right and the other does not. Who
    picks the best and the worst of several has looked at every pair, so p is taken times the number of pairs
    (Bonferroni). It says what another choice of test pictures may change, not what another seed of the training may.
    """

    right: Mapping[str, np.ndarray]

    @property
    def count(self) -> int:
        return len(next(iter(self.right.values())))

    def p(self, one: str, other: str) -> float:
        """How probable so large a difference is between equals, somewhere among all pairs; at most 1."""
        pairs = len(list(combinations(self.right, 2)))
        return min(1.0, pairs * training.metrics.mcnemar(self.right[one], self.right[other]))

    def apart(self, one: str, other: str) -> bool:
        """Whether the two differ by more than chance gives."""
        return self.p(one, other) < SURE

    def level(self, name: str) -> list[str]:
        """Those that chance may set as far from `name` as they are."""
        return [other for other in self.right if other != name and not self.apart(name, other)]


def right(net: nn.Layer, data: batches.Ordered) -> np.ndarray:
    """bool (N,): which of the pictures the network gets right, in their order."""
    scores, labels = training.predict(net, data)
    return scores.argmax(1) == labels
