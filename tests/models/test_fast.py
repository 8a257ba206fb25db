"""The fast network: whitening that whitens, filters that pass on, what learns and what does not."""

from __future__ import annotations

import numpy as np
import paddle

from paddle_course.models import build
from paddle_course.models.fast import ShiftNorm, whitening


def pictures(count: int = 200) -> np.ndarray:
    """Smooth coloured noise: neighbours and channels go together, as in photographs."""
    rng = np.random.default_rng(0)
    coarse = rng.normal(size=(count, 1, 9, 9)) + 0.3 * rng.normal(size=(count, 3, 9, 9))
    fine = np.repeat(np.repeat(coarse, 4, 2), 4, 3)[:, :, 2:34, 2:34]
    return (fine + 0.1 * rng.normal(size=fine.shape)).astype(np.float32)


def test_whitened_patches_are_uncorrelated_and_of_unit_variance() -> None:
    images = pictures()
    filters = whitening(images, epsilon=0)
    out = paddle.nn.functional.conv2d(paddle.to_tensor(images), paddle.to_tensor(filters)).numpy()
    values = out.transpose(1, 0, 2, 3).reshape(24, -1)
    moments = values[:12] @ values[:12].T / values.shape[1]
    np.testing.assert_allclose(moments, np.eye(12), atol=2e-3)
    np.testing.assert_allclose(values[12:], -values[:12], atol=1e-4)
    raw = np.stack([images[:, c, i : i + 31, j : j + 31].ravel() for c in range(3) for i in (0, 1) for j in (0, 1)])
    assert np.abs(np.corrcoef(raw) - np.eye(12)).max() > 0.5  # they were correlated


def test_epsilon_keeps_noise_small() -> None:
    images = pictures()
    assert np.abs(whitening(images, epsilon=10.0)).max() < np.abs(whitening(images)).max()


def test_whiten_sets_the_first_convolution_and_it_does_not_learn() -> None:
    net = build("fast", width=0.1)
    net.whiten(pictures())
    np.testing.assert_array_equal(net.features.whiten.weight.numpy(), whitening(pictures()))
    assert net.features.whiten.weight.stop_gradient
    assert not net.features.whiten.bias.stop_gradient
    assert all(p.stop_gradient for name, p in net.named_parameters() if "norm" in name and name.endswith("weight"))


def test_shifts_learn_though_their_scales_do_not() -> None:
    """What Paddle's own batch norm gives the shift while the scale learns, too, and takes away when it does not."""
    norm, plain = ShiftNorm(3), paddle.nn.BatchNorm2D(3, momentum=0.6, epsilon=1e-12)
    x, weight = paddle.randn([4, 3, 5, 5]), paddle.randn([4, 3, 5, 5])
    for layer in (norm, plain):
        (layer(x) * weight).sum().backward()
    np.testing.assert_array_equal(norm.bias.grad.numpy(), plain.bias.grad.numpy())
    assert norm.weight.grad is None and np.abs(norm.bias.grad.numpy()).min() > 0
    for name, value in plain.state_dict().items():
        np.testing.assert_array_equal(norm.state_dict()[name].numpy(), value.numpy())
    norm.eval(), plain.eval()
    np.testing.assert_array_equal(norm(x).numpy(), plain(x).numpy())


def test_everything_that_is_to_learn_gets_a_gradient() -> None:
    net = build("fast", width=0.1)
    net(paddle.to_tensor(pictures(4))).square().sum().backward()
    learning = {name for name, p in net.named_parameters() if not p.stop_gradient}
    assert len(learning) == 14 and learning == {name for name, p in net.named_parameters() if p.grad is not None}


def test_the_first_filters_pass_their_inputs_on() -> None:
    net = build("fast")
    for layer in (net.features.group1.conv1, net.features.group1.conv2):
        x = paddle.randn([2, layer.weight.shape[1], 6, 6])
        y = layer(x).numpy()
        np.testing.assert_allclose(y[:, : x.shape[1]], x.numpy(), atol=1e-6)
    others = net.features.group1.conv1.weight.numpy()[24:]
    assert 0.9 < np.abs(others).max() * np.sqrt(24 * 9) <= 1


def test_it_has_the_constants_of_airbench94() -> None:
    """Running statistics that keep 0.6, an epsilon of 1e-12, logits of a ninth."""
    net = build("fast", width=0.1)
    norms = [layer for layer in net.sublayers() if isinstance(layer, paddle.nn.BatchNorm2D)]
    assert [(layer._momentum, layer._epsilon) for layer in norms] == 6 * [(0.6, 1e-12)]
    seen, x = [], paddle.to_tensor(pictures(4))
    net.fc.register_forward_post_hook(lambda layer, given, result: seen.append(result.numpy()))
    np.testing.assert_allclose(net.eval()(x).numpy() * 9, seen[0], rtol=1e-6)
    assert net.fc.bias is None and build("fast").features.whiten.weight.shape == [24, 3, 2, 2]
