import paddle
import pytest

from paddle_course.models import DigitNet
from paddle_course.runtime import UserError


@pytest.mark.parametrize(("channels", "side"), [(1, 28), (3, 32), (1, 12)])
def test_output_shape_for_any_picture(channels, side):
    model = DigitNet(classes=7, channels=channels, side=side, widths=(4, 6, 8))
    assert model(paddle.zeros([2, channels, side, side])).shape == [2, 7]


def test_shapes_inside():
    model, shapes = DigitNet(widths=(4, 8, 16)), []
    parts = model.features
    for layer in (parts.block1.conv1, parts.block1, parts.block2, parts.block3, model.flatten):
        layer.register_forward_post_hook(lambda layer, inputs, output: shapes.append(output.shape[1:]))
    model(paddle.zeros([1, 1, 28, 28]))
    assert shapes == [[4, 24, 24], [4, 12, 12], [8, 6, 6], [16, 3, 3], [144]]


def test_names():
    names = {name for name, _ in DigitNet(widths=(4, 8, 16)).named_parameters()}
    assert {"features.block1.conv1.weight", "features.block3.norm2.bias", "fc.weight"} <= names
    assert "features.block1.conv1.bias" not in names


def test_pooling_first_changes_nothing_but_the_work():
    """The largest of four, then batch norm and ReLU, is batch norm and ReLU, then the largest of four."""
    block = DigitNet(widths=(4, 8, 16)).features.block1
    block.eval()
    block.norm1.bias.set_value(paddle.to_tensor([0.3, -0.2, 0.1, -0.5]))
    x = block.conv1(paddle.randn([2, 1, 28, 28]))
    first, last = block.relu1(block.norm1(block.pool(x))), block.pool(block.relu1(block.norm1(x)))
    assert paddle.allclose(first, last, atol=1e-6)


def test_too_small_a_picture_is_told():
    with pytest.raises(UserError, match="12 x 12, not 11 x 11"):
        DigitNet(side=11)


def test_learns(learns_by_heart):
    learns_by_heart(lambda: DigitNet(widths=(4, 8, 16)), (1, 28, 28))


def test_gradients(gradients_are_slopes):
    gradients_are_slopes(lambda: DigitNet(widths=(4, 8, 16)), 1, 28, 28)
