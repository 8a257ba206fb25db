"""What all pictures have in common, and what tells them apart."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from paddle_course import answers, batches, readers


@pytest.fixture
def data() -> batches.Batches:
    """Four pictures of two pixels, black or white; in units of -1..1: (1, 1), (1, -1), (1, 1), (1, -1)."""
    images = np.array([[255, 255], [255, 0]] * 2, np.uint8).reshape(4, 1, 2, 1)
    return batches.Batches(readers.Images(images, np.zeros(4, np.int64), ("a",), "dots"), 2, shuffle=False)


def test_one_pixel_is_in_common_and_the_other_tells_them_apart(data: batches.Batches) -> None:
    found = answers.signal(paddle.nn.Identity(), data, 2)
    assert found.values == 2 and found.squares == pytest.approx(2, rel=1e-6) and found.common == pytest.approx(0.5)


def test_an_offset_drowns_what_tells_them_apart(data: batches.Batches) -> None:
    class Offset(paddle.nn.Layer):
        def forward(self, x: paddle.Tensor) -> paddle.Tensor:
            return x + 100

    found = answers.signal(Offset(), data, 9)  # there are but two batches
    assert found.squares == pytest.approx(101**2 + (101**2 + 99**2) / 2)
    assert 0.9999 < found.common < 1
