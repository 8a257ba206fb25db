import paddle
import pytest

from paddle_course.models import VGG
from paddle_course.runtime import UserError


@pytest.mark.parametrize("depth", [11, 13, 16, 19])
@pytest.mark.parametrize("norm", [True, False])
def test_output_shape_and_depth(depth, norm):
    model = VGG(depth, norm=norm, classes=7, width=4)
    assert model(paddle.zeros([2, 3, 32, 32])).shape == [2, 7]
    weights = [p for name, p in model.named_parameters() if name.endswith("weight") and "norm" not in name]
    assert len(weights) == depth - 2  # the paper's number counts its three linear layers


def test_shapes_inside():
    model, shapes = VGG(16, width=4), []
    for block in model.features:
        block.register_forward_post_hook(lambda layer, inputs, output: shapes.append(output.shape[1:]))
    model(paddle.zeros([1, 3, 32, 32]))
    assert shapes == [[4, 16, 16], [8, 8, 8], [16, 4, 4], [32, 2, 2], [32, 1, 1]]


def test_names():
    names = {name for name, _ in VGG(11, width=4).named_parameters()}
    assert {"features.block3.conv2.weight", "features.block3.norm2.bias", "head.fc.weight"} <= names


def test_the_imagenet_head_drops_in_training_only():
    model = VGG(11, norm=False, head="imagenet", classes=5, width=1)
    x = paddle.randn([1, 3, 64, 64])
    assert not paddle.allclose(model(x), model(x))
    model.eval()
    assert paddle.equal_all(model(x), model(x))


@pytest.mark.parametrize(
    ("settings", "told"),
    [({"depth": 12}, "VGG-12; there are VGG-11, -13, -16, -19"), ({"head": "x"}, "cifar, imagenet")],
)
def test_mistakes_are_told(settings, told):
    with pytest.raises(UserError, match=told):
        VGG(**settings)


def test_learns(learns_by_heart):
    learns_by_heart(lambda: VGG(16, width=8), (3, 32, 32))
    learns_by_heart(lambda: VGG(11, norm=False, width=8), (3, 32, 32))


def test_gradients(gradients_are_slopes):
    gradients_are_slopes(lambda: VGG(11, width=4), 3, 32, 32)
