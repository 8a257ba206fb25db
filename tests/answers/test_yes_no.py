"""Networks that say yes or no: what is measured of them, and what mistakes make of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from paddle_course import answers, batches, config, models, training
from paddle_course.answers import Judged, Lab, Trained
from tests.training import toy


def batch(count: int, seed: int = 0) -> batches.Batches:
    return batches.Batches(toy.stripes(count, seed), 10, shuffle=seed == 0)


def taught(folder: Path, **settings: object) -> Judged:
    lab = Lab(config.RunConfig(accelerate="off"), folder)
    phase = training.Phase(8, "adam", partial(training.schedules.constant, lr=0.01))
    net = models.build("mlp", sizes=(64, 16, 1), norm=True)
    return answers.teach(lab, "net", net, batch(60), batch(40, seed=1), phase, **settings)


def test_a_network_learns_and_is_looked_at_once_more(tmp_path: Path) -> None:
    found = taught(tmp_path, keep=True)
    assert found.train[0].shape == (60, 1) and found.test[1].shape == (40,)
    assert found.right("train") > 0.9 < found.right()
    assert found.right() == found.trained.result.final["test_accuracy"]
    assert found.trained.net is not None and found.alike < 0.1
    assert found.about == ("stripes, 60 / 40", "60 pictures, 8 epochs")
    assert len(list((tmp_path / "net/checkpoints").rglob("*.safetensors"))) == 1
    again = taught(tmp_path)  # shown, not trained
    assert again.trained.net is None and again.right() == found.right()


def test_threshold_loss_and_watching_are_settings(tmp_path: Path) -> None:
    loss = training.losses.logits_as_probabilities
    found = taught(tmp_path, loss=loss, threshold=0.5, watch=False)
    assert found.trained.result.plan["loss"] == {"name": "logits_as_probabilities"}
    assert "test_accuracy" not in found.trained.result.final
    assert found.right() == training.scores.accuracy(*found.test, threshold=0.5)


def test_the_same_logit_for_all_is_seen() -> None:
    labels = np.array([0, 1, 1, 0])
    dead = Judged(None, (np.ones((4, 1)), labels), (np.float32([[2], [2], [2], [5]]), labels))
    assert dead.alike == 0.75 and dead.right() == 0.5


def test_batch_norm_by_the_batch_and_other_views(tmp_path: Path) -> None:
    found, judge = taught(tmp_path, keep=True), batch(40, seed=1)
    mixed, apart = answers.by_batch(found, judge)
    assert mixed.mean() > 0.8 > apart.mean()  # a batch of one class has no mean to stand out from
    assert (mixed == found.hits()).mean() > 0.8  # picture by picture
    views = {"turned": lambda images: images.transpose(0, 1, 3, 2).copy(), "mirrored": lambda images: images}
    seen = answers.other_views("views", {"mlp": found}, judge, views)
    assert seen.accuracy["mlp"]["mirrored"] == seen.accuracy["mlp"]["as they are"] == found.right()
    assert seen.accuracy["mlp"]["turned"] < 0.2 and seen.changed["mlp"] == {
        "turned": pytest.approx(1, abs=0.2),
        "mirrored": 0,
    }
    assert seen.pieces[0].rows[0][3] is None and len(seen.pieces[0].rows) == 3
    more = answers.other_views("views", {"mlp": found}, judge, {}, {"mlp": {"grown up with": found}})
    assert more.accuracy["mlp"] == dict.fromkeys(("as they are", "grown up with"), found.right())
    assert more.pieces[0].rows[1] == ("mlp", "grown up with", answers.score(found.right()), None)


def first(count: int, of: int = 100) -> np.ndarray:
    """The first so many are right."""
    return np.arange(of) < count


def test_the_order_of_one_class_after_the_other_is_undone(tmp_path: Path) -> None:
    found, judge = taught(tmp_path, keep=True), batch(40, seed=1)
    alone = batches.Batches(judge.data, 1, shuffle=False)  # a batch of one is the same in any order
    _, apart = answers.by_batch(found, alone)
    with training.batch_statistics(found.trained.net):
        logits, labels = training.predict(found.trained.net, alone)
    assert (apart == ((logits[:, 0] > 0) == labels)).all()


def test_networks_are_told_apart_by_the_pictures_that_one_alone_has_right() -> None:
    few, many, other = first(60), first(66), np.roll(first(66), 34)  # 6 more; 6 more and 34 in exchange
    assert answers.told_apart([few], [many]) and answers.told_apart([many], [few])
    assert not answers.told_apart([few], [other]) and not answers.told_apart([few], [few])
    assert not answers.told_apart([few, few], [many, few])  # not in every run
    assert not answers.told_apart([few, many], [many, few])  # not the same way
    assert not answers.told_apart([few], [many], among=2)  # of two such pairs luck gives one twice as easily


def test_mistakes_before_and_after() -> None:
    rows = [
        answers.Mistake("threshold", "Part 3", [first(57), first(58)], [first(66), first(68)]),
        answers.Mistake("rate", "Part 1", [first(40)], [first(66)]),
        answers.Mistake("order", "Part 1", [first(66)], [first(64)]),
        answers.Mistake("divided", "Part 3", 0.7, 0.75, "train"),
    ]
    found = answers.cost_of_mistakes("Mistakes", iter(rows), "made up")
    assert found.cost("threshold") == pytest.approx(9.5) and found.cost("divided") == pytest.approx(5)
    assert found.apart == {"threshold": True, "rate": True, "order": False, "divided": False}
    assert found.costliest() == "rate" and found.costliest(["rate"]) == "threshold"
    assert found.costliest(["rate", "threshold"]) is None
    table, *results = found.pieces
    assert table.rows[0] == ("threshold", "Part 3", "test", "57.5 %", "67.0 %", "+9.5", True)
    assert table.rows[3][6] is None
    assert results[3] == answers.Result("divided, Part 3", "train accuracy", 0.7, data="made up")
    assert (results[0].value, results[0].n) == (0.575, 2) and results[0].sd == pytest.approx(0.01 / 2**0.5)
    assert (results[1].value, results[1].n, results[1].sd) == (0.4, 1, None)


@pytest.mark.parametrize("source", ["cats and dogs, train", "cats and dogs train"])
def test_results_are_of_a_data_set_and_the_sizes_of_its_halves(source: str) -> None:
    said, plan = (lambda count: (np.zeros((count, 1)), np.zeros(count))), {"train": {"source": source}}
    found = Judged(Trained(None, SimpleNamespace(plan=plan, epochs=[{}])), said(3000), said(2000))
    assert found.about == ("cats and dogs, 3,000 / 2,000", "3,000 pictures, 1 epoch")
