"""Recipes: what their fields do to batches and phases, and trainings by them that are found again, to the bit."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from paddle_course import answers, batches, training
from paddle_course.answers import Lab, Recipe, trainings
from paddle_course.config import RunConfig
from paddle_course.training import resume
from tests.answers.blobs import BLOBS, blobs


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(RunConfig(accelerate="off"), tmp_path)


def test_the_phase_follows_the_fields() -> None:
    steady, falling = (Recipe("lenet", lr=0.3, falling=each).phase(4, 10, 16) for each in (False, True))
    assert {steady.schedule(step) for step in range(40)} == {0.3} and steady.average is None
    rates = [falling.schedule(step) for step in range(41)]
    assert max(rates) == pytest.approx(0.3) and rates[40] == 0 and rates[0] < 0.1
    decayed = Recipe("lenet", optimizer="adam", weight_decay=0.5, average=True).phase(4, 10, 16)
    assert (decayed.optimizer, decayed.settings) == ("adam", {"weight_decay": 0.5})
    assert decayed.average(40) == 1.0
    halved = Recipe("lenet", lr=0.4, halvings=(0.25, 0.6, 0.9)).phase(4, 10, 16)
    assert [halved.schedule(step) for step in (0, 9, 10, 23, 24, 35, 36, 39)] == pytest.approx(
        [0.4, 0.4, 0.2, 0.2, 0.1, 0.1, 0.05, 0.05]
    )
    curve = trainings.rate_of(Recipe("lenet", lr=0.4, halvings=(0.5,)), 4)
    assert curve == ([0, 1, 2, 3], [0.4, 0.4, 0.2, 0.2])
    assert Recipe.fast().phase(4, 10, 512).schedule(9) == training.recipes.airbench(4, 10, 512).schedule(9)
    muon = Recipe("fast", follows="airbench_muon").phase(4, 10, 512)
    assert muon.optimizer == "muon" and muon.schedule(10) == pytest.approx(0.18)


def test_what_is_not_asked_for_does_not_happen_to_the_pictures() -> None:
    images = blobs()
    every = {"flip": "random", "turn": 20.0, "crop": 3, "cutout": 8, "mixup": 0.4}
    assert Recipe("lenet").augment(0, 4, 3) == ()
    for name, value in every.items():
        (change,) = Recipe("lenet", **{name: value}).augment(0, 4, 3)
        batch = change(batches.Batch(images.images, images.labels, np.arange(48), 0), np.random.default_rng(0))
        assert not np.array_equal(batch.images, images.images)
        assert (batch.labels.ndim == 2) == (name == "mixup")
    assert len(Recipe("lenet", **every).augment(0, 4, 3)) == 5
    (alternating,) = Recipe("lenet", flip="alternating").augment(5, 4, 3)
    assert alternating.keywords == {"seed": 5}
    (growing,) = Recipe("lenet", growth=((0.5, 24), (0.9, 28)), crop=3).augment(0, 4, 10)
    assert growing.keywords == {"sides": (24,) * 5 + (28,) * 4, "pad": 3}
    with pytest.raises(ValueError, match="flip 'sideways' is none of"):
        Recipe("lenet", flip="sideways")


def test_blended_labels_and_smoothing_are_resumed_to_the_bit(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = dataclasses.replace(BLOBS, mixup=0.4, cutout=6, crop=2, flip="random", smoothing=0.1, average=True)
    held = {"test": blobs(20, seed=1)}
    whole = answers.train(lab, "whole", recipe, blobs(), held, 2)
    monkeypatch.setattr(resume, "CHECKPOINT_EVERY", 0.0)
    save, count = training.checkpoint.save, 0

    def dying(*arguments: object) -> None:
        nonlocal count
        save(*arguments)
        count += 1
        if count == 4:  # in the middle of the second epoch
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training.checkpoint, "save", dying)
        with pytest.raises(KeyboardInterrupt):
            answers.train(lab, "parts", recipe, blobs(), held, 2)
    parts = answers.train(lab, "parts", recipe, blobs(), held, 2)
    assert parts.result.sha256 == whole.result.sha256
    assert [each["train_accuracy"] for each in parts.result.epochs] == [
        each["train_accuracy"] for each in whole.result.epochs
    ]


def test_variants_share_the_run_of_what_changes_nothing(lab: Lab) -> None:
    changes = {"rate 0.02": {"lr": 0.02}, "rate 0.2": {"lr": 0.2}}
    rows = answers.variants(lab, "some", BLOBS, changes, blobs(), {"test": blobs(20, seed=1)}, 1)
    assert {name: row[0].result.run.name for name, row in rows.items()} == {
        "rate 0.02": "some-base-0",
        "rate 0.2": "some-rate-0.2-0",
    }
    assert rows["rate 0.2"][0].result.plan["phases"][0]["schedule"]["lr"] == 0.2
    assert trainings.slug("3 × 3 Stem, wide") == "3-3-stem-wide"


def test_accuracies_are_those_of_the_record_or_of_the_views(lab: Lab) -> None:
    fit, test = blobs(64), blobs(20, seed=1)
    trained = answers.train(lab, "views", BLOBS, fit, {"test": test}, 3)
    plain = trainings.accuracies(trained, BLOBS, fit, {"test": test})
    assert plain == {"test": trained.result.final["test_accuracy"]} and plain["test"] > 0.5
    logits, labels = answers.predicted(trained, test, fit)
    assert (logits.argmax(1) == labels).mean() == plain["test"]
    mirrored, _ = answers.predicted(trained, test, fit, "mirrored")
    flipped = dataclasses.replace(test, images=test.images[:, :, ::-1].copy())
    np.testing.assert_allclose(mirrored, (logits + answers.predicted(trained, flipped, fit)[0]) / 2, atol=1e-4)
    six = trainings.accuracies(trained, dataclasses.replace(BLOBS, views="six_views"), fit, {"test": test})
    looks = answers.predicted(trained, test, fit, "six_views")[0]
    assert six["test"] == (looks.argmax(1) == test.labels).mean()


def test_portions_hold_off_what_the_ladder_decides_by(tmp_path: Path) -> None:
    lab = Lab(RunConfig(data="stand-in", data_root=str(tmp_path)), tmp_path / "run")
    of = answers.portions(lab, "cifar100", 10, tested=30)
    assert {name: len(each) for name, each in of.items()} == {
        "learn": 1000,
        "half": 500,
        "fit": 800,
        "validation": 200,
        "test": 30,
    }
    digests = {name: {each.tobytes() for each in images.images} for name, images in of.items()}
    assert not digests["fit"] & digests["validation"]
    assert digests["fit"] | digests["validation"] == digests["learn"] > digests["half"]
    assert np.bincount(of["validation"].labels).tolist() == [2] * 100
    assert answers.portions(lab, "cifar100", 10, tested=30)["fit"] is of["fit"]
    assert len(answers.portions(lab, "cifar100", 999)["learn"]) == 2000  # all there are
    assert answers.on(of["fit"], of["test"]) == "stand-in CIFAR-100, 800 / 30"


def test_a_lab_hears_of_things_for_the_first_time_once(lab: Lab) -> None:
    assert lab.first("a") and lab.first("b") and not lab.first("a")


def test_another_loss_and_what_diverges_is_left_out_if_one_says_so(lab: Lab) -> None:
    changes = {"log": {}, "1/x": {"loss": "softmax_plus_inverse", "lr": 1e-4}, "hopeless": {"lr": 1e30}}
    held = {"test": blobs(20, seed=1)}
    with pytest.raises(training.Diverged):
        answers.variants(lab, "strict", BLOBS, changes, blobs(), held, 1)
    rows = answers.variants(lab, "lenient", BLOBS, changes, blobs(), held, 1, forgiving=True)
    assert list(rows) == ["log", "1/x"]
    first = {name: answers.by_step(row[0], "loss")[1][0] for name, row in rows.items()}
    assert first["1/x"] >= np.exp(first["log"]) > 2  # a mean of exponentials is above that of the mean
    assert rows["1/x"][0].result.plan["loss"] == {"name": "softmax_plus_inverse"}


def test_a_training_begins_with_what_another_one_knows(lab: Lab) -> None:
    held, still = {"test": blobs(20, seed=1)}, dataclasses.replace(BLOBS, lr=0.0)
    learnt = answers.train(lab, "first", BLOBS, blobs(), held, 1)
    two = blobs(classes=2)
    started, fresh = (
        answers.train(lab, name, still, two, {"test": blobs(20, 2)}, 1, start=start).net.state_dict()
        for name, start in (("started", learnt), ("fresh", None))
    )
    own = learnt.net.state_dict()
    *_, weight, bias = own
    for name in own:
        same = name not in (weight, bias)
        if same:
            np.testing.assert_array_equal(started[name].numpy(), own[name].numpy())
        else:
            np.testing.assert_array_equal(started[name].numpy(), fresh[name].numpy())
