"""What the questions work with: slim networks in a smoke run, and trainings that lie below one directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from paddle_course import batches, models, onednn, training
from paddle_course.answers import Answer, Lab, Question, Result, results
from paddle_course.answers.homework import facts, place, publish
from paddle_course.answers.page import FACTS
from paddle_course.config import RunConfig, flag
from paddle_course.onednn import library
from paddle_course.runtime import UserError
from tests.training import toy


@dataclass(frozen=True)
class Deep(RunConfig):
    networks: tuple[str, ...] = flag((), "some")


def lab(folder: Path, **settings: object) -> Lab:
    return Lab(RunConfig(accelerate="off", **settings), folder)


def test_networks_are_slim_in_a_smoke_run_and_nowhere_else(tmp_path: Path) -> None:
    for smoke, channels in ((True, 64), (False, 512)):
        assert lab(tmp_path, smoke=smoke).model("resnet18").fc.weight.shape == [channels, 10]


@pytest.mark.skipif(bool(library.why_not()), reason="oneDNN is not for this machine")
def test_networks_are_on_the_fast_path_unless_it_is_turned_off(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And what is fast and what is not is told once for each kind of network."""
    best = "bf16" if library.has_bf16() else "f32"
    for settings, precision in (({}, best), ({"accelerate": "f32"}, "f32"), ({"accelerate": "off"}, "stock")):
        here = Lab(RunConfig(**settings), tmp_path)
        nets = [here.model("camp"), here.model("camp")]
        assert [onednn.precision(net) for net in nets] == [precision] * 2
        told = capsys.readouterr().err.splitlines()
        assert len(told) == (precision != "stock")
        assert all(line.startswith("camp: oneDNN ") and f"{precision} convolutions: 3 Conv2D" in line for line in told)


def test_flags_say_how_many_epochs_there_are(tmp_path: Path) -> None:
    assert lab(tmp_path).epochs(20) == 20 and lab(tmp_path, epochs=3).epochs(20) == 3
    assert lab(tmp_path, smoke=True).epochs(20) == 1 and lab(tmp_path, smoke=True).epochs(20, smoke=4) == 4
    assert lab(tmp_path, smoke=True, full=True, epochs=3).epochs(20, full=40) == 3  # whoever asks for three gets three
    assert lab(tmp_path, full=True).epochs(20) == 20 and lab(tmp_path, full=True).epochs(20, full=40) == 40


@dataclass(frozen=True)
class Doodles(RunConfig):
    apart = ("full", "side", "words", "debug", "epochs")
    side: int = flag(64, "")
    words: tuple[str, ...] = flag(("car", "sun"), "")
    debug: bool = flag(False, "")
    shown: int = flag(8, "")


def test_settings_under_which_trainings_are_others_have_a_directory_of_their_own() -> None:
    assert place(Doodles()) == place(Doodles(side=64, shown=9, seeds=1, question=(2,), fresh=True)) == "real"
    assert place(Doodles(side=32, debug=True, words=("../a b", "c"))) == "real-side-32-words-..-a-b-c-debug"
    assert place(Doodles(data="stand-in", full=True, epochs=3)) == "stand-in-full-epochs-3"
    assert place(Doodles(smoke=True, side=32)) == "smoke"


def test_of_networks_with_the_same_layers_only_the_first_is_drawn(tmp_path: Path) -> None:
    here, data = lab(tmp_path), batches.Batches(toy.stripes(8, 0), 4)
    runs = {"one": (64, 2), "another": (64, 2), "deeper": (64, 4, 2)}
    for name, sizes in runs.items():
        net = models.build("mlp", sizes=sizes)
        trained = here.fit(name, net, data, toy.phases("sgd", 1))
        assert trained.net is net and trained.result.run.directory == tmp_path / name
    drawn = [name for name in runs if list((tmp_path / name / "vdl").glob("*graph*"))]
    assert drawn == ["one", "deeper"]


def test_a_training_that_diverged_in_its_first_epoch_took_no_minutes(tmp_path: Path) -> None:
    here, data = lab(tmp_path), batches.Batches(toy.stripes(8, 0), 4)
    here.fit("good", models.build("mlp", sizes=(64, 2)), data, toy.phases("sgd", 1))
    wild = training.Phase(1, "sgd", lambda step: float("inf"))
    with pytest.raises(training.Diverged):
        here.fit("wild", models.build("mlp", sizes=(64, 2)), data, [wild])
    assert here.costs(["wild"]) == []
    assert here.costs(["good", "wild"]) == (found := here.costs(["good"]))
    assert [each.metric for each in found] == ["minutes", "GB"] and 0.1 < found[1].value < 20


def test_what_was_measured_on_stand_ins_is_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "record", lambda *_: pytest.fail("entered"))
    here = lab(tmp_path)
    here.synthetic = True
    answer = Answer.of(Result("sigmoid, last layer to first", "ratio of gradients", 2.0))
    with pytest.raises(UserError, match="is synthetic"):
        publish("hw12", here, {4: Question("问", "asked", answer)}, {4: set()})


@pytest.mark.parametrize(("networks", "told"), [((), True), (("vgg16",), False)])
def test_a_part_of_the_trainings_does_not_tell_what_a_question_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, networks: tuple[str, ...], told: bool
) -> None:
    entered = []
    monkeypatch.setattr(results, "record", lambda _, entries: entered.extend(entries))
    here = Lab(Deep(networks=networks, accelerate="off"), tmp_path)
    here.fit("vgg16", models.build("mlp", sizes=(64, 2)), batches.Batches(toy.stripes(8, 0), 4), toy.phases("sgd", 1))
    answer = Answer.of(Result("vgg16, 2 epochs", "test accuracy", 0.5))
    publish("hw08", here, {5: Question("问", "asked", answer)}, {5: {"vgg16"}})
    assert [each["name"] for each in entered] == ["vgg16, 2 epochs", "all trainings", "all trainings, memory"][
        : 1 + 2 * told
    ]


def test_the_footer_names_every_fact_in_both_languages() -> None:
    told = facts(RunConfig(), 1.0)
    assert set(told) == set(FACTS)
    assert all(not name.isascii() and name.split()[-1].isascii() for name in FACTS.values())
