"""Networks on the same pictures: told apart by where they differ, and by how many pairs were looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paddle_course import answers, training
from tests.answers.test_comparison import trained
from tests.answers.test_scores import Said, pictures


def rights(*wrong: int) -> dict[str, np.ndarray]:
    """Networks a, b, ...: each wrong about so many of 100 pictures, no two about the same one."""
    places = np.split(np.arange(sum(wrong)), np.cumsum(wrong)[:-1])
    return {name: ~np.isin(np.arange(100), mine) for name, mine in zip("abcd", places, strict=False)}


def test_two_networks_are_compared_where_only_one_is_right() -> None:
    few = answers.Paired(rights(1, 11))
    assert few.count == 100 and few.apart("a", "b") and few.p("a", "b") == pytest.approx(26 / 2**12)
    common = np.zeros(100, bool)  # what both get wrong tells nothing
    more = answers.Paired({name: np.append(right, common) for name, right in few.right.items()})
    assert more.p("a", "b") == few.p("a", "b")


def test_who_picks_two_of_many_has_looked_at_every_pair() -> None:
    many = answers.Paired(rights(1, 9, 4))
    once = training.metrics.mcnemar(many.right["a"], many.right["b"])
    assert once < 0.05 < many.p("a", "b") == pytest.approx(3 * once)
    assert not many.apart("a", "b") and many.level("a") == ["b", "c"]
    assert answers.Paired(rights(0, 20, 1)).level("a") == ["c"]
    assert many.p("a", "a") == 1


def test_a_network_is_right_picture_by_picture() -> None:
    assert answers.right(Said(shift=1), pictures()).tolist() == [True] * 4 + [False] * 4 + [True] * 4


def test_a_comparison_pairs_its_networks_on_the_pictures_it_is_given(tmp_path: Path) -> None:
    rows = {name: [trained(tmp_path / name, 0.5, 60)._replace(net=Said(shift))] for shift, name in enumerate("ab")}
    found = answers.compare("Networks", rows, "made up", answers.plural(2, "epoch"), judged=pictures())
    assert found.same.right["a"].all() and found.same.right["b"].sum() == 8
    assert answers.compare("Networks", rows, "made up", "2 epochs").same is None


def test_one_is_one() -> None:
    assert [answers.plural(n, "epoch") for n in (1, 2, 2000)] == ["1 epoch", "2 epochs", "2,000 epochs"]
