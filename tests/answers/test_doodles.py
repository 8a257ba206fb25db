"""Drawings as homework 10 shows them, its halves, and what four thousand of each word would need."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest

from paddle_course import answers, batches, readers
from paddle_course.answers import Lab, demand, doodles
from paddle_course.answers.doodles import drawn_per_second
from paddle_course.config import RunConfig


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(RunConfig(data="stand-in", data_root=str(tmp_path)), tmp_path / "run")


def test_what_is_shown_is_what_was_read(lab: Lab, tmp_path: Path) -> None:
    drawings = lab.drawings()
    assert lab.synthetic and lab.drawings() is drawings
    found = doodles(lab, drawings)
    assert found.both_ways and found.parts_agree and set(found.rates) == {28, 64, 128}
    assert min(found.rates.values()) > 100
    assert found.points == len(drawings.points) / len(drawings) and 1 < found.strokes < 6
    words, parts, grid, sizes, speed = found.pieces
    assert words.rows[0] == (drawings.classes[0], 0) and words.rows[-1] == (drawings.classes[-1], 11)
    sizes_of = {
        p.name: p.stat().st_size for p in readers.word_files(readers.folder("doodles", tmp_path, "stand-in")).values()
    }
    assert sizes_of[parts.caption.removeprefix("Parts of ")] == max(sizes_of.values())
    keys = [row[1].split(", ") for row in parts.rows]
    assert keys[1] + keys[2] == keys[0] and len(set(keys[0])) == 4
    assert grid.svg.count("<image") == 24 and "power_outlet" in grid.svg
    assert sizes.svg.count("<image") == 4 and "order as colour" in sizes.svg
    assert [row[0] for row in speed.rows] == ["28 × 28", "64 × 64", "128 × 128"]


def test_parts_that_do_not_fit_are_told(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    read = readers.read_drawings
    monkeypatch.setattr(readers, "read_drawings", lambda path, nrows, skip: read(path, nrows, skip and skip - 1))
    assert not doodles(lab, lab.drawings()).parts_agree


def test_nothing_is_learnt_from_and_tested_on(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(answers.halves(lab, 28, 10, 100).watched) == 96  # all there are
    monkeypatch.setattr(importlib.import_module("paddle_course.answers.doodles"), "LEAST", 60)
    of = answers.halves(lab, 32, 10, 100)
    assert of.words == 12 and (len(of.learn), len(of.test), len(of.watched)) == (120, 96, 60)
    keys = [set(each.drawings.keys.tolist()) for each in of]
    assert not keys[0] & keys[1] and keys[2] < keys[1]
    assert np.bincount(of.watched.labels).tolist() == [5] * 12
    assert answers.halves(lab, 32, 10, 100) is of
    two = answers.halves(lab, 32, 10, 100, ("sun", "t-shirt"))
    assert two.learn.classes == ("sun", "t-shirt") and len(two.learn) == 20


def test_the_contest_is_there_where_its_file_is(lab: Lab, tmp_path: Path) -> None:
    lab.drawings()
    assert len(lab.contest()) == 24 and lab.contest().keys.min() == 9 * 10**15
    (tmp_path / "stand-ins/doodles/quickdraw/test_simplified.csv").unlink()
    assert lab.contest() is None


def test_the_demand_is_worked_out_from_what_was_measured(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("paddle_course.answers.demand")  # the package's `demand` is the function
    monkeypatch.setattr(module, "drawn_per_second", lambda drawings, side: 5000.0)
    drawings = lab.drawings()
    need = demand(drawings, 64, trained=200.0)
    assert need.drawings == 1_360_000 and need.pictures == 1_360_000 * 4096
    assert need.drawing == pytest.approx(1_360_000 / 5000 / 60) and need.epoch == pytest.approx(1_360_000 / 200 / 60)
    assert (need.epochs, need.training) == pytest.approx((20_000 * 128 / 1_360_000, 20_000 * 128 / 200 / 3600))
    each = need.strokes / need.drawings
    points = drawings.points.nbytes / len(drawings)
    assert points < each < points + 8 * (2 + len(drawings.strokes) / len(drawings) + 2)
    twice = demand(drawings.take(np.arange(len(drawings)).repeat(2)), 64, trained=200.0)
    assert twice.strokes == pytest.approx(need.strokes, rel=0.01)


def test_the_pictures_of_a_timing_are_really_drawn(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, draw = [], batches.draw
    monkeypatch.setattr(batches, "draw", lambda some, side: seen.append((len(some), side)) or draw(some, side))
    assert drawn_per_second(lab.drawings(), 28) > 0 and seen == [(480, 28)] * 3
