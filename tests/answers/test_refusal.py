"""The library's own words to somebody who loads the persistables of one optimizer into another."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_course import answers, training
from paddle_course.answers import Trained
from tests.training import toy


def test_the_message_names_both_optimizers_and_no_folder_of_ours(tmp_path: Path) -> None:
    net = toy.toy_model()
    trained = Trained(net, training.fit(training.Run(tmp_path / "toy"), net, toy.toy_batches(), toy.phases("adam", 1)))
    said = answers.refusal(trained, "sgd")
    assert said.startswith("toy/checkpoints/4 holds the persistables of Adam") and "which SGD cannot use" in said
    assert "load the params alone" in said and str(tmp_path) not in said
    with pytest.raises(AssertionError, match="adam took the persistables of toy"):
        answers.refusal(trained, "adam")


def test_stock_sgd_takes_adams_moments_and_keeps_them(tmp_path: Path) -> None:
    net = toy.toy_model()
    trained = Trained(net, training.fit(training.Run(tmp_path / "toy"), net, toy.toy_batches(), toy.phases("adam", 1)))
    of_each = 4  # two moments and two powers of the betas
    assert answers.taken_in_silence(trained) == of_each * sum(not each.stop_gradient for each in net.parameters())
