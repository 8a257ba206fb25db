"""Three guesses: printed with what failed, counted in two ways, written as Kaggle takes them; params read back."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from paddle_course import answers, batches, models, readers, training
from paddle_course.answers.guesses import FAILED
from paddle_course.answers.pieces import Figure, Trained
from paddle_course.config import RunConfig


@pytest.fixture(scope="module")
def sketches(tmp_path_factory: pytest.TempPathFactory) -> batches.Sketches:
    drawings = readers.load_drawings(tmp_path_factory.mktemp("data"), "stand-in", nrows=4)
    return batches.Sketches(drawings, 32)


def ranking(labels: np.ndarray, places: np.ndarray, classes: int) -> np.ndarray:
    """Scores (N, K) by which each label is guess number `places`, counted from 0."""
    scores = np.tile(-np.arange(classes, dtype=np.float32), (len(labels), 1))
    for row, label, place in zip(scores, labels, places, strict=True):
        others = [each for each in range(classes) if each != label]
        others.insert(place, int(label))
        row[others] = -np.arange(classes)
    return scores


def test_what_no_guess_holds_is_called_failed(sketches: batches.Sketches) -> None:
    some = sketches.take(np.array([0, 13, 22, 40]))
    lot = answers.guesses(ranking(some.labels, np.array([0, 1, 2, 3]), 12), some)
    assert (lot.count, lot.found, lot.first) == (4, 3, 1)
    table, figure = lot.pieces
    assert [row[-1] for row in table.rows] == ["guess 1", "guess 2", "guess 3", FAILED, "3 of 4"]
    for row, label in zip(table.rows[:3], some.labels, strict=False):
        assert row[1] == some.classes[label] == row[1 + int(row[-1][-1])]
    assert some.classes[some.labels[3]] == table.rows[3][1] and table.rows[3][1] not in table.rows[3][2:5]
    assert figure.svg.count(f">({some.classes[0]})<") == 3  # where that is not the right word


def test_two_words_have_two_guesses(sketches: batches.Sketches) -> None:
    two = batches.Sketches(readers.hold_out(sketches.drawings, 1, 1)[0].take(slice(2)), 32)
    lot = answers.guesses(np.array([[1.0, 0.0], [1.0, 0.0]]), two)
    assert lot.found == 2 and lot.pieces[0].header == ("", "expected", "guess 1", "guess 2", "right")


def test_map_counts_what_top_3_does_not(sketches: batches.Sketches, monkeypatch: pytest.MonkeyPatch) -> None:
    places = np.arange(len(sketches)) % 4
    said = ranking(sketches.labels, places, 12)
    monkeypatch.setattr(training, "predict", lambda net, data: (said, sketches.labels))
    result = SimpleNamespace(epochs=[{}, {"train_accuracy": 0.875}], minutes=0.5, speed=100.0)
    ranks = answers.rankings("Nets", {"one": [Trained(None, result)]}, sketches, sketches)
    assert ranks.pieces[0].rows[0][:3] == ("one", "87.5 %", "25.0 %")
    assert replace(ranks, learnt={"one": 0.875, "two": 0.9}).fitted == "two"
    assert ranks.accuracy["one"] == 0.25 and ranks.top3["one"] == 0.75
    assert ranks.map3["one"] == pytest.approx((1 + 1 / 2 + 1 / 3) / 4)
    assert ranks.right["one"] == pytest.approx(-1.5) and (ranks.best, ranks.setting) == ("one", "2 epochs")
    assert ranks.chance == pytest.approx(196 * (2 * 0.75 * 0.25 / 48) ** 0.5)
    results = {each.name: (each.metric, each.value) for each in ranks.pieces[1:]}
    assert results["one, 2 epochs"] == ("test accuracy", 0.25)
    assert results["one, 2 epochs, three guesses"] == ("top-3 accuracy", 0.75)
    assert results["one, 2 epochs, three guesses by place"][0] == "MAP@3"


def test_the_submission_is_what_kaggle_takes(sketches: batches.Sketches, tmp_path: Path) -> None:
    drawings = sketches.drawings
    said = ranking(sketches.labels, np.ones(len(sketches), int), 12)
    made = answers.submission(tmp_path / "out" / "submission.csv", drawings.keys, said, drawings.classes)
    with made.path.open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["key_id", "word"] and len(rows) == made.count == len(drawings)
    assert [int(key) for key, _ in rows] == drawings.keys.tolist()
    for (_, words), label in zip(rows, drawings.labels, strict=True):
        assert len(words.split(" ")) == 3 and words.split(" ")[1] == drawings.classes[label]
    assert any("_" in words for _, words in rows)
    assert made.pieces[0].rows[0] == tuple(rows[0])


def test_params_read_back_say_the_same_and_others_do_not(sketches: batches.Sketches, tmp_path: Path) -> None:
    net, fresh = (models.build("lenet", seed, side=32, classes=12) for seed in (0, 1))
    data = batches.Batches(sketches, 16, shuffle=False)
    before = training.predict(fresh, data)[0]
    back = answers.read_back(Trained(net, None), fresh, tmp_path / "lenet.safetensors", data)
    assert back.difference == 0 and back.size == back.path.stat().st_size > 100_000
    assert np.abs(training.predict(fresh, data)[0] - before).max() > 1e-3


def test_the_contest_is_sent_no_word_that_it_does_not_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = answers.Lab(RunConfig(data="stand-in", data_root=str(tmp_path), accelerate="off"), tmp_path / "run")
    of, recipe = answers.halves(lab, 32, 4, 4), answers.Recipe("lenet", {"side": 32})
    result = SimpleNamespace(run=SimpleNamespace(name="few"), epochs=[{"train_accuracy": 0.5}], minutes=0.5, speed=9.0)
    trained = Trained(lab.model("lenet", side=32, classes=of.words), result)
    names = list(of.learn.classes)
    monkeypatch.setattr(readers, "KAGGLE", [name.replace("_", " ") for name in names[2:]])

    def sent() -> tuple[list[str], set[str]]:
        found = answers.contest(lab, "all words", trained, recipe, of, 4)
        lines = found.sent.path.read_text().splitlines()[1:]
        return found.unasked, {word for line in lines for word in line.partition(",")[2].split()}

    bias = np.zeros(of.words, np.float32)
    bias[:3] = 9  # the first three words are the guesses for everything
    trained.net.state_dict()[list(trained.net.state_dict())[-1]].set_value(bias)
    unasked, guessed = sent()
    assert unasked == names[:2] and names[2] in guessed and not guessed & set(unasked)
    (tmp_path / "stand-ins/doodles/quickdraw/test_simplified.csv").unlink()
    assert sent() == ([], set(names[:3]))  # the held-out drawings may be of any word


def test_word_by_word_tells_what_each_word_is_taken_for(
    sketches: batches.Sketches, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ranking(sketches.labels, np.arange(len(sketches)) % 4, 12)
    monkeypatch.setattr(training, "predict", lambda net, data: (said, sketches.labels))
    records = [
        {"epoch": n, "train_loss": 1 / n, "train_accuracy": 0.5, "test_loss": 1.0, "test_accuracy": 0.25}
        for n in (1, 2)
    ]
    result = SimpleNamespace(epochs=records, final=records[-1], minutes=0.5, speed=100.0)
    of = SimpleNamespace(learn=sketches, test=sketches)
    ranks = answers.word_by_word("many drawings", Trained(None, result), of)
    assert ranks.accuracy == {"many drawings": 0.25} and ranks.pieces[0].caption == "Many drawings, 2 epochs"
    words = next(each for each in ranks.pieces if getattr(each, "caption", "") == "Word by word")
    assert [row[0] for row in words.rows] == list(sketches.classes)
    names = [each.name for each in ranks.pieces if isinstance(each, Figure)]
    assert names[:2] == ["confusion", "many-drawings"] and "mistakes" in names
