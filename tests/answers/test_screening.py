"""Networks as tests for a disease, and what a few hundred pictures can tell of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
import pytest
from scipy.stats import binomtest

from paddle_course import answers, batches, readers, training
from paddle_course.answers import Trained


class Bright(paddle.nn.Layer):
    """Says how much brighter a picture is than `bar`, which lies between -1 and 1."""

    def __init__(self, bar: float):
        super().__init__()
        self.bar = bar

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return x.mean([1, 2, 3]).unsqueeze(1) - self.bar


def trained(bar: float) -> Trained:
    epochs = [{"epoch": 1, "seconds": 60.0}]
    return Trained(Bright(bar), training.Result(training.Run("run"), epochs, epochs[-1], Path("p"), "0" * 64))


@pytest.fixture
def test_set() -> batches.Batches:
    """Ten pictures as bright as their number; sick are 4 and those from 6 on."""
    levels = np.linspace(0, 255, 10).astype(np.uint8)
    images = np.broadcast_to(levels[:, None, None, None], (10, 4, 4, 3)).copy()
    labels = np.array([0, 0, 0, 0, 1, 0, 1, 1, 1, 1])
    return batches.Batches(readers.Images(images, labels, ("well", "sick"), "levels"), 4, shuffle=False)


def test_each_measure_of_each_network(test_set: batches.Batches) -> None:
    rows = {"middle": [trained(0.0)], "both": [trained(0.0), trained(-2.0)]}
    found = answers.screen("Tests", rows, test_set, "levels")
    middle, both = found.means["middle"], found.means["both"]
    assert (middle["test accuracy"], middle["sensitivity"], middle["specificity"]) == (0.8, 0.8, 0.8)
    assert middle["ROC area"] == pytest.approx(24 / 25)  # one of the 25 pairs is the wrong way round
    assert both["sensitivity"] == pytest.approx(0.9) and both["specificity"] == pytest.approx(0.4)  # -2: all are sick
    assert found.best == "middle"
    table, figure, *results = found.pieces
    assert table.rows[0][1].startswith("80.00 % (95 %: 49.0 to 94.3)") and table.rows[1][1].endswith("(n = 2)")
    assert figure.name == "roc"
    assert [each.metric for each in results[:4]] == ["test accuracy", "sensitivity", "specificity", "ROC area"]
    assert results[4].n == 2 and results[0].minutes == 1


def test_mistakes_come_with_the_surest_first(test_set: batches.Batches) -> None:
    (first, p), (second, q) = answers.screen("Tests", {"net": [trained(0.0)]}, test_set, "levels").mistakes("net")
    assert {first, second} == {4, 5} and p < 0.5 < q or q < 0.5 < p  # 4 is sick and dark, 5 is well and bright


def test_pictures_that_only_one_of_two_has_right(test_set: batches.Batches) -> None:
    found = answers.screen("Tests", {"low": [trained(-2.0)], "high": [trained(2.0)]}, test_set, "levels")
    assert found.only("low", "high") == (5, 5)  # all are sick, none is


@pytest.mark.parametrize(("one", "other"), [(0, 0), (3, 3), (1, 9), (0, 6), (12, 5)])
def test_the_sign_test_is_scipys(one: int, other: int) -> None:
    theirs = binomtest(one, one + other).pvalue if one + other else 1.0
    assert training.metrics.sign_test(one, other) == pytest.approx(theirs)
    assert training.metrics.sign_test(one, other) == training.metrics.sign_test(other, one)


def test_400_pictures_tell_few_networks_apart() -> None:
    published = {"AlexNet": 0.925, "VGG": 0.9475, "GoogLeNet": 0.8575}
    found = answers.against("Published", {"ours": 0.94, "better": 0.97}, 400, published, 400)
    assert found.apart == {"ours": ["GoogLeNet"], "better": ["AlexNet", "GoogLeNet"]}
    (table,) = found.pieces
    assert table.note == "±: 95 % for all 6 comparisons of the table together."
    assert table.header == ("", "published", "ours is higher by", "told apart", "better is higher by", "told apart")
    assert table.rows[0][:4] == ("AlexNet", "92.50 % (95 %: 89.5 to 94.7)", "+1.50 ± 4.7", False)
    assert answers.against("Published", {"ours": 0.94}, 20, published, 400).apart == {"ours": []}
