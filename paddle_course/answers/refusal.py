"""A finished training and another optimizer -> what somebody is told who loads the persistables into that one."""

from __future__ import annotations

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
