"""Ablations: arms are judged by the pictures on which they differ from the whole recipe."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_course.answers.ablation import Arm, ablation


def arm(name: str, wrong: range) -> Arm:
    right = np.ones(1000, bool)
    right[wrong] = False
    return Arm(name, f"instead of {name}", right, 1.5)


def test_arms_are_compared_picture_by_picture() -> None:
    arms = [arm("whole", range(20)), arm("worse", range(40)), arm("other", range(10, 31)), arm("same", range(20))]
    found = ablation("Ablation", arms, "digits", "3 epochs")
    assert found.wrong == {"whole": 20, "worse": 40, "other": 21, "same": 20}
    assert found.more == {"worse": 20, "other": 1, "same": 0}
    assert found.chance == {"worse": pytest.approx(3 * 2 * 0.5**20), "other": 1.0, "same": 1.0}
    assert found.sure("worse") and not found.sure("other") and not found.sure("same")
    assert found.best == "whole" and found.count == 1000


def test_the_table_says_who_differs_where() -> None:
    table, *results = ablation(
        "Ablation", [arm("whole", range(20)), arm("other", range(10, 31))], "d", "3 epochs"
    ).pieces
    (_, _, accuracy, wrong, *none, p, minutes), (name, instead, _, _, lost, gained, _, _) = table.rows
    assert (accuracy, wrong, none, p, minutes) == ("98.00 %", 20, [None, None], None, 1.5)
    assert (name, instead, lost, gained) == ("other", "instead of other", 11, 10)
    assert "98.00" not in table.note and "1,000 pictures" in table.note
    assert [(each.name, each.value, each.metric) for each in results] == [
        ("whole, 3 epochs", 20, "wrong of 1,000"),
        ("other, 3 epochs", 21, "wrong of 1,000"),
    ]
