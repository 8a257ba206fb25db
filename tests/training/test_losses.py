"""Each loss against its formula in NumPy, its gradient against finite differences, and what each is known for."""

from functools import partial

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from paddle_course.config import describe
from paddle_course.training import losses

RNG = np.random.default_rng(7)
LOGITS = RNG.normal(0, 2, (5, 4)).astype("float32")
LABELS = np.array([0, 3, 3, 1, 2])
SHARES = RNG.dirichlet([1, 1, 1, 1], 5).astype("float32")
WEIGHT = (1.0, 5.0, 0.5, 2.0)

P = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
Y = np.eye(4)[LABELS]
X = P[np.arange(5), LABELS]
W = np.array(WEIGHT)

FORMULAS = [
    (losses.cross_entropy, lambda y: -(y * np.log(P)).sum(1)),
    (partial(losses.cross_entropy, smoothing=0.2), lambda y: -((0.8 * y + 0.05) * np.log(P)).sum(1)),
    (partial(losses.cross_entropy, weight=WEIGHT), lambda y: -(W * y * np.log(P)).sum(1)),
    (losses.mse, lambda y: ((P - y) ** 2).mean(1)),
    (losses.mae, lambda y: np.abs(P - y).mean(1)),
    (losses.focal, lambda y: -(y * (1 - P) ** 2 * np.log(P)).sum(1)),
    (partial(losses.focal, gamma=0.5, weight=WEIGHT), lambda y: -(W * y * (1 - P) ** 0.5 * np.log(P)).sum(1)),
    (losses.softmax_plus_inverse, lambda y: np.prod(P**-y, axis=1)),
    (losses.nll_without_log, lambda y: -(y * LOGITS).sum(1)),
    (losses.double_softmax, lambda y: -(y * np.log(np.exp(P) / np.exp(P).sum(1, keepdims=True))).sum(1)),
]
IDS = [str(describe(loss)) for loss, _ in FORMULAS]


def value(loss, logits, labels) -> float:
    result = loss(paddle.to_tensor(logits), paddle.to_tensor(labels))
    assert result.shape == []
    return result.item()


@pytest.mark.parametrize(("loss", "formula"), FORMULAS, ids=IDS)
def test_formula(loss, formula):
    assert value(loss, LOGITS, LABELS) == pytest.approx(formula(Y).mean(), rel=1e-5)
    assert value(loss, LOGITS, SHARES) == pytest.approx(formula(SHARES).mean(), rel=1e-5)


@pytest.mark.parametrize(("loss", "formula"), FORMULAS, ids=IDS)
def test_gradient_against_finite_differences(loss, formula):
    logits = paddle.to_tensor(LOGITS, stop_gradient=False)
    loss(logits, paddle.to_tensor(LABELS)).backward()
    wide = LOGITS.astype("float64")
    for i, j in [(0, 0), (1, 2), (3, 1)]:
        up, down = wide.copy(), wide.copy()
        up[i, j] += 1e-3
        down[i, j] -= 1e-3
        slope = (value(loss, up, LABELS) - value(loss, down, LABELS)) / 2e-3
        assert logits.grad[i, j].item() == pytest.approx(slope, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize(("loss", "formula"), FORMULAS, ids=IDS)
def test_uint8_labels_and_the_count_of_a_batch(loss, formula):
    whole = value(loss, LOGITS, LABELS)
    assert value(loss, LOGITS, LABELS.astype("uint8")) == whole
    parts = 2 * value(loss, LOGITS[:2], LABELS[:2]) + 3 * value(loss, LOGITS[2:], LABELS[2:])
    assert parts / 5 == pytest.approx(whole, rel=1e-6)


def test_cross_entropy_is_paddles():
    logits, labels = paddle.to_tensor(LOGITS), paddle.to_tensor(LABELS)
    for smoothing in (0.0, 0.1):
        theirs = F.cross_entropy(logits, labels, label_smoothing=smoothing).item()
        assert losses.cross_entropy(logits, labels, smoothing).item() == pytest.approx(theirs, rel=1e-6)


def test_focal_without_focus_is_cross_entropy_even_where_the_net_is_certain():
    sure = np.array([[100.0, 0.0], [0.0, 1.0]], "float32")
    for gamma in (0.0, 0.5, 2.0):
        logits = paddle.to_tensor(sure, stop_gradient=False)
        loss = losses.focal(logits, paddle.to_tensor([0, 1]), gamma=gamma)
        loss.backward()
        assert np.isfinite(logits.grad.numpy()).all()
        if gamma == 0:
            assert loss.item() == pytest.approx(value(losses.cross_entropy, sure, np.array([0, 1])))


def test_double_softmax_cannot_pass_its_floor():
    certain = (1000 * np.eye(10)).astype("float32")
    floor = value(losses.double_softmax, certain, np.arange(10))
    assert floor == pytest.approx(-np.log(np.e / (np.e + 9)), rel=1e-6)
    assert round(floor, 4) == 1.4612
    assert value(losses.cross_entropy, certain, np.arange(10)) == 0
    assert losses.double_softmax_floor(10) == pytest.approx(floor, rel=1e-6)
    assert losses.double_softmax_floor(2) == pytest.approx(-np.log(np.e / (np.e + 1)))


@pytest.mark.parametrize("loss", [losses.cross_entropy, losses.mse, losses.mae])
def test_softmax_before_any_loss_is_softmax_twice(loss):
    twice, p = partial(losses.after_softmax, loss=loss), P.astype("float32")
    assert value(twice, LOGITS, LABELS) == pytest.approx(value(loss, p, LABELS), rel=1e-5)
    assert value(twice, LOGITS, LABELS) != pytest.approx(value(loss, LOGITS, LABELS), rel=1e-3)
    assert describe(twice) == {"name": "after_softmax", "loss": {"name": loss.__name__}}
    assert value(losses.double_softmax, LOGITS, LABELS) == value(
        partial(losses.after_softmax, loss=losses.cross_entropy), LOGITS, LABELS
    )


def test_nll_without_log_runs_below_zero():
    logits = paddle.zeros([4, 10])
    labels = paddle.to_tensor([0, 1, 2, 3])
    seen = []
    for _ in range(3):
        logits = logits.detach()
        logits.stop_gradient = False
        loss = losses.nll_without_log(logits, labels)
        loss.backward()
        logits = logits - 40 * logits.grad
        seen.append(loss.item())
    assert seen == [0, -10, -20]


def test_inverse_starts_at_k_and_weighs_cross_entropys_gradient():
    assert value(losses.softmax_plus_inverse, np.zeros((2, 340), "float32"), np.array([3, 9])) == pytest.approx(
        340, rel=1e-5
    )
    gradients = {}
    for loss in (losses.softmax_plus_inverse, losses.cross_entropy):
        logits = paddle.to_tensor(LOGITS, stop_gradient=False)
        loss(logits, paddle.to_tensor(LABELS)).backward()
        gradients[loss] = logits.grad.numpy()
    np.testing.assert_allclose(
        gradients[losses.softmax_plus_inverse], gradients[losses.cross_entropy] / X[:, None], rtol=1e-4
    )


def test_losses_stay_finite_on_large_logits():
    large = np.array([[300.0, -300.0, 0.0]], "float32")
    for loss in (losses.cross_entropy, losses.focal):
        assert value(loss, large, np.array([1])) == pytest.approx(600)
    for loss in (losses.mse, losses.mae):
        assert value(loss, large, np.array([1])) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    "labels",
    [LABELS[:, None], LABELS[:4], Y[:4].astype("float32"), LABELS.astype("float32")],
    ids=lambda a: str(a.shape),
)
def test_wrong_shapes_are_refused_not_broadcast(labels):
    with pytest.raises(ValueError, match=r"logits \[5, 4\] go with"):
        value(losses.cross_entropy, LOGITS, labels)


