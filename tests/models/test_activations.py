import numpy as np
import paddle
import pytest

from paddle_course.models.activations import activation
from paddle_course.runtime import UserError


def test_each_use_is_a_layer_of_its_own():
    assert activation("relu") is not activation("relu")


def test_a_centred_sigmoid_has_the_slope_of_the_sigmoid_and_its_middle_at_zero():
    x = np.linspace(-6, 6, 13).astype("float32")
    values, slopes = [], []
    for name in ("sigmoid", "centred-sigmoid"):
        there = paddle.to_tensor(x, stop_gradient=False)
        out = activation(name)(there)
        out.sum().backward()
        values.append(out.numpy())
        slopes.append(there.grad.numpy())
    np.testing.assert_allclose(values[0] - values[1], 0.5, atol=1e-6)
    np.testing.assert_array_equal(*slopes)


@pytest.mark.parametrize(
    ("name", "values"),
    [("relu", (0, 2)), ("sigmoid", (0.2689, 0.8808)), ("tanh", (-0.7616, 0.9640)), ("gelu", (-0.1587, 1.9545))],
)
def test_each_name_is_its_function(name, values):
    np.testing.assert_allclose(activation(name)(paddle.to_tensor([-1.0, 2.0])).numpy(), values, atol=1e-4)


def test_an_unknown_one_is_told():
    with pytest.raises(UserError, match="no activation is called 'swish'; there are relu, sigmoid"):
        activation("swish")
