import numpy as np
import paddle
import pytest
from paddle.vision.models import resnet18 as paddle_resnet18
from paddle.vision.models import resnet50 as paddle_resnet50

from paddle_course.models import Residual, ResNet, build
from paddle_course.runtime import UserError


@pytest.mark.parametrize("depth", [18, 34, 50])
@pytest.mark.parametrize(("stem", "side"), [("cifar", 32), ("imagenet", 64)])
def test_output_shape_and_depth(depth, stem, side):
    model = ResNet(depth, stem=stem, classes=7, width=4)
    assert model(paddle.zeros([2, 3, side, side])).shape == [2, 7]
    weights = [n for n, p in model.named_parameters() if p.ndim >= 2 and "shortcut" not in n]
    assert len(weights) == depth


@pytest.mark.parametrize(("depth", "growth"), [(18, 1), (50, 4)])
def test_shapes_inside(depth, growth):
    model, shapes = ResNet(depth, width=4), []
    for part in list(model.features.children())[:5]:
        part.register_forward_post_hook(lambda layer, inputs, output: shapes.append(output.shape[1:]))
    model(paddle.zeros([1, 3, 32, 32]))
    assert shapes[0] == [4, 32, 32]
    assert shapes[1:] == [[growth * w, side, side] for w, side in [(4, 32), (8, 16), (16, 8), (32, 4)]]


def test_names():
    names = {name for name, _ in ResNet(50, width=4).named_parameters()}
    assert {
        "features.stem.conv.weight",
        "features.stage1.block1.body.conv3.weight",
        "features.stage2.block1.shortcut.conv.weight",
        "features.stage4.block3.body.norm2.bias",
        "fc.bias",
    } <= names


@pytest.mark.parametrize(("depth", "original"), [(18, paddle_resnet18), (50, paddle_resnet50)])
def test_it_is_the_resnet_of_paddle_vision(depth, original):
    """The same parameters, layer by layer, give the same answers: only the names differ."""
    theirs, ours = original(num_classes=10), ResNet(depth, stem="imagenet", classes=10)
    for source, target in zip(theirs.parameters(), ours.parameters(), strict=True):
        assert source.shape == target.shape
        target.set_value(source)
    theirs.eval(), ours.eval()
    x = paddle.randn([2, 3, 64, 64])
    np.testing.assert_allclose(ours(x).numpy(), theirs(x).numpy(), rtol=1e-4, atol=1e-5)


def test_a_residual_block_adds_its_input():
    block = Residual(paddle.nn.Sequential(("conv", paddle.nn.Conv2D(3, 3, 1))), 3, 3, stride=1)
    block.body.conv.weight.set_value(paddle.zeros([3, 3, 1, 1]))
    x = paddle.randn([2, 3, 4, 4])
    assert paddle.equal_all(block(x), paddle.nn.functional.relu(x))


def test_the_plain_network_is_the_same_one_without_its_shortcuts():
    residual, plain = (build("resnet18", seed=3, width=4, shortcuts=has) for has in (True, False))
    ours, theirs = (dict(model.named_parameters()) for model in (residual, plain))
    assert {name for name in ours if "shortcut" not in name} == theirs.keys()
    assert all(np.array_equal(ours[name].numpy(), p.numpy()) for name, p in theirs.items() if "conv" in name)
    block, x = plain.features.stage1.block1, paddle.randn([2, 4, 8, 8])
    np.testing.assert_array_equal(block(x).numpy(), paddle.nn.functional.relu(block.body(x)).numpy())
    assert np.abs(residual.features.stage1.block1(x).numpy() - block(x).numpy()).max() > 0.1


@pytest.mark.parametrize(
    ("settings", "told"),
    [({"depth": 20}, "ResNet-20 here; there are ResNet-18, -34, -50"), ({"stem": "x"}, "cifar, imagenet")],
)
def test_mistakes_are_told(settings, told):
    with pytest.raises(UserError, match=told):
        ResNet(**settings)


def test_learns(learns_by_heart):
    learns_by_heart(lambda: ResNet(18, width=8), (3, 32, 32))
    learns_by_heart(lambda: ResNet(50, stem="imagenet", width=4), (3, 32, 32))


def test_gradients(gradients_are_slopes):
    gradients_are_slopes(lambda: ResNet(18, width=4), 3, 16, 16)
