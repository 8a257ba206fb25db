"""Logits, features and hits of a whole data set, in its order."""

from __future__ import annotations

import numpy as np
import paddle

from paddle_course import batches, training
from paddle_course.training.evaluation import hits
from tests.training import toy


def test_features_are_what_the_last_layer_sees() -> None:
    model, data = toy.toy_model(), batches.Batches(toy.stripes(21), 8, shuffle=False)
    logits, features = training.features(model, data)
    assert features.shape == (21, 256)
    weight, bias = model.fc.weight.numpy(), model.fc.bias.numpy()
    np.testing.assert_allclose(features @ weight + bias, logits, atol=1e-5)
    again, _ = training.predict(model, data)  # the hook is gone and nothing has changed
    np.testing.assert_array_equal(again, logits)


def test_hits_count_soft_labels_by_their_largest_share() -> None:
    logits = np.array([[2.0, 1.0], [0.0, 3.0], [5.0, 1.0]])
    assert hits(logits, np.array([0, 1, 1])) == 2
    assert hits(paddle.to_tensor(logits), np.array([[0.7, 0.3], [0.6, 0.4], [0.9, 0.1]])) == 2
