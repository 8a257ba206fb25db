"""The library's own words to somebody who loads the persistables of one optimizer into another."""

from __future__ import annotations

from pathlib import Path

import paddle
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


def test_stock_sgd_uses_nothing_of_adams_and_saves_it_again(tmp_path: Path) -> None:
    nets = toy.toy_model(), toy.toy_model()
    run = training.fit(training.Run(tmp_path / "toy"), nets[0], toy.toy_batches(), toy.phases("adam", 1))
    training.load_params(run.params, nets[1])
    adam = training.optimizers.build("adam", nets[0])
    training.load_persistables(run.params.parent, nets[0], adam)
    saved = adam.state_dict()
    given, fresh = (paddle.optimizer.SGD(0.1, parameters=net.parameters()) for net in nets)
    given.set_state_dict(saved)
    images, labels = map(paddle.to_tensor, toy.toy_batches().batch(0, 0))
    for net, sgd in zip(nets, (given, fresh), strict=True):
        net.eval()
        training.losses.cross_entropy(net(images), labels).backward()
        sgd.step()
    for one, other in zip(*(net.parameters() for net in nets), strict=True):
        assert (one.numpy() == other.numpy()).all()
    assert given.state_dict().keys() == saved.keys() and not fresh.state_dict()
