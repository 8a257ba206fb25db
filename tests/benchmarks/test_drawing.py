"""The benchmark of drawing, on stand-ins: all sides draw the same things, and in the end they are compared."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import drawing, rounds
from paddle_course import batches, readers, runtime


def trimmed(page: np.ndarray) -> np.ndarray:
    """What is drawn, wherever on the page, in 24 x 24 and blurred, which forgives a pixel."""
    down, across = np.nonzero(page > 64)
    cut = page[down.min() : down.max() + 1, across.min() : across.max() + 1]
    return cv2.GaussianBlur(cv2.resize(cut.astype(np.float32), (24, 24)), (0, 0), 1.5).ravel()


@pytest.mark.parametrize("draw", [drawing.with_opencv, drawing.with_pil])
@pytest.mark.parametrize("side", drawing.SIDES)
def test_the_plain_ways_draw_what_ours_draws(draw, side: int, tmp_path: Path) -> None:
    drawings = readers.load_drawings(tmp_path, "stand-in", nrows=1)
    mine = np.stack([trimmed(page[..., 0]) for page in batches.draw(drawings, side)])
    theirs = np.stack([trimmed(draw(drawings.drawing(i), side)) for i in range(len(mine))])
    alike = np.corrcoef(theirs, mine)[: len(mine), len(mine) :]
    assert np.diag(alike).min() > 0.7, np.diag(alike)
    assert (alike.argmax(axis=1) == np.arange(len(mine))).all()


def test_all_are_measured_and_compared(
    entries, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(drawing.readers, "find", lambda name: None)
    seen = {}

    def here(job: rounds.Job) -> rounds.Measured:
        measured = drawing.measure(**job.arguments) | {"minutes": 0.5}
        seen[job.arguments["name"], job.arguments["side"]] = measured
        return measured

    monkeypatch.setattr(rounds.Job, "measure", here)
    assert drawing.main(["--rounds", "1", "--seconds", "0.1", "--publish"]) == 0
    for side in drawing.SIDES:
        for name in drawing.SOURCES:
            measured = seen[name, side]
            assert measured["what"] == f"float32 [128, 1, {side}, {side}] and int64 [128]"
            assert 0.01 < measured["light"] < 0.25
        ratio = seen["ours", side]["rate"] / seen["opencv", side]["rate"]
        found = entries()
        assert found[f"drawing, {side} x {side}, ours / opencv"]["value"] == pytest.approx(ratio)
        assert found[f"drawing, {side} x {side}, ours"]["metric"] == "pictures/s"
    told = capsys.readouterr().out
    assert "stand-in" in told and "> 5,000" in told


def test_a_measurement_in_a_process_of_its_own(tmp_path: Path) -> None:
    job = drawing.jobs(str(tmp_path), "stand-in", 0.1)["ours", "28 x 28"]
    assert job.measure()["what"] == "float32 [128, 1, 28, 28] and int64 [128]"


def test_different_work_is_not_compared() -> None:
    found = {name: [{"rate": 2.0, "what": "a", "minutes": 1.0}] for name in drawing.jobs(None, "real", 1.0)}
    assert drawing.numbers(found)["drawing, 64 x 64, ours / pil"][1].median == 1
    found["pil", "64 x 64"][0]["what"] = "b"
    with pytest.raises(runtime.UserError, match="pil gives b, ours gives a: that is not the same work"):
        drawing.numbers(found)


def test_a_side_that_failed_leaves_dashes() -> None:
    found = {name: [] for name in drawing.jobs(None, "real", 1.0)}
    assert drawing.table(drawing.numbers(found), "").rows[0] == (
        *("drawing, 28 x 28, ours", "pictures/s"),
        *(None, None, 0, "> 5,000"),
    )
