"""A finished training and another optimizer -> what this project and what Paddle say to its persistables."""

from __future__ import annotations

import paddle

from paddle_course import training
from paddle_course.answers.pieces import Trained
from paddle_course.runtime import UserError


def refusal(trained: Trained, optimizer: str) -> str:
    """The message as it is, but for the folders before the run's own.

    Raises:
        AssertionError: the optimizer took them.
    """
    result = trained.result
    try:
        training.load_persistables(result.params.parent, trained.net, training.optimizers.build(optimizer, trained.net))
    except UserError as error:
        return str(error).replace(str(result.run.directory), result.run.name)
    raise AssertionError(f"{optimizer} took the persistables of {result.run.name}")


def taken_in_silence(trained: Trained, saved: str = "adam") -> int:
    """How many tensors of the optimizer `saved`, which ended the training, Paddle's own SGD takes without a word.

    It uses none of them, and has them in its own `state_dict` from then on.
    """
    optimizer = training.optimizers.build(saved, trained.net)
    training.load_persistables(trained.result.params.parent, trained.net, optimizer)
    stock = paddle.optimizer.SGD(parameters=trained.net.parameters())
    stock.set_state_dict(optimizer.state_dict())
    return len(stock.state_dict())