def test_labels_out_of_range_are_refused():
    for wrong in (-1, 4):
        with pytest.raises(ValueError, match="Illegal index"):
            value(losses.cross_entropy, LOGITS, np.array([0, 1, 2, 3, wrong]))


def test_settings_are_described():
    assert describe(partial(losses.focal, gamma=1.0, weight=WEIGHT)) == {
        "name": "focal",
        "gamma": 1.0,
        "weight": list(WEIGHT),
    }


Z, YES = RNG.normal(0, 3, (6, 1)).astype("float32"), np.array([0, 1, 1, 0, 1, 0])


def test_a_single_logit_is_cross_entropy_of_two_classes():
    two = np.concatenate([np.zeros_like(Z), Z], axis=1)
    expected = value(losses.cross_entropy, two, YES)
    assert value(losses.binary_cross_entropy, Z, YES) == pytest.approx(expected, rel=1e-5)
    assert value(losses.binary_cross_entropy, np.float32([[200], [-200]]), np.array([0, 1])) == pytest.approx(200)
    logits = paddle.to_tensor(Z, stop_gradient=False)
    losses.binary_cross_entropy(logits, paddle.to_tensor(YES)).backward()
    np.testing.assert_allclose(logits.grad.numpy()[:, 0], (1 / (1 + np.exp(-Z[:, 0])) - YES) / 6, rtol=1e-4, atol=1e-8)


def test_logits_taken_for_probabilities_teach_nothing_outside_0_to_1():
    z = np.float32([[-2.0], [0.25], [0.25], [5.0]])
    logits, labels = paddle.to_tensor(z, stop_gradient=False), paddle.to_tensor([1, 1, 0, 0])
    loss = losses.logits_as_probabilities(logits, labels)
    loss.backward()
    wrong = -np.log(1e-7)
    assert loss.item() == pytest.approx((wrong - np.log(0.25) - np.log(0.75) + wrong) / 4, rel=0.01)
    np.testing.assert_allclose(logits.grad.numpy()[:, 0], [0, -4 / 4, (4 / 3) / 4, 0], rtol=1e-5)


@pytest.mark.parametrize("loss", [losses.binary_cross_entropy, losses.logits_as_probabilities])
@pytest.mark.parametrize("labels", [YES[:, None], YES[:5], YES.astype("float32")], ids=lambda a: f"{a.dtype}{a.shape}")
def test_a_single_logit_goes_with_one_integer(loss, labels):
    with pytest.raises(ValueError, match="one logit"):
        value(loss, Z, labels)
