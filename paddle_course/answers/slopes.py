"""Names of activations -> a picture of the functions and of their slopes, which gradients are multiplied by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import paddle

from paddle_course import models
from paddle_course.answers.figures import Chart, panels
from paddle_course.answers.pieces import Figure


def activation_slopes(names: Sequence[str], reach: float = 4.0) -> tuple[Figure, dict[str, float]]:
    """The functions from -reach to reach and their slopes by autograd; and the largest slope of each."""
    x = np.linspace(-reach, reach, 161, dtype=np.float32)
    values, slopes = {}, {}
    for name in names:
        inputs = paddle.to_tensor(x, stop_gradient=False)
        outputs = models.activation(name)(inputs)
        outputs.sum().backward()
        values[name], slopes[name] = (x, outputs.numpy()), (x, inputs.grad.numpy())
    charts = [Chart(values, "input", "output", "Activations"), Chart(slopes, "input", "slope", "Their slopes")]
    figure = panels("activations", "Activations and their slopes", charts)
    return figure, {name: float(slope.max()) for name, (_, slope) in slopes.items()}
