"""Logits and features of a whole data set, in its order."""

from __future__ import annotations

import numpy as np
import paddle

from paddle_course import batches, training
from tests.training import toy


def test_features_are_what_the_last_layer_sees() -> None:
    model, data = toy.toy_model(), batches.Batches(toy.stripes(21), 8, shuffle=False)
    logits, features = training.features(model, data)
    assert features.shape == (21, 256)
    weight, bias = model.fc.weight.numpy(), model.fc.bias.numpy()
    np.testing.assert_allclose(features @ weight + bias, logits, atol=1e-5)
    again, _ = training.predict(model, data)  # the hook is gone and nothing has changed
    np.testing.assert_array_equal(again, logits)
    dark, _ = training.features(model, data, lambda images: [(1.0, np.full_like(images, -1))])
    assert np.abs(dark - dark[0]).max() < 1e-5 < np.abs(logits - logits[0]).max()  # all are shown the same


def test_batch_statistics_make_an_answer_depend_on_the_others_and_leave_no_trace() -> None:
    model, data = toy.toy_model(), toy.stripes(20)
    ordered, sorted_ = data, data.take(np.argsort(data.labels, kind="stable"))
    model.train()
    model(paddle.to_tensor(batches.Batches(data, 20, shuffle=False).batch(0, 0)[0]))  # running statistics of some kind
    before = {name: value.numpy().copy() for name, value in model.state_dict().items()}
    usual = [training.predict(model, batches.Batches(each, 5, shuffle=False))[0] for each in (ordered, sorted_)]
    with training.batch_statistics(model):
        mixed = [training.predict(model, batches.Batches(each, 5, shuffle=False))[0] for each in (ordered, sorted_)]
    order = np.argsort(data.labels, kind="stable")
    np.testing.assert_allclose(usual[0][order], usual[1], atol=1e-5)
    assert np.abs(mixed[0][order] - mixed[1]).max() > 0.01 < np.abs(mixed[0] - usual[0]).max()
    again, _ = training.predict(model, batches.Batches(data, 5, shuffle=False))
    np.testing.assert_array_equal(again, usual[0])
    assert all(np.array_equal(value.numpy(), before[name]) for name, value in model.state_dict().items())
