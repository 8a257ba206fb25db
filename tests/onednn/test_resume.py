"""The training loop on the fast path: killed and started again, it ends in the same bits."""

from __future__ import annotations

import pytest

from paddle_course import onednn, training
from paddle_course.training import resume, screen
from tests.training import toy


class Killed(Exception):
    pass


def fit(directory, extra=0):
    model = toy.toy_model(extra=extra)
    onednn.accelerate(model)
    phases, held_out = toy.phases("adam"), {"test": toy.toy_batches()}
    return training.fit(training.Run(directory), model, toy.toy_batches(), phases, held_out=held_out)


def test_a_training_goes_on_in_the_same_bits(tmp_path, monkeypatch):
    whole = fit(tmp_path / "whole")
    assert whole.final["test_accuracy"] > 0.8
    monkeypatch.setattr(resume, "CHECKPOINT_EVERY", 0.0)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        steps, step = [], screen.Screen.step

        def dying(*numbers):
            steps.append(step(*numbers))
            if len(steps) == 6:
                raise Killed

        patch.setattr(screen.Screen, "step", dying)
        fit(tmp_path / "parts")
    assert fit(tmp_path / "parts", extra=2).sha256 == whole.sha256


def test_the_network_is_still_drawn(tmp_path):
    result = fit(tmp_path)
    assert not result.run.records("note")
