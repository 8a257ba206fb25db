import paddle

from paddle_course.models import HalvingNet


def test_shapes_and_names():
    model, sides = HalvingNet(), []
    for layer in model.features:
        layer.register_forward_post_hook(lambda layer, inputs, output: sides.append(output.shape[2]))
    model.eval()
    assert model(paddle.zeros([2, 1, 227, 227])).shape == [2, 1]
    assert sides[::3] == [114, 57, 29, 15, 8]
    assert [name for name, _ in model.features.named_children()][:4] == ["conv1", "norm1", "act1", "conv2"]


def test_any_size_and_any_number_of_classes():
    model = HalvingNet(classes=7, channels=3, widths=(4, 8))
    for side in (9, 32):
        assert model(paddle.zeros([2, 3, side, side])).shape == [2, 7]


def test_it_does_not_care_where_things_are():
    """A picture moved by a whole cell of the last map, on a ground that goes on: the same logit."""
    model = HalvingNet(widths=(4, 8))
    model.eval()
    image = paddle.zeros([1, 1, 64, 64])
    image[:, :, 20:30, 20:30] = paddle.rand([1, 1, 10, 10])
    assert abs((model(image) - model(paddle.roll(image, 4, 3))).item()) < 1e-5
    assert abs((model(image) - model(paddle.zeros_like(image))).item()) > 1e-4


def test_learns(learns_by_heart):
    learns_by_heart(lambda: HalvingNet(classes=4, widths=(8, 16, 32)), (1, 12, 12), steps=60)


def test_gradients(gradients_are_slopes):
    gradients_are_slopes(lambda: HalvingNet(classes=4, widths=(4, 8)), 1, 9, 9)
