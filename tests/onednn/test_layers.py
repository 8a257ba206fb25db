"""Layer by layer: the numbers of stock Paddle, in every form that the models use and some more."""

from __future__ import annotations

import copy
import threading
import time

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_course import models, onednn
from paddle_course.onednn import functions, library, memory, primitives, tensors

from .conftest import CLOSE, difference, layers_on_maps, noise, pass_with_avx2


@pytest.fixture(autouse=True)
def weights():
    """The same weights every time."""
    paddle.seed(1)


@pytest.mark.parametrize("kernel", range(1, 8))
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("padding", [0, 1, 2, 3])
def test_convolution(like_stock, kernel, stride, padding):
    like_stock(nn.Conv2D(6, 16, kernel, stride, padding), 3, 6, 9, 8)


@pytest.mark.parametrize("channels", [*range(1, 9), 12, 20])
@pytest.mark.parametrize("stride", [2, 3])
def test_few_channels_behind_a_stride(like_stock, channels, stride):
    """With AVX2, oneDNN's first choice for the gradient of these weights is wrong."""
    like_stock(nn.Conv2D(channels, 16, 1, stride), 3, channels, 8, 8)


def test_with_avx2_alone():
    """What has its own way there, tested with oneDNN held to AVX2, whatever this processor has."""
    pass_with_avx2(__file__, "few_channels or test_batch_norm")


def test_a_convolution_of_single_pixels(like_stock):
    like_stock(nn.Conv2D(512, 2048, 1), 2, 512, 1, 1)


# The others have no layer that a sister does not have.
SISTERS = {"vgg13", "vgg19", "vgg19-imagenet", "resnet34", "resnet34-imagenet"}


@pytest.mark.parametrize("name", sorted(models.MODELS.keys() - SISTERS - {"mlp"}))
def test_every_layer_of_a_model_in_the_shape_it_has_there(like_stock, name):
    """Two pictures, or one of 224 x 224: in longer sums the order in which float32 is added up shows."""
    for layer, shape in layers_on_maps(name, 1 if models.MODELS[name].input_shape[1] > 64 else 2):
        like_stock(layer, *shape)


@pytest.mark.parametrize(
    "settings",
    [
        {"bias_attr": False},
        {"dilation": 2},
        {"dilation": (1, 2), "stride": (2, 1)},
        {"groups": 2},
        {"groups": 8},
        {"groups": 4, "padding": 1, "stride": 2},
        {"padding": (2, 1)},
        {"padding": [1, 2, 0, 1]},
        {"padding": [[0, 0], [0, 0], [1, 2], [0, 1]]},
    ],
)
def test_settings_of_convolutions(like_stock, settings):
    like_stock(nn.Conv2D(8, 16, 3, **settings), 2, 8, 9, 11)


@pytest.mark.parametrize(("kernel", "size"), [(1, (3, 2)), (1, (9, 11)), ((1, 3), (9, 11)), ((3, 1), (9, 11))])
def test_a_side_of_one_has_nothing_to_dilate(like_stock, kernel, size):
    like_stock(nn.Conv2D(24, 8, kernel, stride=3, padding=1, dilation=3), 1, 24, *size)


@pytest.mark.parametrize("settings", [{"padding": "same"}, {"padding_mode": "reflect", "padding": 1}])
def test_convolutions_that_stay_stock(like_stock, settings):
    like_stock(nn.Conv2D(8, 16, 3, **settings), 2, 8, 9, 11, swapped=False)


@pytest.mark.parametrize("shape", [(4, 20, 14, 14), (8, 7, 3, 5), (2, 64, 1, 1), (3, 512, 2, 2), (5, 1, 6, 6)])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("given", [None, True, False])
def test_batch_norm(like_stock, shape, training, given):
    layer = nn.BatchNorm2D(shape[1], momentum=0.7, epsilon=1e-3, use_global_stats=given)
    for number, value in enumerate(layer.state_dict().values()):
        value.set_value(1.0 + 0.5 * noise(shape[1], seed=number) ** 2)
    layer.train() if training else layer.eval()
    like_stock(layer, *shape, calls=2, told=given is False and not training)


