"""What `fit` does to a model and writes down, beside the resume that test_resume.py is about."""

from __future__ import annotations

import weakref
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import paddle
import pytest

from paddle_course import batches, runtime, training
from paddle_course.training import checkpoint, health, loop, losses, schedules
from tests.training import toy


def fit(directory: Path, phases: list[training.Phase], **settings: object) -> training.Result:
    return training.fit(training.Run(directory), toy.toy_model(), toy.toy_batches(), phases, **settings)


def test_it_learns_and_records_every_epoch(tmp_path: Path) -> None:
    plain = batches.Batches(toy.stripes(40, seed=9), 16, shuffle=False)
    result = fit(tmp_path / "run", toy.phases("adam", 8), held_out={"test": plain})
    assert [each["epoch"] for each in result.epochs] == list(range(1, 9))
    assert result.final["test_accuracy"] > 0.9
    assert result.final["train_loss"] < result.epochs[0]["train_loss"]
    assert result.final["seconds"] >= result.final["data_seconds"] > 0
    assert result.minutes > 0


def test_a_finished_training_leaves_nothing_but_its_params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many trainings in one process must not add up their gradients and optimizers."""
    made, build = [], loop.optimizers.build

    def watched(*what: object, **settings: object) -> paddle.optimizer.Optimizer:
        assert [each() for each in made] == [None] * len(made)  # those of earlier trainings are gone
        optimizer = build(*what, **settings)
        made.append(weakref.ref(optimizer))
        return optimizer

    monkeypatch.setattr(loop.optimizers, "build", watched)
    for name in ("first", "second", "third"):
        model = toy.toy_model()
        training.fit(training.Run(tmp_path / name), model, toy.toy_batches(), toy.phases("adam", 1))
        assert all(each.grad is None for each in model.parameters())
    assert len(made) == 3


def test_phases_change_the_optimizer_and_start_their_schedule_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "RECORD_EVERY", 1)
    chain = [
        training.Phase(1, name, partial(schedules.step_decay, lr=lr, every=2, factor=0.5))
        for name, lr in (("adam", 0.01), ("sgd", 0.1))
    ]
    records = fit(tmp_path / "run", chain).run.records("train")
    assert [(each["phase"], each["lr"]) for each in records] == [
        *[("adam", lr) for lr in (0.01, 0.01, 0.005, 0.005)],
        *[("sgd", lr) for lr in (0.1, 0.1, 0.05, 0.05)],
    ]


def test_patience_stops_early_and_goes_back_to_the_best(tmp_path: Path) -> None:
    noise = toy.stripes(30, seed=5)
    held = batches.Batches(noise, 30, shuffle=False)
    result = fit(tmp_path / "run", toy.phases("adam", 30, lr=0.02), held_out={"validation": held}, patience=2)
    accuracies = [each["validation_accuracy"] for each in result.epochs]
    assert len(accuracies) < 30
    assert result.final["validation_accuracy"] == max(accuracies)
    assert accuracies.index(max(accuracies)) == len(accuracies) - 3
    model = toy.toy_model(seed=3)
    training.load_params(result.params, model)
    assert training.evaluate(model, held, losses.cross_entropy)["accuracy"] == max(accuracies)


def test_patience_without_validation_data_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    with pytest.raises(runtime.UserError, match=r"patience 3 goes by validation data: give held_out\['validation'\]"):
        fit(tmp_path / "run", toy.phases("adam", 1), held_out={"test": toy.toy_batches()}, patience=3)
    assert not (tmp_path / "run").exists()


def test_pictures_that_are_dropped_do_not_count_as_speed(tmp_path: Path) -> None:
    for drop, count in ((False, 60), (True, 48)):
        data = replace(toy.toy_batches(), drop_last=drop)  # 3 batches of 16 and 12 pictures
        result = training.fit(training.Run(tmp_path / str(drop)), toy.toy_model(), data, toy.phases("sgd", 2))
        first, last = (each["seconds"] for each in result.epochs)
        assert result.speed * min(first, last - first) == pytest.approx(count)
    epochs = [{"seconds": seconds} for seconds in (2, 4, 604)]  # the machine slept in the third
    assert replace(result, epochs=epochs).speed == replace(result, epochs=epochs[1:]).speed * 2 == 24


def test_a_loss_that_is_not_finite_stops_with_step_and_lr(tmp_path: Path) -> None:
    with pytest.raises(training.Diverged, match=r"at step \d+, lr 1e\+30.*smaller learning rate"):
        fit(tmp_path / "run", [training.Phase(3, "sgd", partial(schedules.constant, lr=1e30))])
    with pytest.raises(training.Diverged, match="at step"):  # and says so again without training again
        fit(tmp_path / "run", [training.Phase(3, "sgd", partial(schedules.constant, lr=1e30))])


def test_nan_that_relu_hides_from_the_loss_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "RECORD_EVERY", 1)
    model = paddle.nn.Sequential(paddle.nn.Flatten(), paddle.nn.Linear(64, 8), paddle.nn.ReLU(), paddle.nn.Linear(8, 2))
    model[1].weight.set_value(np.full((64, 8), np.nan, np.float32))
    with pytest.raises(training.Diverged):
        training.fit(training.Run(tmp_path / "run"), model, toy.toy_batches(), toy.phases("sgd", 1))


def test_evaluation_counts_every_example_once_and_changes_nothing() -> None:
    model, data = toy.toy_model(), batches.Batches(toy.stripes(37), 16, shuffle=False)
    before = {name: value.numpy().copy() for name, value in model.state_dict().items()}
    model.train()
    logits, labels = training.predict(model, data)
    assert logits.shape == (37, 2)
    assert (labels == data.data.labels).all()
    assert model.training
    assert all((value.numpy() == before[name]).all() for name, value in model.state_dict().items())
    scores = training.evaluate(model, data, losses.cross_entropy)
    assert scores["accuracy"] == (logits.argmax(1) == labels).mean()
    assert scores["loss"] == pytest.approx(
        float(np.mean(np.log(np.exp(logits).sum(1)) - logits[np.arange(37), labels])), rel=1e-5
    )


def test_weights_of_the_seed_and_only_of_it(tmp_path: Path) -> None:
    one = fit(tmp_path / "a", toy.phases("adam", 1)).sha256
    paddle.seed(12345)  # whatever state the process is in
    assert fit(tmp_path / "b", toy.phases("adam", 1)).sha256 == one
    other = training.fit(training.Run(tmp_path / "c"), toy.toy_model(), toy.toy_batches(seed=1), toy.phases("adam", 1))
    assert other.sha256 != one


def test_a_directory_that_cannot_be_written_is_the_users_to_know(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(runtime.UserError, match="cannot be written"):
        fit(tmp_path / "file" / "run", toy.phases("adam", 1))


def test_fine_tuning_begins_with_the_params_of_another_run(tmp_path: Path) -> None:
    first = fit(tmp_path / "adam", toy.phases("adam", 4))
    still = [training.Phase(1, "sgd", partial(schedules.constant, lr=0.0))]
    tuned = fit(tmp_path / "sgd", still, start=first.params)
    weights = [checkpoint.read_arrays(each.params)["fc.weight"] for each in (first, tuned)]
    np.testing.assert_array_equal(*weights)
    other = fit(tmp_path / "other", toy.phases("adam", 2))
    with pytest.raises(runtime.UserError, match="start"):  # a plan that began elsewhere is another plan
        fit(tmp_path / "sgd", still, start=other.params)


def test_each_layer_s_gradients_are_noted_and_make_up_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "RECORD_EVERY", 2)
    run = fit(tmp_path / "run", toy.phases("sgd", 1)).run
    train, layers = run.records("train"), run.records("gradients")
    assert [each["step"] for each in layers] == [each["step"] for each in train] == [1, 2, 4]
    for whole, parts in zip(train, layers, strict=True):
        norms = {name: value for name, value in parts.items() if name not in ("kind", "step")}
        assert list(norms) == ["conv", "norm", "fc"]
        assert sum(each**2 for each in norms.values()) == pytest.approx(whole["gradient_norm"] ** 2)


def test_the_norm_of_a_layer_is_that_of_its_weight_and_bias() -> None:
    model = paddle.nn.Linear(2, 1)
    (model(paddle.to_tensor([[3.0, 4.0]])).sum() * 2).backward()  # gradients 6 and 8, and 2 of the bias
    assert health.gradient_norms(model) == {"model": pytest.approx(104**0.5)}
    assert list(health.gradient_norms(paddle.nn.Sequential(("a", model)))) == ["a"]


@pytest.mark.parametrize("graph", [True, False])
def test_the_network_is_shown_where_it_is_asked_for(tmp_path: Path, graph: bool) -> None:
    fit(tmp_path / "run", toy.phases("sgd", 1), graph=graph)
    assert any("graph" in file.name for file in (tmp_path / "run/vdl").iterdir()) == graph
