import pytest

from paddle_course.models.activations import activation
from paddle_course.runtime import UserError


def test_each_use_is_a_layer_of_its_own():
    assert activation("relu") is not activation("relu")


def test_an_unknown_one_is_told():
    with pytest.raises(UserError, match="no activation is called 'swish'; there are relu, sigmoid"):
        activation("swish")
