"""Mistakes of several runs: counted by how many runs make them, against chance, and shown hardest first."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_course import readers
from paddle_course.answers.mistakes import SHOWN, mistakes

LABELS = np.arange(1000) % 10


def data() -> readers.Images:
    images = np.random.default_rng(0).integers(0, 256, (1000, 4, 4, 1), dtype=np.uint8)
    return readers.Images(images, LABELS, tuple("0123456789"), "digits")


def logits(wrong: dict[int, int], sure: float = 5.0) -> np.ndarray:
    """Right everywhere but at the positions of `wrong`, where this other digit is answered."""
    answers = LABELS.copy()
    answers[list(wrong)] = list(wrong.values())
    return np.eye(10, dtype=np.float32)[answers] * sure


def test_what_all_runs_misread_is_counted_against_chance() -> None:
    runs = [logits({3: 5, 14: 9, 20: 6}), logits({3: 5, 14: 9}), logits({3: 8, 31: 7})]
    found = mistakes(runs, data(), doubted=[3, 20, 77])
    assert found.wrong == [3, 2, 2]
    assert (found.by_any, found.by_all) == (4, 1)
    assert found.by_chance == pytest.approx(1000 * 0.003 * 0.002 * 0.002)
    assert (found.doubted, found.doubted_by_any, found.doubted_by_all) == (3, 2, 1)
    assert found.own == pytest.approx((1 + 1 + 1) / 3)
    (table, _) = found.pieces
    assert [row[:2] for row in table.rows] == [(3, 1), (2, 1), (1, 2)]
    assert [row[3] for row in table.rows] == [1, 0, 1]
    expected = 1000 * (0.003 * 0.002 * 0.998 * 2 + 0.997 * 0.002 * 0.002)
    assert table.rows[1][2] == pytest.approx(expected, rel=0.01)


def test_the_picture_names_label_answer_probability_and_runs() -> None:
    found = mistakes([logits({3: 5, 14: 9}), logits({3: 5})], data(), doubted=[14])
    figure = found.pieces[-1]
    chance = round(100 * np.exp(5) / (np.exp(5) + 9))
    for words in ("3 read as 5", f"{chance} %, 2 of 2", "4 read as 9", f"{chance} %, 1 of 2", "label doubted"):
        assert words in figure.svg
    assert figure.svg.index("3 read as 5") < figure.svg.index("4 read as 9")  # what both misread comes first
    assert figure.svg.count("label doubted") == 1


def test_a_single_run_is_not_compared_with_itself() -> None:
    found = mistakes([logits({3: 5})], data())
    assert (found.wrong, found.by_any, found.by_all, found.doubted) == ([1], 1, 1, 0)
    (figure,) = found.pieces
    assert "of 1" not in figure.svg and "runs" not in figure.caption


def test_no_mistakes_and_too_many_to_show() -> None:
    assert mistakes([logits({})], data()).wrong == [0]
    every = mistakes([logits({i: (LABELS[i] + 1) % 10 for i in range(100)})], data()).pieces[-1]
    assert f"the first {SHOWN} of 100" in every.caption
    assert every.svg.count(" read as ") == SHOWN
