import paddle
import pytest
from paddle import nn

from paddle_course.models import LeNet
from paddle_course.runtime import UserError


@pytest.mark.parametrize(("channels", "side"), [(1, 28), (3, 32), (1, 12), (3, 33)])
def test_output_shape_for_any_picture(channels, side):
    model = LeNet(classes=7, channels=channels, side=side)
    assert model(paddle.zeros([2, channels, side, side])).shape == [2, 7]


def test_shapes_inside():
    model, shapes = LeNet(), []
    parts = model.features
    for layer in (parts.pool1, parts.conv2, parts.pool2, model.head.flatten):
        layer.register_forward_post_hook(lambda layer, inputs, output: shapes.append(output.shape[1:]))
    model(paddle.zeros([1, 1, 28, 28]))
    assert shapes == [[6, 14, 14], [16, 10, 10], [16, 5, 5], [400]]


def test_names():
    names = [name for name, _ in LeNet().named_parameters()]
    layers = ("features.conv1", "features.conv2", "head.fc1", "head.fc2", "head.fc3")
    assert names == [f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")]


def test_the_activation_is_the_one_asked_for():
    kinds = {name: [type(x) for x in LeNet(activation=name).sublayers()] for name in ("relu", "sigmoid")}
    assert kinds["relu"].count(nn.ReLU) == kinds["sigmoid"].count(nn.Sigmoid) == 4
    assert nn.Sigmoid not in kinds["relu"] and nn.ReLU not in kinds["sigmoid"]


def test_too_small_a_picture_is_told():
    with pytest.raises(UserError, match="12 x 12, not 11 x 11"):
        LeNet(side=11)


def test_learns(learns_by_heart):
    learns_by_heart(LeNet, (1, 28, 28))
    learns_by_heart(lambda: LeNet(activation="sigmoid"), (1, 28, 28), steps=160, lr=0.005)


def test_gradients(gradients_are_slopes):
    gradients_are_slopes(LeNet, 1, 28, 28)
    gradients_are_slopes(lambda: LeNet(activation="sigmoid"), 1, 28, 28)
