import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_course.models import CampNet
from paddle_course.runtime import UserError

VARIANTS = [{}, {"norm": False}, {"depth": "deeper"}, {"width": 0.5}, {"depth": "deeper", "norm": False, "width": 0.6}]


@pytest.mark.parametrize("settings", VARIANTS)
def test_output_shape(settings):
    assert CampNet(classes=4, **settings)(paddle.zeros([2, 3, 32, 32])).shape == [2, 4]


@pytest.mark.parametrize("settings", VARIANTS)
def test_every_variant_leaves_its_blocks_at_14_5_and_1(settings):
    model, sides = CampNet(**settings), []
    for block in model.features.children():
        block.register_forward_post_hook(lambda layer, inputs, output: sides.append(output.shape[2]))
    model(paddle.zeros([1, 3, 32, 32]))
    assert sides == [14, 5, 1]


def test_names():
    names = [name for name, _ in CampNet(depth="deeper").named_parameters()]
    assert names[:2] == ["features.block1.conv1.weight", "features.block1.conv1.bias"]
    others = ("block1.conv2.weight", "block2.norm.weight", "block3.conv2.bias")
    assert {*(f"features.{name}" for name in others), "fc.weight"} <= set(names)


def test_pooling_a_1x1_map_leaves_it_and_its_gradient_as_they_are():
    x = paddle.randn([2, 50, 1, 1])
    x.stop_gradient = False
    y = nn.MaxPool2D(2)(x)
    (3 * y).sum().backward()
    assert np.array_equal(y.numpy(), x.numpy())
    assert np.array_equal(x.grad.numpy(), np.full([2, 50, 1, 1], 3, np.float32))


def test_unknown_depth_is_told():
    with pytest.raises(UserError, match="no depth 'abyss'; it has camp, deeper"):
        CampNet(depth="abyss")


@pytest.mark.parametrize("settings", VARIANTS)
def test_learns(learns_by_heart, settings):
    learns_by_heart(lambda: CampNet(**settings), (3, 32, 32))


def test_gradients(gradients_are_slopes):
    gradients_are_slopes(CampNet, 3, 32, 32)
    gradients_are_slopes(lambda: CampNet(depth="deeper", norm=False), 3, 32, 32)
