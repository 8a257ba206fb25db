"""The convolution on paper against one that counts, and against Paddle's."""

import numpy as np
import pytest
from paddle import nn

from paddle_course.answers import Convolution, Tally, counted, layer_table, recounted
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


@pytest.mark.parametrize("form", [*SMALL, COURSE.little()])
@pytest.mark.parametrize("biased", [True, False])
def test_paper_counter_and_paddle_agree(form, biased):
    tally, off = recounted(form, biased)
    assert (tally.multiplications, tally.additions) == (form.multiplications, form.additions(biased))
    assert tally.on_padding == form.on_padding
    assert off < 1e-4


def test_paper_and_counter_that_disagree_are_no_answer(monkeypatch):
    monkeypatch.setattr(Convolution, "on_padding", 7)
    with pytest.raises(ValueError, match=r"\[2, 3, 5, 6\], 4 of 3 × 3.*on_padding=7"):
        recounted(SMALL[0])


def test_the_counter_computes_what_a_convolution_is():
    images, weight = np.arange(9.0).reshape(1, 1, 3, 3), np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    values, tally = counted(images, weight, np.array([100.0]))
    assert values.tolist() == [[[[127, 137], [157, 167]]]]  # 0 + 2 + 9 + 16 = 27, and so on
    assert tally == Tally(16, 16, 0)


def test_a_convolution_in_little_differs_in_nothing_but_the_number_of_places():
    little = Convolution(10, 3, 224, 100, 64, 5, 4, 2).little()
    assert little == Convolution(1, 3, 13, 13, 1, 5, 4, 2) and little.products == 75
    assert Convolution(1, 1, 4, 100, 1, 7, 1, 2).little().height == 4  # its kernel fits because of the padding alone
    assert Convolution(1, 1, 9, 9, 1, 3, 1, 1000).little() == Convolution(1, 1, 5, 5, 1, 3, 1, 3)


def test_the_multiplications_by_padding_take_no_memory_to_count():
    wide = Convolution(1, 1, 10**9, 1, 1, 3, 1, 1)  # three columns of it lie in the padding, but for the middle one
    assert wide.multiplications == 9 * 10**9 and wide.on_padding == 6 * 10**9 + 2


def test_the_layer_table_counts_the_same_multiplications():
    row = layer_table(nn.Sequential(nn.Conv2D(3, 64, 3, padding=1)), (3, 224, 224))[0]
    assert 10 * row.macs == COURSE.multiplications


def test_a_kernel_that_does_not_fit_is_refused():
    with pytest.raises(UserError, match="kernel of 9 x 9 does not fit into 4 x 12 with a padding of 2: take a smaller"):
        Convolution(1, 1, 4, 12, 1, 9, 1, 2)
    assert Convolution(1, 1, 5, 12, 1, 9, 1, 2).rows == 1
