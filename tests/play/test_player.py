"""A finished run and what somebody drew -> the right guess; what is no drawing is named."""

from __future__ import annotations

import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from paddle_course import batches, readers, runtime, training
from paddle_course.play import player
from tests.play.conftest import CIRCLE, CROSS, WORDS

SEVEN = [[[0.0, 60.0, 25.0], [0.0, 0.0, 100.0]]]
ONE = [[[0.0, 5.0], [0.0, 100.0]]]
ZERO = [
    [[float(each) for each in 35 * np.cos(t)], [float(each) for each in 50 * np.sin(t)]]
    for t in [np.linspace(0, 6.3, 30)]
]


def test_the_finished_runs_are_found_the_newest_first(runs: Path) -> None:
    found = player.players(runs)
    assert {name: each.kind for name, each in found.items()} == {
        "hw10/few": "doodle",
        "tour/digits": "digit",
        "photos": "photo",
    }
    ends = [each.ended for each in found.values()]
    assert ends == sorted(ends, reverse=True)
    assert found["hw10/few"].described() == {"name": "hw10/few", "kind": "doodle", "classes": WORDS, "synthetic": True}
    assert player.players(runs) == found  # what has not changed is the same player


def test_a_run_that_cannot_be_read_is_left_out_with_one_line(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    for name in ("fine", "cut", "older", "unfinished", "list", "shape", "settings", "mean"):
        shutil.copytree(runs / "hw10/few", tmp_path / name)
    (tmp_path / "cut/card.json").write_text('{"model": ')
    (tmp_path / "older/card.json").write_text(json.dumps({"model": "lenet"}))
    (tmp_path / "unfinished/card.json").write_text("{")
    (tmp_path / "unfinished/result.json").unlink()
    about = json.loads((tmp_path / "fine/card.json").read_text())
    (tmp_path / "list/card.json").write_text("[]")
    for name, wrong in (("shape", 7), ("settings", [1]), ("mean", [0.1, 0.2])):
        (tmp_path / name / "card.json").write_text(json.dumps(about | {name: wrong}))
    capsys.readouterr()
    for _ in range(2):  # whoever loads the page again learns nothing new
        assert list(player.players(tmp_path)) == ["fine"]
    said = sorted(capsys.readouterr().err.splitlines())
    assert [line.partition(" is left out: ")[0] for line in said] == [
        f"warning: {name}" for name in ("cut", "list", "mean", "older", "settings", "shape")
    ]


def test_a_run_that_is_asked_for_alone_has_its_own_name(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(player.players(runs / "hw10/few")) == ["few"]
    monkeypatch.chdir(runs / "hw10/few")
    assert list(player.players(Path())) == ["few"]


def test_networks_never_compute_at_once(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They share oneDNN's primitives, which would read the numbers of whoever came last."""
    found, meeting, met = player.players(runs), threading.Barrier(2), []

    def predict(*_: object) -> tuple[np.ndarray, np.ndarray]:
        try:
            meeting.wait(0.3)
            met.append(True)
        except threading.BrokenBarrierError:
            meeting.reset()
        return np.zeros((1, 2)), np.zeros(1)

    monkeypatch.setattr(training, "predict", predict)
    strokes = player.strokes_of(CROSS)
    with ThreadPoolExecutor(2) as pool:
        for answer in [pool.submit(found[name].of_strokes, strokes) for name in ("hw10/few", "tour/digits")]:
            answer.result()
    assert not met


def test_drawings_are_told_apart_wherever_and_however_large_they_are(runs: Path) -> None:
    doodles = player.players(runs)["hw10/few"]
    for scale, shift in ((1, 0), (0.004, 0.2), (7, -900)):
        for word, drawn in zip(WORDS, (CIRCLE, CROSS), strict=True):
            moved = [stroke * scale + shift for stroke in player.strokes_of(drawn)]
            (first, second) = doodles.of_strokes(moved)
            assert first.word == word and first.share > 0.8
            assert first.share + second.share == pytest.approx(1)


def test_a_drawing_is_the_picture_that_the_network_learnt_from(runs: Path) -> None:
    """Raw strokes from the page become what the same strokes in Google's file are."""
    simple = readers.simplify(player.drawing(player.strokes_of(CROSS), WORDS))
    again = readers.simplify(player.drawing([each.astype(np.float32) for each in simple.drawing(0)], WORDS))
    assert (batches.draw(simple, 28) == batches.draw(again, 28)).all()


@pytest.mark.parametrize(("strokes", "word"), [(SEVEN, "7"), (ONE, "1"), (ZERO, "0")])
def test_digits_are_read(runs: Path, strokes: list, word: str) -> None:
    guesses = player.players(runs)["tour/digits"].of_strokes(player.strokes_of(strokes))
    assert len(guesses) == 3 and guesses[0].word == word


def test_a_digit_lies_as_mnists_do() -> None:
    page = player.digit(player.strokes_of(SEVEN), 28)
    assert page.shape == (28, 28, 1) and page.dtype == np.uint8
    rows, _ = np.nonzero(page[..., 0] > 20)
    assert 19 <= np.ptp(rows) + 1 <= 21  # the box of 20 pixels
    mass = cv2.moments(page[..., 0])
    assert mass["m10"] / mass["m00"] == pytest.approx(13.5, abs=0.1)
    assert mass["m01"] / mass["m00"] == pytest.approx(13.5, abs=0.1)
    dot = player.digit(player.strokes_of([[[5], [5]]]), 28)
    assert 4 < (dot > 20).sum() < 30


def test_a_picture_of_any_size_is_looked_at(runs: Path) -> None:
    photos = player.players(runs)["photos"]
    for word, light in (("night", 40), ("day", 220)):
        picture = np.full((300, 500, 3), light, np.uint8)
        assert photos.of_picture(cv2.imencode(".png", picture)[1].tobytes())[0].word == word
    with pytest.raises(runtime.UserError, match="cannot be read as a picture"):
        photos.of_picture(b"no picture")


@pytest.mark.parametrize(
    "given",
    [
        None,
        5,
        [],
        [[]],
        [[[1, 2], [3]]],
        [[[1, 2]]],
        [[["a"], ["b"]]],
        [[[1e400], [1]]],
        [[[], []]],
        {"x": 1},
        [[[1], [2], [3]]],
    ],
    ids=str,
)
def test_what_is_no_drawing_is_named(given: object) -> None:
    with pytest.raises(runtime.UserError, match="a drawing "):
        player.strokes_of(given)


def test_too_long_a_drawing_is_refused() -> None:
    with pytest.raises(runtime.UserError, match="20,000 points"):
        player.strokes_of([[[0] * 20_001, [0] * 20_001]])


def test_a_card_is_the_whole_of_what_a_network_needs(runs: Path, tmp_path: Path) -> None:
    about = training.card.read(runs / "hw10/few")
    assert (about.model, about.settings, about.shape) == ("lenet", {"classes": 2}, (1, 28, 28))
    with pytest.raises(runtime.UserError, match="is not finished"):
        training.card.network(training.Run(runs / "other"), training.card.read(runs / "other"))
    (tmp_path / "card.json").write_text(json.dumps({"model": "lenet"}))
    with pytest.raises(runtime.UserError, match=r"card\.json is not what this version writes"):
        training.card.read(tmp_path)
