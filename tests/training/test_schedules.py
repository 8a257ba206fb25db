"""Every schedule at its first step, at its corners and after its end."""

import json
from functools import partial

import numpy as np
import pytest

from paddle_course.config import describe
from paddle_course.runtime import UserError
from paddle_course.training import schedules as s


def test_constant():
    assert {s.constant(step, lr=0.3) for step in (0, 1, 10**6)} == {0.3}


def test_step_decay_drops_at_multiples():
    f = partial(s.step_decay, lr=1.0, every=10, factor=0.5)
    assert [f(step) for step in (0, 9, 10, 19, 20, 35)] == [1, 1, 0.5, 0.5, 0.25, 0.125]


def test_multi_step_drops_at_each_milestone():
    f = partial(s.multi_step, lr=1.0, milestones=(5000, 12000, 18000), factor=0.5)
    assert [f(step) for step in (0, 4999, 5000, 11999, 12000, 17999, 18000, 10**6)] == [
        1,
        1,
        0.5,
        0.5,
        0.25,
        0.25,
        0.125,
        0.125,
    ]


def test_level_then_down():
    f = partial(s.level_then_down, lr=0.4, steps=10, down=4)
    assert [f(step) for step in (0, 5, 6, 7, 8, 9, 10, 99)] == pytest.approx([0.4, 0.4, 0.4, 0.3, 0.2, 0.1, 0, 0])


def test_multi_step_per_epoch():
    f = partial(s.per_epoch, schedule=partial(s.multi_step, lr=0.1, milestones=(2,), factor=0.1), steps_per_epoch=391)
    assert f(0) == f(781) == 0.1
    assert f(782) == f(10_000) == pytest.approx(0.01)


def test_piecewise():
    f = partial(s.piecewise, boundaries=(100, 200), values=(0.1, 0.01, 0.001))
    assert [f(step) for step in (0, 99, 100, 199, 200, 999)] == [0.1, 0.1, 0.01, 0.01, 0.001, 0.001]
    assert s.piecewise(5, boundaries=(), values=(0.1,)) == 0.1


@pytest.mark.parametrize(("boundaries", "values"), [((1,), (0.1,)), ((1,), (1, 2, 3)), ((9, 5), (1, 2, 3))])
def test_piecewise_that_cannot_be(boundaries, values):
    with pytest.raises(UserError, match="boundaries"):
        s.piecewise(0, boundaries=boundaries, values=values)


def test_cosine():
    f = partial(s.cosine, peak=0.4, steps=100, final=0.1)
    assert f(0) == pytest.approx(0.4)
    assert f(50) == pytest.approx(0.25)
    assert f(25) == pytest.approx(0.1 + 0.15 * (1 + np.sqrt(0.5)))
    assert f(100) == f(500) == pytest.approx(0.1)
    assert s.cosine(7, peak=1.0, steps=7) == 0


def test_warm_up_meets_what_follows():
    f = partial(s.warm_up, steps=10, start=0.1, then=partial(s.cosine, peak=1.1, steps=20))
    assert f(0) == pytest.approx(0.1)
    assert f(5) == pytest.approx(0.6)
    assert f(10) == pytest.approx(1.1)
    assert f(20) == pytest.approx(0.55)
    assert f(30) == 0
    assert s.warm_up(0, steps=0, then=partial(s.constant, lr=0.2)) == 0.2


def test_triangle_is_airbenchs():
    steps = 476
    f = partial(s.triangle, peak=11.5, steps=steps)
    corners = [0, int(0.23 * steps), steps]
    expected = 11.5 * np.interp(np.arange(steps + 50), corners, [0.2, 1, 0.07])
    np.testing.assert_allclose([f(step) for step in range(steps + 50)], expected, rtol=1e-12)
    assert f(109) == 11.5


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("rise", [0.0, 0.23, 1.0])
def test_triangle_of_few_steps(steps, rise):
    rates = [s.triangle(step, peak=1.0, steps=steps, rise=rise) for step in range(steps + 2)]
    assert all(0.07 <= rate <= 1 for rate in rates)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (partial(s.step_decay, lr=0.5, every=3, factor=0.1), lambda lr: lr.StepDecay(0.5, 3, 0.1)),
        (partial(s.multi_step, lr=0.5, milestones=(2, 5), factor=0.1), lambda lr: lr.MultiStepDecay(0.5, [2, 5], 0.1)),
        (partial(s.piecewise, boundaries=(2, 5), values=(3, 2, 1)), lambda lr: lr.PiecewiseDecay([2, 5], [3, 2, 1])),
        (partial(s.cosine, peak=0.5, steps=12, final=0.1), lambda lr: lr.CosineAnnealingDecay(0.5, 12, 0.1)),
        (partial(s.warm_up, steps=4, then=partial(s.constant, lr=0.5)), lambda lr: lr.LinearWarmup(0.5, 4, 0.0, 0.5)),
    ],
    ids=lambda f: f.func.__name__ if isinstance(f, partial) else "",
)
def test_paddles_schedulers_say_the_same(ours, theirs):
    from paddle.optimizer import lr

    scheduler = theirs(lr)
    for step in range(12):
        assert ours(step) == pytest.approx(scheduler(), rel=1e-6)
        scheduler.step()


def test_nested_schedules_are_described_as_json():
    f = partial(s.warm_up, steps=5, then=partial(s.cosine, peak=0.1, steps=20))
    assert json.loads(json.dumps(describe(f))) == {
        "name": "warm_up",
        "steps": 5,
        "then": {"name": "cosine", "peak": 0.1, "steps": 20},
    }
