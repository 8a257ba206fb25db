"""Test-time views: what each shows, and that the weights sum to one."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_course.batches import mirrored, nine_views, one_view, six_views

IMAGES = np.random.default_rng(0).normal(size=(2, 3, 5, 6)).astype(np.float32)


@pytest.mark.parametrize(("views", "count"), [(one_view, 1), (mirrored, 2), (six_views, 6), (nine_views, 9)])
def test_weights_sum_to_one_and_shapes_stay(views: object, count: int) -> None:
    weights, shown = zip(*views(IMAGES), strict=True)
    assert len(shown) == count
    assert sum(weights) == pytest.approx(1)
    assert all(each.shape == IMAGES.shape and each.flags.c_contiguous for each in shown)


def test_the_first_view_is_the_picture_and_the_second_its_mirror_image() -> None:
    for views in (mirrored, six_views):
        (_, first), (_, second), *_ = views(IMAGES)
        np.testing.assert_array_equal(first, IMAGES)
        np.testing.assert_array_equal(second, IMAGES[..., ::-1])


def test_six_views_are_shifted_by_one_pixel_and_reflect_at_the_edge() -> None:
    _, _, (weight, up_left), _, (_, down_right), _ = six_views(IMAGES)
    assert weight == 0.125
    np.testing.assert_array_equal(up_left[:, :, 1:, 1:], IMAGES[:, :, :-1, :-1])
    np.testing.assert_array_equal(down_right[:, :, :-1, :-1], IMAGES[:, :, 1:, 1:])
    np.testing.assert_array_equal(up_left[:, :, 0, 0], IMAGES[:, :, 1, 1])


def test_nine_views_are_all_shifts_by_a_pixel_with_the_edge_repeated_and_none_mirrored() -> None:
    views = [view for _, view in nine_views(IMAGES)]
    np.testing.assert_array_equal(views[4], IMAGES)
    np.testing.assert_array_equal(views[0][:, :, 1:, 1:], IMAGES[:, :, :-1, :-1])
    np.testing.assert_array_equal(views[0][:, :, 0, 0], IMAGES[:, :, 0, 0])
    np.testing.assert_array_equal(views[5][..., :-1], IMAGES[..., 1:])
    assert len({view.tobytes() for view in views}) == 9
