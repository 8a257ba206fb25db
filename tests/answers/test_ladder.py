"""The ladder: what stays is decided by validation pictures alone, and what is said of it follows from the rungs."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from paddle_course.answers import Recipe, climb
from paddle_course.answers.ladder import Ladder, Rung
from paddle_course.answers.pieces import Figure, Result, Table

# change -> validation, test accuracy: what looks good on the test pictures is not always what stays
SCORES = {
    "as published": (0.20, 0.21),
    "wider": (0.30, 0.29),
    "lucky": (0.30, 0.90),
    "faster": (0.35, 0.33),
    "views": (0.36, 0.34),
}
CHANGES = {
    "wider": {"settings": {"width": 2}},
    "lucky": {"crop": 4},
    "faster": lambda recipe: replace(recipe, lr=5 * recipe.lr),
    "views": {"views": "six"},
}


def climbed(scores: dict) -> tuple[list[Rung], list[tuple]]:
    """The rungs of CHANGES with these scores, and what was trained for them."""
    trained, names = [], iter(scores)

    def train(run: str, recipe: Recipe, seed: int) -> SimpleNamespace:
        trained.append((run, recipe, seed))
        return SimpleNamespace(result=SimpleNamespace(minutes=len(trained), speed=100.0))

    def look(_: object, recipe: Recipe) -> dict:
        return dict(zip(("validation", "test"), scores[next(names)], strict=True))

    return climb(Recipe("lenet"), CHANGES, train, look, 7), trained


def test_the_validation_pictures_decide_and_the_next_rung_stands_on_what_stays() -> None:
    rungs, trained = climbed(SCORES)
    assert [rung.stays for rung in rungs] == [True, True, False, True, True]
    assert rungs[3].recipe == Recipe("lenet", {"width": 2}, lr=0.5)  # without the crop
    assert [rung.gain for rung in rungs] == pytest.approx([0, 8, 61, 4, 1])
    assert {seed for _, _, seed in trained} == {7}


def test_views_need_no_training() -> None:
    rungs, trained = climbed(SCORES)
    assert [run for run, _, _ in trained] == [f"rung-{name}" for name in ("as-published", "wider", "lucky", "faster")]
    assert rungs[4].trained is rungs[3].trained and rungs[4].run == "rung-faster"
    assert [rung.minutes for rung in rungs] == [1, 2, 3, 4, 0]


@pytest.mark.parametrize("luck", [0.0, 0.4, 1.0])
def test_the_test_pictures_decide_nothing(luck: float) -> None:
    rungs, _ = climbed({name: (validation, luck) for name, (validation, _) in SCORES.items()})
    assert [rung.stays for rung in rungs] == [True, True, False, True, True]


def test_the_ladder_is_told_as_a_table_a_figure_and_results() -> None:
    found = Ladder(climbed(SCORES)[0], [0.2, 0.22], [0.34, 0.36], "5 epochs", "made up")
    assert [rung.name for rung in found.stays] == ["wider", "faster", "views"]
    assert [rung.name for rung in found.goes] == ["lucky"]
    assert (found.highest.name, found["faster"].test) == ("views", 0.33)
    assert found.low == (pytest.approx(0.21), pytest.approx(0.01414, rel=1e-3))
    assert found.chance(10_000) == pytest.approx(196 * (2 * 0.35 * 0.65 / 10_000) ** 0.5)
    table, figure, *results = found.pieces
    assert isinstance(table, Table) and isinstance(figure, Figure)
    assert table.rows[2] == ("lucky", "30.0 %", "90.0 %", "+61.0", 100, 3, False)
    assert table.rows[0][3] is None
    for word in ("(lucky)", "wider", "33.0 %  (+4.0)"):
        assert word in figure.svg
    assert results[-2:] == [
        Result("foot of the ladder", "test accuracy", *found.low, 2, 1, "made up"),
        Result("top of the ladder", "test accuracy", *found.high, 2, 4, "made up"),
    ]
    assert results[4] == Result("views, 5 epochs", "test accuracy", 0.34, data="made up")