def test_batch_norm_of_a_single_value_is_paddles(like_stock):
    like_stock(nn.Sequential(nn.BatchNorm2D(4), nn.ReLU()), 1, 4, 1, 1, told=True)


def test_the_running_variance_is_the_biased_one():
    layer, images = nn.BatchNorm2D(2, momentum=0.5), noise(3, 2, 2, 2)
    onednn.accelerate(layer)
    layer(paddle.to_tensor(images))
    np.testing.assert_allclose(layer._variance.numpy(), 0.5 + 0.5 * images.var((0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(layer._mean.numpy(), 0.5 * images.mean((0, 2, 3)), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("kind", [nn.MaxPool2D, nn.AvgPool2D])
@pytest.mark.parametrize(
    ("settings", "size"),
    [
        ((2,), (8, 6)),
        ((2,), (5, 7)),
        ((2,), (1, 1)),
        ((3, 2, 1), (14, 14)),
        ((3, 2, 1), (13, 15)),
        ((3, 1), (6, 6)),
        ((3, 2, 0), (6, 6)),
        ((3, 2, 0, True), (6, 6)),
        ((3, 2, 1, True), (7, 8)),
        (((3, 2), (1, 2), (1, 0)), (6, 7)),
        ((2, 3), (8, 8)),
        ((4, 4, 0), (4, 4)),
    ],
)
def test_pooling(like_stock, kind, settings, size):
    names = ("kernel_size", "stride", "padding", "ceil_mode")
    like_stock(kind(**dict(zip(names, settings, strict=False))), 3, 5, *size)


def test_average_pooling_that_counts_the_padding(like_stock):
    like_stock(nn.AvgPool2D(3, 2, 1, exclusive=False), 2, 4, 7, 7)
    like_stock(nn.AvgPool2D((2, 3), (1, 3), 0, exclusive=False), 2, 4, 8, 1, told=True)
    like_stock(nn.AvgPool2D(2, padding=[0, 1, 0, 2], exclusive=False), 2, 4, 1, 3, told=True)


def test_the_first_of_equals_gets_the_gradient(like_stock):
    """Behind a ReLU most windows hold several zeros."""
    for pool in (nn.MaxPool2D(3, 2, 1), nn.AdaptiveMaxPool2D(3)):
        like_stock(nn.Sequential(nn.ReLU(), pool), np.round(noise(2, 4, 9, 9)))


@pytest.mark.parametrize(
    ("output", "size"), [(1, (4, 4)), (1, (1, 1)), (7, (7, 7)), ((2, 3), (4, 9)), ((None, 2), (5, 4)), (3, (7, 8))]
)
@pytest.mark.parametrize("kind", [nn.AdaptiveAvgPool2D, nn.AdaptiveMaxPool2D])
def test_adaptive_pooling(like_stock, kind, output, size):
    like_stock(kind(output), 2, 6, *size, told=output == 3)


@pytest.mark.parametrize(
    "kind",
    [
        lambda: nn.MaxPool2D(2, data_format="NHWC"),
        lambda: nn.AdaptiveAvgPool2D(2, data_format="NHWC"),
        lambda: nn.AvgPool2D(2, divisor_override=3),
        lambda: nn.AvgPool2D(2, padding="SAME"),
        lambda: nn.AvgPool2D(3, 2, ceil_mode=True, exclusive=False),
        lambda: nn.BatchNorm2D(6, data_format="NHWC"),
        lambda: nn.BatchNorm2D(6, weight_attr=False),
    ],
)
def test_layers_that_stay_stock(like_stock, kind):
    like_stock(kind(), 2, 6, 6, 6, swapped=False)


@pytest.mark.parametrize("layer", [nn.ReLU(), nn.Sigmoid(), nn.GELU(), nn.GELU("none"), nn.GELU("tanh")])
def test_activations(like_stock, layer):
    like_stock(layer, 3 * noise(3, 5, 6, 7))
    like_stock(layer, 3, 5)  # behind a linear layer


def body(*names):
    """A chain of layers; the convolutions have no bias, whose gradient before a batch norm is pure noise."""
    parts = {"conv": nn.Conv2D(5, 5, 3, padding=1, bias_attr=False), "norm": nn.BatchNorm2D(5), "relu": nn.ReLU()}
    return nn.Sequential(*((f"{name}{number}", copy.deepcopy(parts[name])) for number, name in enumerate(names)))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("names", ["conv relu", "norm relu", "conv norm relu conv", "relu relu", "conv relu relu norm"])
def test_a_relu_together_with_what_is_in_front(like_stock, names, training):
    layer = body(*names.split())
    layer.train() if training else layer.eval()
    like_stock(layer, 2, 5, 6, 6, calls=2)


def test_whoever_watches_a_layer_sees_what_it_gives_by_itself():
    seen, layer = [], body("norm", "relu")
    onednn.accelerate(layer)
    hook = layer[0].register_forward_post_hook(lambda layer, inputs, output: seen.append(output.numpy()))
    x = paddle.to_tensor(noise(2, 5, 4, 4))
    watched = layer(x)
    hook.remove()
    assert seen[0].min() < 0
    assert difference(layer(x).numpy(), watched.numpy()) < 1e-6


def test_a_part_of_a_chain_called_alone_is_computed_alone():
    layer = body("norm", "relu")
    onednn.accelerate(layer)
    assert layer[0](paddle.to_tensor(noise(2, 5, 4, 4))).numpy().min() < 0


def test_a_layer_that_stands_twice_in_a_chain(like_stock):
    conv, relu = nn.Conv2D(5, 5, 3, padding=1), nn.ReLU()
    like_stock(nn.Sequential(conv, relu, nn.Conv2D(5, 5, 3, padding=1), relu, conv), 2, 5, 6, 6)


@pytest.mark.parametrize("block", [models.Residual(nn.Conv2D(5, 5, 3, padding=1), 5, 5, 1), models.Dense(nn.ReLU())])
@pytest.mark.parametrize("channels_last", [False, True])
def test_a_part_of_a_batch(block, channels_last):
    """It shares the memory of the whole batch, and begins somewhere within."""
    stock, parts = copy.deepcopy(block), []
    onednn.accelerate(block, "f32")
    for each in (stock, block):
        x = paddle.to_tensor(noise(4, 5, 6, 6), stop_gradient=False)
        whole = nn.Conv2D(5, 5, 1, weight_attr=nn.initializer.Constant(0.3))
        if channels_last:
            onednn.accelerate(whole, "f32")
        y = each(whole(x)[2:4])
        y.backward(paddle.to_tensor(noise(*y.shape)))
        parts.append((y.numpy(), x.grad.numpy()))
    for theirs, ours in zip(*parts, strict=True):
        assert difference(ours, theirs) < CLOSE


@pytest.mark.parametrize("inside", [nn.Tanh(), nn.Softplus(), nn.Sequential(nn.Conv2D(1, 1, 1), nn.Tanh())])
def test_maps_of_a_single_value(like_stock, inside):
    """Channels-last is Paddle's order, too, and Paddle's own gradients are then computed in place."""
    like_stock(models.Residual(inside, 1, 1, 1), np.abs(noise(4, 1, 1, 1)))


def test_a_single_place_is_a_copy():
    pool = nn.AdaptiveAvgPool2D(3)
    onednn.accelerate(pool)
    x = paddle.to_tensor(noise(2, 5, 3, 3))
    pool(x).add_(paddle.ones([1]))
    assert (x.numpy() == noise(2, 5, 3, 3)).all()


def test_whatever_goes_through_a_chain():
    """A pair, and what is no map: nothing of it is accelerated, and all of it arrives."""

    class First(nn.Layer):
        def forward(self, pair):
            return pair[0]

    layer = nn.Sequential(nn.MaxPool2D(2, return_mask=True), First(), nn.ReLU())
    theirs = layer(x := paddle.to_tensor(noise(2, 5, 6, 6))).numpy()
    onednn.accelerate(layer)
    assert (layer(x).numpy() == theirs).all() and (layer(input=x).numpy() == theirs).all()
    chain = nn.Sequential(nn.LSTM(4, 8), First())
    theirs = chain(x := paddle.to_tensor(noise(2, 3, 4))).numpy()
    onednn.accelerate(chain)
    assert (chain(x).numpy() == theirs).all()


@pytest.mark.parametrize(("layer", "name"), [(nn.BatchNorm2D(5), "input"), (nn.Conv2D(5, 3, 1), "x"), (nn.ReLU(), "x")])
def test_the_argument_goes_by_paddles_name(layer, name):
    x = paddle.to_tensor(noise(2, 5, 6, 6))
    onednn.accelerate(layer)
    layer.eval()
    assert (layer(**{name: x}).numpy() == layer(x).numpy()).all()


@pytest.mark.parametrize(
    "layer", [nn.Conv2D(5, 5, 1), body("conv", "relu"), nn.BatchNorm2D(5), nn.ReLU(), nn.GELU(), nn.Sigmoid()]
)
@pytest.mark.parametrize("what", ["input", "result"])
def test_what_is_changed_in_place_is_never_gone_back_through(layer, what):
    """Stock layers refuse it, too, where they need it."""
    refused = []
    for fast in (False, True):
        if fast:
            onednn.accelerate(layer, "f32")
        source = paddle.to_tensor(noise(2, 6, 6, 5), stop_gradient=False)
        x = paddle.scale(source, 1.0).transpose([0, 3, 1, 2])  # channels-last already: it is read where it lies
        y = layer(x)
        (x if what == "input" else y).add_(paddle.ones([1]))
        try:
            y.sum().backward()
            refused.append(False)
        except (RuntimeError, OSError) as error:
            assert not fast or "was changed in place after the forward pass" in str(error)
            refused.append(True)
    assert refused[1] >= refused[0], refused


@pytest.mark.parametrize("names", ["conv conv", "norm relu", "relu"])
def test_two_threads_at_once(monkeypatch, names):
    """A primitive rests between being told where its numbers lie and running, and the other thread could come."""

    class Slow(memory.Primitive):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            run = self.execute
            self.execute = lambda *words: (time.sleep(0.002), run(*words))[1]

    for cache in (primitives.convolution, primitives.normalization, primitives.activation, memory.reorder):
        cache.cache_clear()
    for module in (primitives, memory):
        monkeypatch.setattr(module, "Primitive", Slow)
    layers = [body(*names.split()) for _ in range(2)]  # with weights of their own
    images, right, wrong = [paddle.to_tensor(noise(2, 5, 8, 8, seed=seed)) for seed in (0, 1)], [], []
    for layer, each in zip(layers, images, strict=True):
        layer.eval()
        onednn.accelerate(layer, "f32")
        right.append(layer(each).numpy())

    def ask(number):
        with paddle.no_grad():
            wrong.extend((layers[number](images[number]).numpy() != right[number]).any() for _ in range(5))

    threads = [threading.Thread(target=ask, args=(number,)) for number in (0, 1)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    for cache in (primitives.convolution, primitives.normalization, primitives.activation, memory.reorder):
        cache.cache_clear()
    assert len(wrong) == 10 and not any(wrong)


def test_one_layer_used_twice(like_stock):
    class Twice(nn.Layer):
        def __init__(self):
            super().__init__()
            self.conv, self.norm, self.relu = (
                nn.Conv2D(5, 5, 3, padding=1, bias_attr=False),
                nn.BatchNorm2D(5),
                nn.ReLU(),
            )

        def forward(self, x):
            for _ in range(2):
                x = x + self.relu(self.norm(self.conv(x)))
            return x

    like_stock(Twice(), 2, 5, 6, 6)


@pytest.mark.parametrize("body", [nn.Tanh(), nn.Sequential(nn.Tanh()), nn.Conv2D(5, 5, 3, padding=1)])
def test_a_residual_block_around_other_layers(like_stock, body):
    like_stock(models.Residual(body, 5, 5, 1), 2, 5, 6, 6)


@pytest.mark.parametrize("inside", [body("norm", "relu", "conv"), nn.Sequential(nn.Tanh()), nn.Identity(), nn.Tanh()])
def test_a_dense_layer_around_other_layers(like_stock, inside):
    like_stock(models.Dense(inside), 2, 5, 6, 6)
    like_stock(nn.Sequential(models.Dense(inside), models.Dense(nn.ReLU()), nn.Conv2D(20, 3, 1)), 2, 5, 6, 6)


def test_flatten_keeps_paddles_order(like_stock):
    layer = nn.Sequential(nn.Conv2D(3, 4, 3), nn.ReLU(), nn.MaxPool2D(2), nn.Flatten(), nn.Linear(36, 7))
    like_stock(layer, 2, 3, 8, 8)


def test_odd_last_batches(like_stock):
    layer = body("conv", "norm", "relu")
    for count in (4, 3, 1, 4):
        like_stock(layer, count, 5, 6, 6)


def test_input_in_any_order(like_stock):
    """A transposed view, as the accelerated layers pass it on, and a slice."""
    layer = body("conv", "norm", "relu")
    stock = copy.deepcopy(layer)
    onednn.accelerate(layer, "f32")
    whole = paddle.to_tensor(noise(2, 6, 6, 10))
    for x in (whole[:, :, :, :5].transpose([0, 3, 1, 2]), whole.transpose([0, 3, 2, 1])[:, ::2]):
        assert difference(layer(x).numpy(), stock(x).numpy()) < 1e-5


@pytest.mark.parametrize(("wanted", "runs"), [(True, 3), (False, 2)])
def test_the_first_layer_computes_no_gradient_of_its_pictures(monkeypatch, wanted, runs):
    layer, ran, call = nn.Conv2D(5, 5, 3), [], memory.Primitive.__call__
    onednn.accelerate(layer, "f32")
    monkeypatch.setattr(memory.Primitive, "__call__", lambda self, *rest: [ran.append(self.what), call(self, *rest)])
    layer(paddle.to_tensor(noise(2, 5, 6, 6), stop_gradient=not wanted)).sum().backward()
    assert sum(what.kind == "convolution" for what in ran) == runs


@pytest.mark.parametrize("frozen", ["conv0.weight", "norm1.weight norm1.bias", "conv0.weight norm1.weight norm1.bias"])
def test_frozen_weights(like_stock, frozen):
    layer = body("conv", "norm", "relu")
    for name, parameter in layer.named_parameters():
        parameter.stop_gradient = parameter.stop_gradient or name in frozen
    ours = like_stock(layer, 2, 5, 6, 6)
    assert not {f"{name} gradient" for name in frozen.split()} & set(ours)


def test_a_batch_norm_frozen_in_part():
    """Paddle's own forgets the gradient of the one where the other is frozen; here it is what it is without that."""
    gradients = []
    for freeze in (False, True):
        layer = nn.BatchNorm2D(5)
        onednn.accelerate(layer)
        layer.weight.stop_gradient = freeze
        layer(paddle.to_tensor(noise(2, 5, 6, 6))).square().sum().backward()
        gradients.append(layer.bias.grad)
    assert layer.weight.grad is None
    assert paddle.equal_all(*gradients)


@pytest.mark.parametrize("frozen", ["weight", "bias"])
def test_frozen_weights_of_a_convolution(like_stock, frozen):
    layer = nn.Conv2D(5, 4, 3)
    getattr(layer, frozen).stop_gradient = True
    assert f"{frozen} gradient" not in like_stock(layer, 2, 5, 6, 6)


def test_without_gradients_nothing_is_kept(monkeypatch):
    layer = body("conv", "norm", "relu")
    onednn.accelerate(layer)
    x = paddle.to_tensor(noise(2, 5, 6, 6))
    expected = layer(x)
    asked = []
    for function in (functions.Convolve, functions.Normalize, functions.Activate):
        monkeypatch.setattr(function, "apply", lambda *arguments: asked.append(arguments))
    with paddle.no_grad():
        y = layer(x)
    assert y.stop_gradient and not asked  # no PyLayer was made, which would keep what its gradient needs
    assert paddle.equal_all(y, expected)


@pytest.mark.parametrize("layer", [nn.BatchNorm2D(16), nn.Conv2D(16, 8, 3, padding=1)], ids=["norm", "conv"])
def test_sums_as_long_as_those_of_a_real_batch(like_stock, layer):
    """131,072 values one after the other in float32: twice as far off as in small batches."""
    like_stock(layer, 128, 16, 32, 32, close=2 * CLOSE)


@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_the_default_dtype_is_no_matter(like_stock, dtype):
    layer = nn.Conv2D(6, 16, 3)
    paddle.set_default_dtype(dtype)
    try:
        like_stock(layer, 3, 6, 9, 8)
    finally:
        paddle.set_default_dtype("float32")


AGAIN = [
    nn.Conv2D(5, 5, 3),
    nn.BatchNorm2D(5),
    nn.ReLU(),
    nn.MaxPool2D(2),
    models.Residual(nn.Conv2D(5, 5, 1), 5, 5, 1),
    models.Dense(nn.Conv2D(5, 5, 1)),
]


@pytest.mark.parametrize("layer", AGAIN, ids=lambda layer: type(layer).__name__)
def test_a_second_pass_through_a_graph_is_refused(layer):
    """Through a PyLayer, Paddle would end the process."""
    onednn.accelerate(layer, "f32")
    y = nn.Sequential(layer, nn.Sigmoid())(paddle.to_tensor(noise(2, 5, 6, 6), stop_gradient=False))
    one, other = y.sum(), y.square().sum()
    one.backward(retain_graph=True)
    with pytest.raises(
        OSError, match=r"a second backward pass through the same graph is for stock layers: onednn\.rest"
    ):
        other.backward()
    layer(paddle.to_tensor(noise(2, 5, 6, 6))).sum()  # nothing is left behind


@pytest.mark.parametrize(
    "layer", [nn.Sigmoid(), nn.AvgPool2D(2), nn.Conv2D(5, 5, 3)], ids=lambda layer: type(layer).__name__
)
def test_a_gradient_of_a_gradient_is_refused(layer):
    """Paddle would take it for nothing."""
    for parameter in layer.parameters():
        parameter.stop_gradient = True
    onednn.accelerate(layer, "f32")
    x = paddle.to_tensor(noise(2, 5, 6, 6), stop_gradient=False)
    assert paddle.grad(layer(x).square().sum(), x)[0].shape == x.shape
    with pytest.raises(OSError, match="a gradient of a gradient is for stock layers"):
        paddle.grad(layer(x).square().sum(), x, create_graph=True)


def test_maps_that_are_made_contiguous_between_the_passes():
    """Paddle's `contiguous` moves the numbers of a tensor in place, and those that a gradient needs with them."""
    gradients = []
    for move in (False, True):
        paddle.seed(1)
        parts = [nn.ReLU(), nn.Conv2D(5, 5, 3), nn.BatchNorm2D(5), nn.ReLU(), nn.GELU(), nn.MaxPool2D(2)]
        x = y = paddle.to_tensor(noise(2, 5, 8, 8), stop_gradient=False)
        for part in parts:
            onednn.accelerate(part, "f32")
            part._forward_post_hooks.clear()
            y = part(y)
            if move:
                assert not y.is_contiguous() and y.contiguous().is_contiguous()
        (y * paddle.to_tensor(noise(2, 5, 3, 3))).sum().backward()
        learns = [p for part in parts for p in part.parameters() if p.trainable]
        gradients.append([x.grad, *(p.grad for p in learns)])
    assert all(paddle.equal_all(one, other) for one, other in zip(*gradients, strict=True))


bf16 = pytest.mark.skipif(not library.has_bf16(), reason="this processor has no bfloat16")


@bf16
def test_bfloat16_convolutions_are_close(like_stock):
    ours = like_stock(nn.Conv2D(16, 32, 3, padding=1), 4, 16, 8, 8, precision="bf16", close=0.02)
    assert {value.dtype for value in ours.values()} == {np.dtype(np.float32)}


@bf16
@pytest.mark.parametrize("layer", [nn.Conv2D(5, 5, 1), body("conv", "relu")])
def test_what_was_rounded_to_bfloat16_may_be_changed(layer):
    """The gradient goes back through the copy: it is the same as without the change."""
    onednn.accelerate(layer, "bf16")
    gradients = []
    for change in (0.0, 1.0):
        source = paddle.to_tensor(noise(2, 6, 6, 5), stop_gradient=False)
        x = paddle.scale(source, 1.0).transpose([0, 3, 1, 2])
        y = layer(x)
        x.add_(paddle.full([1], change))
        y.square().sum().backward()
        learned = [p.grad.numpy() for p in layer.parameters() if p.trainable]
        gradients.append([source.grad.numpy(), *learned])
        layer.clear_gradients(set_to_zero=False)
    assert all(np.array_equal(*pair) for pair in zip(*gradients, strict=True))


def mixed():
    """Accelerated parts and others in turn, one container in another, and a residual block."""
    inside = nn.Sequential(nn.Conv2D(8, 8, 3, padding=1, bias_attr=False), nn.BatchNorm2D(8))
    parts = [nn.Conv2D(3, 8, 3), nn.Dropout2D(0.0), nn.ReLU(), nn.BatchNorm2D(8), nn.Sequential(nn.Tanh(), nn.GELU())]
    parts += [
        models.Residual(inside, 8, 8, 1),
        nn.Identity(),
        nn.MaxPool2D(2),
        nn.AvgPool2D(2),
        nn.AdaptiveAvgPool2D(1),
    ]
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(8, 2))


@bf16
def test_dense_layers_hand_bfloat16_on(like_stock):
    parts = [nn.Conv2D(3, 16, 3), *(models.Dense(nn.Sequential(nn.GELU(), nn.Conv2D(n, 16, 1))) for n in (16, 32))]
    like_stock(nn.Sequential(*parts, nn.GELU()), 4, 3, 8, 8, precision="bf16", close=0.05)


@bf16
def test_nobody_outside_sees_bfloat16(like_stock):
    layer, seen = mixed(), set()
    ours = like_stock(layer, 4, 3, 10, 10, precision="bf16", close=0.2)
    assert {value.dtype for value in ours.values()} == {np.dtype(np.float32)}
    for each in layer.sublayers():
        each.register_forward_post_hook(lambda layer, inputs, output: seen.update([inputs[0].dtype, output.dtype]))
    layer(paddle.to_tensor(noise(4, 3, 10, 10)))
    assert seen == {paddle.float32}


@bf16
@pytest.mark.parametrize(("precision", "expected"), [("f32", {library.F32}), ("bf16", {library.F32, library.BF16})])
def test_inside_a_container_maps_are_bfloat16(monkeypatch, precision, expected):
    layer, made, empty = mixed(), set(), tensors.empty
    onednn.accelerate(layer, precision)
    for module in (functions, tensors):
        monkeypatch.setattr(module, "empty", lambda shape, dtype: (made.add(dtype), empty(shape, dtype))[1])
    layer(paddle.to_tensor(noise(4, 3, 10, 10))).sum().backward()
    assert made == expected
