"""The table below is complete over MODELS and exact. Published counts are marked with where they stand."""

import re
import subprocess
import sys

import numpy as np
import paddle
import pytest

from paddle_course.models import FAMILIES, MODELS, build
from paddle_course.models.registry import SLIM
from paddle_course.runtime import ROOT, UserError

# name: (trainable, total with running statistics)
COUNTS = {
    "mlp": (397_510, 397_510),  # 784 x 500 + 500 + 500 x 10 + 10
    "lenet": (61_706, 61_706),  # the well-known count of LeNet-5
    "lenet-sigmoid": (61_706, 61_706),
    "digitnet": (451_754, 452_842),  # 436,256 in convolutions + 1,088 in batch norm (2,176 with statistics) + 14,410
    "fundus-lenet": (19_233_841, 19_233_841),  # 456 + 2,416 + 30,840 + 300,000 x 64 + 64 + 65
    "camp": (89_770, 89_910),  # 1,520 + 80 + 25,050 + 200 + 62,550 + 510
    "camp-no-bn": (89_630, 89_630),  # 280 fewer
    "camp-deeper": (81_530, 81_670),
    "camp-wider": (354_530, 354_810),
    "vgg11": (9_231_114, 9_236_618),  # kuangliu/pytorch-cifar, as the next three
    "vgg13": (9_416_010, 9_421_898),
    "vgg16": (14_728_266, 14_736_714),
    "vgg19": (20_040_522, 20_051_530),
    "vgg16-imagenet": (138_357_544, 138_357_544),  # torchvision, as the next
    "vgg19-imagenet": (143_667_240, 143_667_240),
    "resnet18": (11_173_962, 11_183_562),  # kuangliu/pytorch-cifar, as the next two
    "resnet34": (21_282_122, 21_299_146),
    "resnet50": (23_520_842, 23_573_962),
    "fast": (1_971_352, 1_975_096),
    "fast-half": (497_240, 499_256),  # 495,360 in convolutions + 24 + 576 + 1,280, and 288 + 576 + 1,152 not trained
    "densenet121": (7_978_856, 8_062_504),  # torchvision, and Keras for the total
    "halving": (245_601, 246_337),  # (9 i + 1) o + 2 o for each convolution, and 129
    "resnet18-imagenet": (11_689_512, 11_699_112),  # torchvision, as the next two
    "resnet34-imagenet": (21_797_672, 21_814_696),
    "resnet50-imagenet": (25_557_032, 25_610_152),
}


def count(model):
    trainable = sum(int(p.size) for p in model.parameters() if not p.stop_gradient)
    return trainable, sum(int(p.size) for p in model.parameters())


def test_the_table_is_complete():
    assert COUNTS.keys() == MODELS.keys()


@pytest.mark.parametrize("name", MODELS)
def test_parameter_counts(name):
    with paddle.LazyGuard():  # shapes without values
        assert count(build(name)) == COUNTS[name]


@pytest.mark.parametrize(
    ("name", "settings", "trainable"),
    [
        ("mlp", {"sizes": (51529, 5, 3, 1)}, 257_672),  # homework 11, part 1
        ("mlp", {"sizes": (51529, 1024, 2048, 2048, 1024, 1)}, 61_161_473),  # and part 3, without and with batch norm
        ("mlp", {"sizes": (51529, 1024, 2048, 2048, 1024, 1), "norm": True}, 61_161_473 + 12_288),
        ("resnet18", {"classes": 100}, 11_220_132),  # weiaicunzai/pytorch-cifar100
        ("vgg11", {"head": "imagenet", "classes": 1000}, 132_868_840),  # torchvision's vgg11_bn, and so on
        ("densenet121", {"depth": 169}, 14_149_480),
        ("vgg16", {"head": "imagenet", "classes": 1000}, 138_365_992),
        ("vgg19", {"head": "imagenet", "classes": 1000}, 143_678_248),
    ],
)
def test_more_published_counts(name, settings, trainable):
    with paddle.LazyGuard():
        assert count(build(name, **settings))[0] == trainable


