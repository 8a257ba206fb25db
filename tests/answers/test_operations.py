"""The convolution on paper against one that counts, and against Paddle's."""

import numpy as np
import paddle.nn.functional as F
import pytest
from paddle import nn, to_tensor

from paddle_course.answers import Convolution, counted, layer_table
from paddle_course.runtime import UserError

COURSE = Convolution(10, 3, 224, 224, 64, 3, 1, 1)
SMALL = [
    Convolution(2, 3, 5, 6, 4, 3, 1, 1),
    Convolution(1, 1, 4, 4, 1, 3),
    Convolution(1, 2, 7, 5, 3, 1),
    Convolution(1, 2, 7, 9, 2, 5, 2, 2),
    Convolution(1, 3, 6, 6, 2, 3, 3, 0),
    Convolution(2, 1, 3, 4, 1, 2, 1, 3),  # kernels that see nothing but padding
]


def test_the_course_s_numbers():
    assert (COURSE.rows, COURSE.columns, COURSE.products, COURSE.outputs) == (224, 224, 27, 32_112_640)
    assert COURSE.multiplications == COURSE.additions() == 867_041_280
    assert COURSE.additions(bias=False) == 834_928_640
    # Of the 224 x 3 pairs of place and cell along a side, one at either end lies outside.
    assert COURSE.on_padding == 10 * 64 * 3 * (672**2 - 670**2) == 5_153_280


@pytest.mark.parametrize("form", SMALL)
@pytest.mark.parametrize("biased", [True, False])
def test_paper_counter_and_paddle_agree(form, biased):
    rng = np.random.default_rng(0)
    images = rng.normal(size=(form.batch, form.in_channels, form.height, form.width))
    weight = rng.normal(size=(form.out_channels, form.in_channels, form.kernel, form.kernel))
    bias = rng.normal(size=form.out_channels) if biased else None
    result, tally = counted(images, weight, bias, form.stride, form.padding)
    assert tally.multiplications == form.multiplications
    assert tally.additions == form.additions(biased)
    assert tally.on_padding == form.on_padding
    tensors = [None if each is None else to_tensor(each.astype("float32")) for each in (images, weight, bias)]
    theirs = F.conv2d(*tensors, stride=form.stride, padding=form.padding).numpy()
    np.testing.assert_allclose(result, theirs, atol=1e-4)


def test_the_layer_table_counts_the_same_multiplications():
    row = layer_table(nn.Sequential(nn.Conv2D(3, 64, 3, padding=1)), (3, 224, 224))[0]
    assert 10 * row.macs == COURSE.multiplications


def test_a_kernel_that_does_not_fit_is_refused():
    with pytest.raises(UserError, match="kernel of 9 x 9 does not fit into 4 x 12 with a padding of 2: take a smaller"):
        Convolution(1, 1, 4, 12, 1, 9, 1, 2)
    assert Convolution(1, 1, 5, 12, 1, 9, 1, 2).rows == 1
