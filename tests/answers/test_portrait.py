"""A training shown alone: layers, epochs, curve."""

from __future__ import annotations

from pathlib import Path

from paddle_course import answers
from tests.answers.test_comparison import trained


def test_a_training_is_shown_layer_by_layer_and_epoch_by_epoch(tmp_path: Path) -> None:
    one = trained(tmp_path / "run", 0.6, 60)
    for each in one.result.epochs:
        each["train_loss"] = 0.12345
    found = answers.portrait("The camp network", "camp", one, (3, 32, 32))
    assert found.layers.total == 89_910 and sum(row.running for row in found.rows) == 140
    layers, epochs, figure = found.pieces
    assert layers.caption == "The camp network, layer by layer"
    assert epochs.header == ("epoch", "train loss", "train accuracy", "test loss", "test accuracy", "seconds")
    assert epochs.rows == ((1, 0.1235, 0.5, 2.0, 0.6, 30.0), (2, 0.1235, 0.5, 1.0, 0.6, 30.0))
    assert figure.name == "camp" and "test" in figure.svg
