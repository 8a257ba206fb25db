import numpy as np
import paddle
import pytest

from paddle_course import models
from paddle_course.models import transfer
from paddle_course.runtime import UserError

SMALL = {
    "vgg11": {"width": 4},
    "resnet18-imagenet": {"width": 4},
    "resnet34-imagenet": {"width": 4},
    "densenet121": {"growth": 4},
}


def arrays(model):
    return {name: value.numpy().copy() for name, value in model.state_dict().items()}


@pytest.mark.parametrize("name", SMALL)
def test_a_net_for_colours_gives_the_same_for_grey_with_one_channel(name):
    colours = models.build(name, seed=1, classes=7, **SMALL[name])
    grey = models.build(name, seed=2, classes=7, channels=1, **SMALL[name])
    assert transfer(arrays(colours), grey) == []
    colours.eval(), grey.eval()
    x = paddle.randn([3, 1, 32, 32])
    with paddle.no_grad():
        np.testing.assert_allclose(grey(x).numpy(), colours(x.tile([1, 3, 1, 1])).numpy(), rtol=1e-4, atol=1e-5)


def test_another_number_of_classes_keeps_its_own_last_layer():
    old, new = (models.build("resnet18", seed=s, classes=c, width=4) for s, c in ((1, 1000), (2, 340)))
    last = new.fc.weight.numpy().copy()
    assert transfer(arrays(old), new) == ["fc.weight", "fc.bias"]
    assert np.array_equal(new.fc.weight.numpy(), last)
    for name, value in arrays(old).items():
        if not name.startswith("fc"):
            assert np.array_equal(dict(new.state_dict())[name].numpy(), value), name
    assert new(paddle.zeros([12, 3, 32, 32])).shape == [12, 340]


def test_what_does_not_fit_is_refused_before_anything_is_touched():
    old, new = models.build("resnet18", seed=1, width=8), models.build("resnet18", seed=2, width=4)
    before, fits = arrays(new), arrays(models.build("resnet18", width=4))
    for params, message in (
        (arrays(old), r"is \(8, 3, 3, 3\), the model's is \(4, 3, 3, 3\)"),
        (arrays(models.build("vgg11", width=4)), "these are params of another network than this ResNet"),
        (fits | {"fc.weight": np.zeros((32, 9), np.float32)}, "its partner does not"),
        (fits | {"fc.bias": np.zeros(10)}, r"fc\.bias is float64, the model's is float32"),
    ):
        with pytest.raises(UserError, match=message):
            transfer(params, new)
    assert all(np.array_equal(value, before[name]) for name, value in arrays(new).items())
