"""The metrics on examples small enough to count by hand, and against scikit-learn where it has them."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics as sk

from paddle_course.training import metrics

# Guesses, best first: row 0: 0 1 2 3; row 1: 1 0 2 3; row 2: 3 2 1 0; row 3: 3 2 0 1
SCORES = np.array([[4, 3, 2, 1], [2, 5, 1, 0], [-3, -2, -1, 0], [1, 0, 2, 3]], "float32")
LABELS = np.array([0, 0, 1, 1])
RNG = np.random.default_rng(3)
MANY = RNG.normal(size=(500, 7)).astype("float32")
MANY_LABELS = RNG.integers(0, 7, 500)
MANY[np.arange(500), MANY_LABELS] += 1


def test_by_hand():
    assert metrics.guesses(SCORES, 2).tolist() == [[0, 1], [1, 0], [3, 2], [3, 2]]
    assert metrics.accuracy(SCORES, LABELS) == 1 / 4
    assert [metrics.top_k(SCORES, LABELS, k) for k in (1, 2, 3, 4, 9)] == [1 / 4, 2 / 4, 3 / 4, 1, 1]
    assert metrics.map_at_k(SCORES, LABELS) == pytest.approx((1 + 1 / 2 + 1 / 3 + 0) / 4)


def test_top_3_accuracy_is_not_map_at_3():
    accuracy, map3, top3 = (
        f(MANY, MANY_LABELS) for f in (metrics.accuracy, metrics.map_at_k, lambda s, y: metrics.top_k(s, y, 3))
    )
    assert accuracy + 0.05 < map3 < top3 - 0.05
    assert metrics.map_at_k(MANY, MANY_LABELS, 1) == accuracy


def test_top_k_is_scikit_learns():
    for k in (1, 2, 5):
        assert metrics.top_k(MANY, MANY_LABELS, k) == sk.top_k_accuracy_score(MANY_LABELS, MANY, k=k)


def test_ties_go_to_the_lower_class_everywhere():
    dead = np.zeros((10, 10), "float32")
    labels = np.arange(10)
    assert metrics.accuracy(dead, labels) == metrics.top_k(dead, labels, 1) == metrics.map_at_k(dead, labels, 1) == 0.1
    assert metrics.top_k(dead, labels, 3) == 0.3


def test_two_classes():
    scores = np.array([[1, 0], [0, 1], [3, 2]], "float32")
    labels = np.array([0, 0, 0])
    assert metrics.top_k(scores, labels, 1) == metrics.accuracy(scores, labels) == pytest.approx(2 / 3)
    assert metrics.macro_f1(scores, labels) == pytest.approx(0.8)
    assert metrics.confusion(scores, labels).tolist() == [[2, 1], [0, 0]]


def test_softmax_and_cross_entropy():
    p = metrics.softmax(SCORES)
    np.testing.assert_allclose(p[0], np.exp([4, 3, 2, 1]) / np.exp([4, 3, 2, 1]).sum())
    np.testing.assert_allclose(p.sum(1), 1)
    assert metrics.cross_entropy(SCORES, LABELS) == pytest.approx(sk.log_loss(LABELS, p, labels=range(4)))
    assert metrics.cross_entropy(np.array([[1e4, 0.0]]), np.array([1])) == 1e4  # log_loss would say 36
    assert metrics.cross_entropy(np.zeros((3, 10)), np.array([0, 5, 9])) == pytest.approx(np.log(10))


def test_cross_entropy_is_the_losses_one():
    import paddle

    from paddle_course.training import losses

    ours = losses.cross_entropy(paddle.to_tensor(MANY), paddle.to_tensor(MANY_LABELS)).item()
    assert metrics.cross_entropy(MANY, MANY_LABELS) == pytest.approx(ours, rel=1e-6)


def test_per_class_by_hand():
    # Predicted 0, 1, 3, 3 for the labels 0, 0, 1, 1.
    found = metrics.per_class(SCORES, LABELS)
    np.testing.assert_array_equal(found.precision, [1, 0, np.nan, np.nan])
    np.testing.assert_array_equal(found.recall, [1 / 2, 0, np.nan, np.nan])
    np.testing.assert_allclose(found.f1, [2 / 3, 0, np.nan, np.nan])
    # By p of class 0 the rows rank 0, 3, 1, 2: its two come 1st and 3rd. By p of class 1: 1, 0, 2, 3: 3rd and 4th.
    np.testing.assert_allclose(found.ap, [(1 + 2 / 3) / 2, (1 / 3 + 2 / 4) / 2, np.nan, np.nan])
    assert metrics.macro_f1(SCORES, LABELS) == pytest.approx(1 / 3)
    assert metrics.mean_average_precision(SCORES, LABELS) == pytest.approx(found.ap[:2].mean())


def test_means_over_the_pictures_of_each_class():
    scores = np.zeros((4, 8))
    scores[[0, 1], [0, 7]] = 9
    labels = np.array([0, 0, 6, 6])
    found = metrics.per_class(scores, labels)
    # Of equal scores the lower class is first: that of class 0 is the second guess in row 1, and 6 is the last but one.
    np.testing.assert_array_equal(found.top5_error, [0, *[np.nan] * 5, 1, np.nan])
    assert found.cross_entropy[0] == pytest.approx(metrics.cross_entropy(scores[:2], labels[:2]))
    assert found.cross_entropy[6] == pytest.approx(np.log(8)) and np.isnan(found.cross_entropy[7])


def test_ranking_by_probability_not_by_logit():
    # The second picture's logit for class 0 is higher, its probability lower.
    scores = np.array([[1.0, 0.0], [5.0, 9.0]])
    assert metrics.per_class(scores, np.array([0, 1])).ap[0] == 1


def test_all_classes_present_is_scikit_learns():
    best = MANY.argmax(1)
    found = metrics.per_class(MANY, MANY_LABELS)
    np.testing.assert_allclose(found.recall, sk.recall_score(MANY_LABELS, best, average=None))
    np.testing.assert_allclose(found.precision, sk.precision_score(MANY_LABELS, best, average=None))
    assert metrics.macro_f1(MANY, MANY_LABELS) == pytest.approx(sk.f1_score(MANY_LABELS, best, average="macro"))
    assert metrics.mean_average_precision(MANY, MANY_LABELS) == pytest.approx(
        sk.average_precision_score(np.eye(7)[MANY_LABELS], metrics.softmax(MANY))
    )


def test_a_single_class_among_the_labels():
    scores, labels = SCORES[:2], np.array([0, 0])
    assert metrics.mean_average_precision(scores, labels) == 1
    assert metrics.macro_f1(scores, labels) == pytest.approx(2 / 3)
    assert np.isnan(metrics.per_class(scores, labels).recall).tolist() == [False, True, True, True]


def test_confusion_rows_are_labels():
    matrix = metrics.confusion(SCORES, LABELS)
    assert matrix.tolist() == [[1, 1, 0, 0], [0, 0, 0, 2], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert metrics.confusion(SCORES, LABELS, 6).shape == (6, 6)
    assert metrics.confusion(MANY, MANY_LABELS).trace() / 500 == pytest.approx(metrics.accuracy(MANY, MANY_LABELS))


@pytest.mark.parametrize(("right", "n"), [(378, 400), (211, 400), (0, 20), (20, 20), (1, 1), (9400, 10_000)])
def test_wilson_is_scipys(right, n):
    theirs = binomtest(right, n).proportion_ci(0.95, method="wilson")
    assert metrics.wilson(right / n, n, z=1.959963984540054) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_wilson_known_values():
    low, high = metrics.wilson(378 / 400, 400)
    assert (round(low, 4), round(high, 4)) == (0.9181, 0.9634)
    assert metrics.wilson(0, 10)[0] == 0
    assert metrics.wilson(1, 10)[1] == 1
    assert metrics.wilson(0.5, 100, z=2.576)[0] < metrics.wilson(0.5, 100)[0]


def test_mcnemar_is_the_binomial_test_of_the_examples_on_which_two_models_differ():
    right, better = RNG.random(400) < 0.8, np.ones(400, bool)
    better[:9] = False
    one, other = np.where(np.arange(400) < 30, better, right), np.where(np.arange(400) < 30, ~better, right)
    assert metrics.mcnemar(one, other) == pytest.approx(binomtest(21, 30).pvalue)
    assert metrics.mcnemar(other, one) == metrics.mcnemar(one, other) < 0.05
    assert metrics.mcnemar(right, right) == 1.0
    many = np.arange(20_000) % 2 == 0
    assert metrics.mcnemar(many, ~many) == 1.0  # every example differs, none more to the one than to the other
    assert 0 <= metrics.mcnemar(np.ones(20_000, bool), np.zeros(20_000, bool)) < 1e-300
