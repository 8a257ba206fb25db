"""What every family of models must pass: it learns one batch by heart, and its gradients are slopes."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest


@pytest.fixture
def one_batch():
    """(C, H, W) -> eight pictures of noise with labels 0, 1, 2, 3, 0, ...: nothing to learn but the pictures."""

    def make(*shape):
        images = np.random.default_rng(0).normal(size=(8, *shape)).astype(np.float32)
        return paddle.to_tensor(images), paddle.to_tensor(np.arange(8) % 4)

    return make


@pytest.fixture
def learns_by_heart(one_batch):
    """Train on one batch: the loss must fall to a tenth and every trainable parameter must have moved."""

    def check(build, shape, steps=30, lr=0.003):
        paddle.seed(1)
        model = build()
        images, labels = one_batch(*shape)
        trainable = {name: p for name, p in model.named_parameters() if not p.stop_gradient}
        before = {name: p.numpy().copy() for name, p in trainable.items()}
        optimizer = paddle.optimizer.Adam(lr, parameters=list(trainable.values()))
        losses = []
        for _ in range(steps):
            loss = F.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
            optimizer.clear_grad()
            losses.append(loss.item())
        assert losses[-1] < losses[0] / 10, losses
        assert [name for name, p in trainable.items() if np.array_equal(before[name], p.numpy())] == []

    return check


@pytest.fixture
def gradients_are_slopes(one_batch):
    """Move each parameter a little along its gradient, both ways: the loss must change by what the gradient says.

    In double precision, so that the steps can be small enough not to cross the kinks of ReLU and max pooling.
    """

    def check(build, *shape):
        paddle.seed(2)
        model = build().to(dtype="float64")
        images, labels = one_batch(*shape)
        images = images.astype("float64")
        F.cross_entropy(model(images), labels).backward()
        for name, p in model.named_parameters():
            if p.stop_gradient:
                continue
            slope, here, losses = p.grad.norm().item(), p.numpy().copy(), []
            direction = p.grad.numpy() / max(slope, 1e-12)
            for step in (1e-6, -1e-6):
                p.set_value(here + step * direction)
                with paddle.no_grad():
                    losses.append(F.cross_entropy(model(images), labels).item())
            p.set_value(here)
            assert (losses[0] - losses[1]) / 2e-6 == pytest.approx(slope, rel=1e-3, abs=1e-7), name

    return check
