import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_course.models import FundusLeNet
from paddle_course.models.activations import CentredSigmoid
from paddle_course.runtime import UserError

VARIANTS = [{}, {"activation": "relu"}, {"activation": "centred-sigmoid"}, {"norm": True}, {"gain": 4.0}]


@pytest.mark.parametrize("settings", VARIANTS)
def test_output_shape(settings):
    model = FundusLeNet(classes=3, channels=1, side=40, **settings)
    assert model(paddle.zeros([2, 1, 40, 40])).shape == [2, 3]


def test_shapes_of_the_course():
    with paddle.LazyGuard():  # shapes without values
        assert FundusLeNet().head.fc1.weight.shape == [300_000, 64]
    model, shapes = FundusLeNet(side=56), []
    for layer in (*model.features.children(), model.head.flatten):
        layer.register_forward_post_hook(lambda layer, inputs, output: shapes.append(output.shape[1:]))
    model(paddle.zeros([1, 3, 56, 56]))
    assert shapes[::3] == [[6, 52, 52], [16, 22, 22], [120, 8, 8]] and shapes[2::3] == [
        [6, 26, 26],
        [16, 11, 11],
        [7680],
    ]


def test_names_and_the_order_of_the_layers():
    parts = [name for name, _ in FundusLeNet(side=28, norm=True).named_sublayers() if "." in name]
    hidden = [
        f"features.{part}{i}" for i in (1, 2, 3) for part in ("conv", "norm", "act", "pool") if (part, i) != ("pool", 3)
    ]
    assert parts == [*hidden, "head.flatten", "head.fc1", "head.norm4", "head.act4", "head.fc2"]
    plain = [name for name, _ in FundusLeNet(side=28).named_parameters()]
    assert plain == [
        f"{layer}.{kind}"
        for layer in ("features.conv1", "features.conv2", "features.conv3", "head.fc1", "head.fc2")
        for kind in ("weight", "bias")
    ]


def test_the_activation_is_the_one_asked_for_in_all_four_places():
    for name, kind in (("sigmoid", nn.Sigmoid), ("relu", nn.ReLU), ("centred-sigmoid", CentredSigmoid)):
        kinds = [type(each) for each in FundusLeNet(side=28, activation=name).sublayers()]
        assert kinds.count(kind) == 4


def test_gain_is_that_of_glorot():
    paddle.seed(0)
    model = FundusLeNet(side=56, gain=4.0)
    for layer, fans in ((model.features.conv3, 16 * 16 + 120 * 16), (model.head.fc1, 7680 + 64)):
        assert layer.weight.numpy().std() == pytest.approx(4 * (2 / fans) ** 0.5, rel=0.05)


def test_what_the_sigmoid_hands_on_is_the_same_for_all_pictures_and_centring_it_changes_that():
    """The reason why the course's network does not learn."""
    images = paddle.to_tensor(np.random.default_rng(0).uniform(-1, 1, (20, 3, 56, 56)).astype("float32"))
    differs = {}
    for name in ("sigmoid", "centred-sigmoid"):
        paddle.seed(1)
        values = FundusLeNet(side=56, activation=name).features(images).flatten(1).numpy()
        differs[name] = 1 - float(np.square(values.mean(0)).sum() / np.square(values).sum(1).mean())
    assert differs["sigmoid"] < 1e-3 and differs["centred-sigmoid"] > 20 * differs["sigmoid"]


def test_too_small_a_picture_is_told():
    assert FundusLeNet(side=28)(paddle.zeros([2, 3, 28, 28])).shape == [2, 1]
    with pytest.raises(UserError, match="28 x 28, not 27 x 27"):
        FundusLeNet(side=27)


def test_learns(learns_by_heart):
    learns_by_heart(lambda: FundusLeNet(classes=4, side=32, activation="relu"), (3, 32, 32))
    learns_by_heart(lambda: FundusLeNet(classes=4, side=32, norm=True), (3, 32, 32), steps=60)
    learns_by_heart(lambda: FundusLeNet(classes=4, side=32, activation="centred-sigmoid"), (3, 32, 32), steps=120)


def test_gradients(gradients_are_slopes):
    gradients_are_slopes(lambda: FundusLeNet(classes=4, side=28, activation="centred-sigmoid"), 3, 28, 28)
    gradients_are_slopes(lambda: FundusLeNet(classes=4, side=28, norm=True), 3, 28, 28)
