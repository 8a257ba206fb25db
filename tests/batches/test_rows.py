import numpy as np
import pytest

from paddle_course.batches import Batches, RowBatches, cut, loader, raw_targets, shuffle_and_cut, spans
from paddle_course.readers import Rows
from paddle_course.runtime import UserError


def table(count=50):
    """Row i is (i, 10 i, 100 - i), the last to be predicted."""
    i = np.arange(count, dtype=np.float64)
    return Rows(np.stack([i, 10 * i], 1), (100 - i)[:, None], ("one", "ten", "down"), "table")


def test_every_row_once_with_its_target():
    seen = [(x, y) for x, y in RowBatches(table(), size=16).epoch(2)]
    assert [len(x) for x, _ in seen] == [16, 16, 16, 2]
    inputs, targets = (np.concatenate(each) for each in zip(*seen, strict=True))
    assert inputs.dtype == targets.dtype == np.float32
    assert inputs.shape == (50, 2) and targets.shape == (50, 1)
    assert sorted(inputs[:, 0]) == list(range(50)) and inputs[0, 0] != 0
    assert (inputs[:, 1] == 10 * inputs[:, 0]).all() and (targets[:, 0] == 100 - inputs[:, 0]).all()
    assert all(x.flags.c_contiguous and y.flags.c_contiguous for x, y in seen)


def test_the_order_is_that_of_pictures_under_the_same_seed(pictures):
    rows, images = RowBatches(table(), size=16, seed=3), Batches(pictures(), size=16, seed=3)
    for epoch in range(3):
        assert (rows.order(epoch) == images.order(epoch)).all()
    assert (rows.order(0) != rows.order(1)).any()


def test_a_batch_is_the_same_whenever_it_is_asked_for():
    data = RowBatches(table(), size=16, seed=1)
    late = list(data.epoch(3, start=2))
    for position, (inputs, targets) in enumerate(late, start=2):
        again = RowBatches(table(), size=16, seed=1).batch(3, position)
        assert (again[0] == inputs).all() and (again[1] == targets).all()
    with pytest.raises(IndexError, match="batch 4 of 4"):
        data.batch(0, 4)


def test_columns_are_shifted_and_scaled_each_by_its_own():
    shift, scale = spans(table())
    assert shift == (24.5, 245, 75.5) and scale == (49, 490, 49)
    inputs, targets = RowBatches(table(), 50, shift=shift, scale=scale, shuffle=False).batch(0, 0)
    np.testing.assert_allclose(inputs[:, 0], inputs[:, 1], atol=1e-6)
    np.testing.assert_allclose(inputs[[0, -1], 0], [-0.5, 0.5])
    np.testing.assert_allclose(targets[:, 0], -inputs[:, 0], atol=1e-6)
    inputs, targets = RowBatches(table(), 50, shift=(1.0,), scale=(2.0,), shuffle=False).batch(0, 0)
    assert inputs[5].tolist() == [2, 24.5] and targets[5].tolist() == [47]


def test_what_was_scaled_can_be_put_back_into_the_units_of_the_file():
    for shift, scale in (spans(table()), ((3.0,), (7.0,))):
        data = RowBatches(table(), 50, shift=shift, scale=scale, shuffle=False)
        back = data.unscaled(data.batch(0, 0)[1])
        assert back.dtype == np.float64
        np.testing.assert_allclose(back, table().targets, rtol=1e-5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": 0}, "batch size 0"),
        ({"seed": -1}, "seed -1"),
        ({"size": 60, "drop_last": True}, "table: 50 rows make no batch of 60"),
        ({"shift": (1.0, 2.0)}, "shift has 2 values for table with 3 columns"),
        ({"scale": (1.0, 0.0, 1.0)}, "table: the scale of ten is 0, it must be above 0; leave out"),
        ({"scale": (-1.0,)}, "the scale of all columns is -1"),
    ],
)
def test_what_cannot_be_is_refused(settings, message):
    with pytest.raises(UserError, match=message):
        RowBatches(table(), **({"size": 16} | settings))


def test_paddles_loader_gives_the_same_batches_too():
    data = RowBatches(table(), size=16, seed=2)
    for (inputs, targets), (x, y) in zip(data.epoch(1), loader(data, epoch=1), strict=True):
        assert (x.numpy() == inputs).all() and (y.numpy() == targets).all()


def test_the_description_names_all_that_decides():
    shift, scale = spans(table())
    about = RowBatches(table(), 16, seed=4, shift=shift, scale=scale, shuffle=False).describe()
    assert about["n"] == 50 and about["seed"] == 4 and about["shuffle"] is False
    assert about["shift"] == [24.5, 245, 75.5] and about["scale"] == [49, 490, 49]


def test_the_rows_that_judge_are_scaled_by_what_was_seen_in_the_others():
    split = cut(table(), 40, "file", seed=2)
    learn, judge = split.learn, split.judge
    assert (split.name, split.seed, learn.seed) == ("file", 2, 2)
    assert (len(learn.data), len(judge.data)) == (40, 10) and learn.shuffle and not judge.shuffle
    assert judge.data.inputs[:, 0].tolist() == list(range(40, 50))
    assert judge.shift == learn.shift == (19.5, 195, 80.5) and judge.scale == learn.scale == (39, 390, 39)
    assert judge.batch(0, 0)[0][0, 0] == pytest.approx((40 - 19.5) / 39)
    leaky = cut(table(), 40, "file", leak=True)
    assert leaky.learn.shift == leaky.judge.shift == (*spans(table())[0][:2], 80.5)  # the target's is never leaked
    assert leaky.learn.scale == leaky.judge.scale == (*spans(table())[1][:2], 39)
    assert leaky.name == "file-leak" and len(leaky.learn.data) == 40


def test_raw_targets_are_those_of_the_file():
    split = raw_targets(cut(table(), 40, "file", seed=2))
    assert (split.name, split.seed) == ("file-raw", 2) and split.learn.shuffle and not split.judge.shuffle
    for data in (split.learn, split.judge):
        inputs, targets = data.batch(0, 0)
        assert (targets[:, 0] == 100 - np.round(inputs[:, 0] * 39 + 19.5)).all()
        assert (data.unscaled(targets) == targets).all()


def test_a_random_split_is_a_function_of_its_seed():
    one, again, other = (shuffle_and_cut(table(), 40, seed) for seed in (1, 1, 2))
    first = one.learn.data.inputs[:, 0]
    assert sorted([*first, *one.judge.data.inputs[:, 0]]) == list(range(50)) and sorted(first) != list(range(40))
    assert (first == again.learn.data.inputs[:, 0]).all() and (first != other.learn.data.inputs[:, 0]).any()
    assert one.learn.shift == (
        pytest.approx(first.mean()),
        pytest.approx(10 * first.mean()),
        pytest.approx(100 - first.mean()),
    )
