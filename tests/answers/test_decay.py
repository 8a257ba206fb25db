"""Weight decays side by side: means over runs, the gap between the curves, where the test loss turned."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import paddle
import pytest

from paddle_course import answers, training
from paddle_course.answers import Trained
from paddle_course.answers.decay import weight_length


def trained(folder: Path, train: list[float], test: list[float], accuracy: float, weight: float = 1.0) -> Trained:
    epochs = [
        {"epoch": i, "train_loss": a, "test_loss": b, "test_accuracy": accuracy}
        for i, (a, b) in enumerate(zip(train, test, strict=True), 1)
    ]
    net = SimpleNamespace(parameters=lambda: [paddle.full([2, 2], weight), paddle.full([7], 100.0)])
    return Trained(net, training.Result(training.Run(folder), epochs, epochs[-1], folder, "0" * 64))


def test_the_gap_and_the_turn_of_the_curves(tmp_path: Path) -> None:
    runs = {
        0.0: [
            trained(tmp_path, [1.0, 0.2, 0.01], [1.0, 0.3, 0.5], 0.9, 3.0),
            trained(tmp_path, [1.0, 0.2, 0.03], [1.0, 0.3, 0.7], 0.94, 5.0),
        ],
        0.01: [trained(tmp_path, [1.0, 0.4, 0.2], [1.0, 0.4, 0.3], 0.95)] * 2,
    }
    found = answers.compare_decays(runs, "made up", "3 epochs")
    assert found.train[0.0] == pytest.approx(0.02) and found.test[0.0] == pytest.approx(0.6)
    assert found.gap == {0.0: pytest.approx(0.58), 0.01: pytest.approx(0.1)}
    assert (found.turn, found.lowest[0.0]) == ({0.0: 2, 0.01: 3}, pytest.approx(0.3))
    assert found.accuracy[0.0] == pytest.approx(0.92)
    assert found.length == {0.0: pytest.approx(8.0), 0.01: pytest.approx(2.0)}  # mean of 6 and 10; biases do not count
    table, curves, gaps, *results = found.pieces
    assert table.rows[0] == ("0", 0.02, 0.6, 0.58, 0.3, 2, "92.0 % ± 2.8 (n = 2)", 8.0)
    assert curves.svg.count("<svg") == 2 and "decay 0.01" in curves.svg and "0.58" in gaps.svg
    assert [(each.name, each.n) for each in results] == [
        ("weight decay 0, 3 epochs", 2),
        ("weight decay 0.01, 3 epochs", 2),
    ]


def test_the_length_of_the_weights() -> None:
    net = paddle.nn.Linear(3, 4)
    net.bias.set_value(np.full(4, 100, np.float32))
    assert weight_length(Trained(net, None)) == pytest.approx(np.linalg.norm(net.weight.numpy()), rel=1e-6)
