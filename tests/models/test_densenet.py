import numpy as np
import paddle
import pytest
from paddle.vision.models import densenet121 as paddle_densenet121

from paddle_course.models import Dense, DenseNet
from paddle_course.runtime import UserError


@pytest.mark.parametrize("depth", [121, 169])
def test_output_shape_and_depth(depth):
    model = DenseNet(depth, classes=7, channels=1, growth=4)
    assert model(paddle.zeros([2, 1, 32, 32])).shape == [2, 7]
    assert len([p for p in model.parameters() if p.ndim >= 2]) == depth


def test_shapes_inside():
    model, shapes = DenseNet(growth=4), {}
    for name, part in model.features.named_children():
        part.register_forward_post_hook(lambda _, inputs, output, name=name: shapes.update({name: output.shape[1:]}))
    model(paddle.zeros([1, 3, 64, 64]))
    assert shapes["stem"] == [8, 16, 16]
    assert [shapes[f"block{i}"] for i in range(1, 5)] == [[32, 16, 16], [64, 8, 8], [128, 4, 4], [128, 2, 2]]
    assert [shapes[f"transition{i}"] for i in range(1, 4)] == [[16, 8, 8], [32, 4, 4], [64, 2, 2]]


def test_it_is_the_densenet_of_paddle_vision():
    """The same parameters, layer by layer, give the same answers: only the names differ."""
    theirs, ours = paddle_densenet121(num_classes=10), DenseNet(classes=10)
    for source, target in zip(theirs.parameters(), ours.parameters(), strict=True):
        assert source.shape == target.shape
        target.set_value(source)
    theirs.eval(), ours.eval()
    x = paddle.randn([2, 3, 64, 64])
    np.testing.assert_allclose(ours(x).numpy(), theirs(x).numpy(), rtol=1e-4, atol=1e-5)


def test_a_dense_layer_hands_its_input_on():
    layer = Dense(paddle.nn.Conv2D(3, 2, 1))
    x = paddle.randn([2, 3, 4, 4])
    assert paddle.equal_all(layer(x)[:, :3], x) and paddle.equal_all(layer(x)[:, 3:], layer.body(x))


def test_names():
    names = {name for name, _ in DenseNet(growth=4).named_parameters()}
    assert {
        "features.stem.conv.weight",
        "features.block3.layer24.body.conv2.weight",
        "features.transition1.norm.bias",
        "features.norm.weight",
        "fc.bias",
    } <= names


def test_mistakes_are_told():
    with pytest.raises(UserError, match="DenseNet-12 here; there are DenseNet-121, -169"):
        DenseNet(12)


def test_learns(learns_by_heart):
    learns_by_heart(lambda: DenseNet(growth=4), (3, 32, 32))


def test_gradients(gradients_are_slopes):
    gradients_are_slopes(
        lambda: paddle.nn.Sequential(*list(DenseNet(growth=2).features.block1)[:2], paddle.nn.Flatten()), 4, 3, 3
    )
