import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_course import models
from paddle_course.answers.analysis import counts, depth, layer_table

# Multiply-accumulates for one picture; the last six are the published 1.81, 3.66, 4.09, 15.5 and 19.6 G (torchvision).
MACS = {
    "mlp": 397_000,
    "lenet": 416_520,
    "camp": 3_739_000,
    "vgg16": 313_201_664,
    "resnet18": 555_422_720,
    "resnet18-imagenet": 1_814_073_344,
    "resnet34-imagenet": 3_663_761_408,
    "resnet50-imagenet": 4_089_184_256,
    "vgg16-imagenet": 15_470_264_320,
    "vgg19-imagenet": 19_632_062_464,
}
# Weight layers as the papers count them: a ResNet's without its shortcuts; a VGG for CIFAR ends in one linear layer.
DEPTHS = {
    "mlp": 2,
    "lenet": 5,
    "camp": 4,
    "camp-deeper": 7,
    "vgg11": 9,
    "vgg19": 17,
    "vgg16-imagenet": 16,
    "vgg19-imagenet": 19,
    "resnet18": 18,
    "resnet34": 34,
    "resnet50-imagenet": 50,
    "fast": 8,
}


def test_the_camp_network():
    rows = layer_table(models.build("camp"), (3, 32, 32))
    holding = [row for row in rows if row.values]
    assert [row.values for row in holding] == [1520, 80, 25_050, 200, 62_550, 510]
    assert sum(row.values for row in rows) == 89_910
    assert sum(row.trainable for row in rows) == 89_770
    assert [row.formula for row in holding] == [
        "20 x (3 x 5 x 5) + 20",
        "4 x 20",
        "50 x (20 x 5 x 5) + 50",
        "4 x 50",
        "50 x (50 x 5 x 5) + 50",
        "10 x 50 + 10",
    ]
    sides = [32] + [row.output[1] for row in rows if row.kind in ("Conv2D", "MaxPool2D")]
    assert sides == [32, 28, 14, 10, 5, 1, 1]
    assert [row.name for row in rows[:4]] == [f"features.block1.{name}" for name in ("conv1", "relu1", "pool", "norm")]
    assert rows[0].input == (3, 32, 32) and rows[-1].output == (10,)
    assert [row.macs for row in rows if row.macs] == [20 * 28 * 28 * 75, 50 * 10 * 10 * 500, 50 * 1250, 500]


@pytest.mark.parametrize("name", models.MODELS)
def test_paper_and_network_agree_for_every_model(name):
    nn.initializer.set_global_initializer(nn.initializer.Constant(0.1))  # nobody counts by values, and draws take long
    try:
        model = models.build(name)
    finally:
        nn.initializer.set_global_initializer(None)
    trainable, running, macs = counts(model, models.MODELS[name].input_shape)
    assert trainable == sum(int(p.size) for p in model.parameters() if not p.stop_gradient)
    assert trainable + running == sum(int(value.size) for value in model.state_dict().values())
    assert macs == MACS.get(name, macs)
    if name in DEPTHS:
        assert depth(model, models.MODELS[name].input_shape) == DEPTHS[name]


@pytest.mark.parametrize("name", ["camp", "lenet", "mlp", "resnet18", "vgg16"])
def test_the_formulas_come_to_the_values(name):
    for row in layer_table(models.build(name), models.MODELS[name].input_shape):
        assert eval((row.formula or "0").replace("x", "*")) == row.values, row


def test_grouped_strided_and_bare_layers():
    (row,) = layer_table(nn.Conv2D(8, 12, (3, 1), stride=2, groups=4, bias_attr=False), (8, 9, 9))
    assert (row.formula, row.trainable, row.output) == ("12 x (2 x 3 x 1)", 72, (12, 4, 5))
    assert row.macs == 12 * 4 * 5 * 6
    # 7-1 of the course: a 3x3 convolution, 3 -> 64 channels, multiplies once per weight at each of the 224 x 224 places
    assert counts(nn.Conv2D(3, 64, 3, padding=1), (3, 224, 224)) == (64 * 27 + 64, 0, 64 * 27 * 224 * 224)


def test_nothing_is_changed_by_looking():
    paddle.seed(5)
    model = models.VGG(11, head="imagenet", width=1, classes=4)
    model.features.block1.eval()  # a part frozen by hand stays frozen
    before = {name: value.numpy().copy() for name, value in model.state_dict().items()}
    modes = [layer.training for layer in model.sublayers(include_self=True)]
    random = paddle.get_rng_state()[0].__getstate__()
    layer_table(model, (3, 64, 64))
    assert paddle.get_rng_state()[0].__getstate__() == random
    assert [layer.training for layer in model.sublayers(include_self=True)] == modes and len(set(modes)) == 2
    assert all(np.array_equal(before[name], value.numpy()) for name, value in model.state_dict().items())
    assert not any(layer._forward_post_hooks for layer in model.sublayers(include_self=True))


def test_frozen_weights_do_not_train():
    model = models.build("camp")
    model.features.block1.conv1.weight.stop_gradient = True
    row = layer_table(model, (3, 32, 32))[0]
    assert (row.trainable, row.running) == (20, 1500)


class Looped(nn.Layer):
    def __init__(self):
        super().__init__()
        self.once, self.again, self.never = nn.Linear(4, 4), nn.Linear(4, 4), None

    def forward(self, x):
        return self.again(self.again(self.once(x)))


def test_a_layer_used_twice_counts_its_values_once_and_its_work_twice():
    assert [(row.name, row.values, row.macs) for row in layer_table(Looped(), (4,))] == [
        ("once", 20, 16),
        ("again", 20, 16),
        ("again", 0, 16),
    ]


def test_a_layer_no_picture_meets_is_told():
    model = Looped()
    model.never = nn.Linear(4, 4)
    with pytest.raises(ValueError, match="never passed never"):
        layer_table(model, (4,))


def test_a_layer_without_a_formula_is_told():
    with pytest.raises(ValueError, match=r"0: weight holds 4 values, on paper None"):
        layer_table(nn.Sequential(nn.LayerNorm(4)), (4,))


def test_a_wrong_formula_is_told():
    model = nn.Sequential(nn.Conv2D(4, 4, 3))
    model[0]._kernel_size = [5, 5]
    with pytest.raises(ValueError, match="0: weight holds 144 values, on paper 400"):
        layer_table(model, (4, 8, 8))
    assert model[0].training and not model[0]._forward_post_hooks


def test_the_longest_of_parallel_ways_is_the_depth_and_looking_changes_nothing():
    class Ways(nn.Layer):
        def __init__(self):
            super().__init__()
            self.long = nn.Sequential(nn.Conv2D(1, 1, 1), nn.BatchNorm2D(1), nn.Conv2D(1, 1, 1), nn.Dropout(0.5))
            self.short = nn.Conv2D(1, 1, 1)
            self.fc = nn.Linear(4, 2)

        def forward(self, x):
            return self.fc(paddle.concat([self.short(x), self.long(x) + x], axis=1).mean(1).flatten(1))

    model = Ways()
    model.short.eval()
    for value in model.short.parameters():
        value.stop_gradient = True
    before = {name: value.numpy().copy() for name, value in model.state_dict().items()}
    assert depth(model, (1, 2, 2)) == 3
    assert [model.training, model.long.training, model.short.training] == [True, True, False]
    assert all((before[name] == value.numpy()).all() for name, value in model.state_dict().items())
    assert all(value.grad is None for value in model.parameters())
