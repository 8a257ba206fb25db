"""Logits and features of a whole data set, in its order."""

from __future__ import annotations

import numpy as np

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
