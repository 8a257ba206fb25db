"""Softmax twice and once, side by side: on real trainings, so that the plateau is one."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import SimpleNamespace

from paddle_course import answers, training
from paddle_course.answers import Trained
from paddle_course.training import losses
from tests.training import toy


def test_the_plateau_is_reproduced_and_removed(tmp_path: Path) -> None:
    def arm(name: str, loss: training.losses) -> Trained:
        net, data, run = toy.toy_model(), toy.toy_batches(), training.Run(tmp_path / name)
        held = {"test": toy.toy_batches(seed=1)}
        return Trained(net, training.fit(run, net, data, toy.phases("adam", 12, lr=0.02), loss=loss, held_out=held))

    arms = arm("twice", partial(losses.after_softmax, loss=losses.cross_entropy)), arm("once", losses.cross_entropy)
    found = answers.plateau({"toy": arms, "again": arms}, {"toy": 0.85, "again": None}, 2, "stripes", "12 epochs")
    assert found.floor == losses.double_softmax_floor(2)
    twice, once = found.loss["toy"]
    assert found.floor < twice < found.floor + 0.15  # as near as it gets
    assert once < found.floor / 2
    assert found.accuracy["toy"] == tuple(each.result.final["test_accuracy"] for each in arms)
    table, figure, *results = found.pieces
    assert table.rows[0][3] == "85.0 %" and table.rows[1][3] is None
    assert table.rows[0][4:] == (round(twice, 4), round(once, 4))
    for word in ("softmax twice", "softmax once", f"{found.floor:.4f}", "toy"):
        assert word in figure.svg
    assert [each.name for each in results][:2] == ["toy, softmax twice, 12 epochs", "toy, softmax once, 12 epochs"]
    assert min(answers.by_step(arms[0], "loss")[1]) > found.floor - 1e-5
    assert {each.name: each.value for each in results}["toy, softmax twice, 12 epochs, train loss"] == twice
    assert found.fell_apart == []

    def told(which: Trained, *earlier: tuple[float, float]) -> Trained:
        """The training as if it had had these train accuracies and losses in epochs before its own."""
        epochs = [{"train_accuracy": share, "train_loss": loss} for share, loss in earlier]
        about = {name: getattr(which.result, name) for name in ("run", "minutes", "final")}
        return Trained(which.net, SimpleNamespace(epochs=epochs + which.result.epochs[-1:], **about))

    ends = [each.result.epochs[-1]["train_accuracy"] for each in arms]
    for arm, low in ((0, found.floor + 0.001), (1, once / 3)):
        pair = [told(each, (ends[i] + 0.1 * (i == arm), low)) for i, each in enumerate(arms)]
        fell = answers.plateau({"toy": tuple(pair)}, {"toy": 0.85}, 2, "stripes", "12 epochs").fell_apart
        assert fell == [
            ("toy", ("softmax twice", "softmax once")[arm], min(low, found.loss["toy"][arm]), found.loss["toy"][arm])
        ]
    spike = arms[0], told(arms[1], (ends[1], once / 3))  # the loss was lower, but no picture is lost
    assert answers.plateau({"toy": spike}, {"toy": 0.85}, 2, "stripes", "12 epochs").fell_apart == []