@pytest.mark.parametrize("name", [name for name in MODELS if "imagenet" not in name])
def test_output_shape(name):
    entry, model = MODELS[name], build(name)
    model.eval()
    with paddle.no_grad():
        assert model(paddle.zeros([2, *entry.input_shape])).shape == [2, entry.classes]


@pytest.mark.parametrize("name", [name for name in MODELS if "imagenet" not in name])
def test_a_picture_meets_every_layer_once(name):
    entry, model, met = MODELS[name], build(name), []
    layers = {id(layer): path for path, layer in model.named_sublayers() if not layer.sublayers()}
    for layer in model.sublayers():
        if id(layer) in layers:
            layer.register_forward_post_hook(lambda layer, inputs, output: met.append(layers[id(layer)]))
    model.eval()
    with paddle.no_grad():
        model(paddle.zeros([1, *entry.input_shape]))
    assert sorted(met) == sorted(layers.values())


def test_settings_replace_those_of_the_entry():
    model = build("lenet-sigmoid", channels=3, side=32, classes=5, activation="relu")
    assert model(paddle.zeros([1, 3, 32, 32])).shape == [1, 5]
    assert type(model.features.act1) is paddle.nn.ReLU


@pytest.mark.parametrize("name", ["vgg11", "resnet18", "fast", "digitnet", "halving"])
def test_a_slim_model_has_the_same_layers_and_few_channels(name):
    entry, slim, whole = MODELS[name], build(name, slim=True), build(name)
    assert [path for path, _ in slim.named_sublayers()] == [path for path, _ in whole.named_sublayers()]
    assert slim(paddle.zeros([2, *entry.input_shape])).shape == [2, entry.classes]
    assert count(slim)[1] < count(whole)[1] / 12


def test_what_is_small_is_not_made_slim_and_what_is_slim_has_no_other_width():
    assert count(build("camp", slim=True)) == COUNTS["camp"] and count(build("lenet", slim=True)) == COUNTS["lenet"]
    assert build("resnet18", slim=True, width=16, classes=5).fc.weight.shape == [64, 5]
    assert {entry.model for entry in MODELS.values()} > SLIM.keys()


def test_the_weights_are_a_function_of_the_seed():
    models = [build("camp", seed=3), build("camp", seed=3), build("camp", seed=4), build("camp")]
    first, again, other, default = ([p.numpy() for p in model.parameters()] for model in models)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    for differing in (other, default):
        same = [np.array_equal(a, b) for a, b in zip(first, differing, strict=True)]
        assert same == [p.ndim == 1 for p in first]  # biases and batch norms start alike, weights do not


def test_two_models_share_nothing():
    one, other = build("lenet"), build("lenet")
    before = other.features.conv1.weight.numpy().copy()
    one.features.conv1.weight.set_value(paddle.zeros_like(one.features.conv1.weight))
    assert np.array_equal(other.features.conv1.weight.numpy(), before) and before.any()


def test_mistakes_are_told():
    with pytest.raises(UserError, match="no model is called 'alexnet'; there are mlp, lenet"):
        build("alexnet")
    with pytest.raises(
        UserError, match="model lenet has no setting 'clases'; it has classes, channels, side, activation"
    ):
        build("lenet", clases=10)


def test_reading_the_table_does_not_import_paddle():
    code = "import sys; from paddle_course import models; print(len(models.MODELS), 'paddle' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert out.split() == [str(len(MODELS)), "False"]


def test_every_network_has_a_family_that_says_what_it_is():
    assert {entry.model for entry in MODELS.values()} == FAMILIES.keys()
    for name, family in FAMILIES.items():
        chinese, english = family.idea
        assert re.search("[\u4e00-\u9fff]", chinese) and not re.search("[\u4e00-\u9fff]", english), name
        assert 0 < len(chinese) <= 40 and 0 < len(english) <= 70, name  # a line
        assert family.source and (family.year is None or 1950 < family.year < 2100), name
    assert MODELS["resnet50"].family is FAMILIES["ResNet"] and FAMILIES["ResNet"].year == 2015
