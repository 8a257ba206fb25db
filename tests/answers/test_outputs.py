"""What layers give: numbers that are right, silent units found, maps drawn as they are, nothing changed by looking."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_course import answers, models
from paddle_course.answers.outputs import Output, enlarged, grey, mosaic, outputs

IMAGES = np.random.default_rng(0).normal(size=(7, 1, 28, 28)).astype(np.float32)


def test_numbers_are_those_of_the_layers() -> None:
    net = models.build("lenet")
    net.features.conv1.bias.set_value(np.array([-100, 0, 0, 0, 0, 0], np.float32))  # its first channel falls silent
    net.train()
    before = {name: value.numpy().copy() for name, value in net.state_dict().items()}
    found = outputs(net, IMAGES)
    assert list(found)[:3] == ["features.conv1", "features.act1", "features.pool1"] and len(found) == 12
    with paddle.no_grad():
        conv = net.features.conv1(paddle.to_tensor(IMAGES)).numpy()
    relu = found["features.act1"]
    np.testing.assert_allclose(found["features.conv1"].values, conv, rtol=1e-5, atol=1e-5)
    assert relu.shape == (6, 28, 28) and relu.kind == "ReLU"
    assert relu.mean == pytest.approx(np.maximum(conv, 0).mean(), rel=1e-5)
    assert relu.sd == pytest.approx(np.maximum(conv, 0).std(), rel=1e-5)
    assert relu.zeros == pytest.approx((conv <= 0).mean(), abs=1e-3)
    assert (relu.silent, found["features.conv1"].silent) == (1, 0)
    assert found["head.fc3"].shape == (10,)
    assert net.training and all((before[name] == value.numpy()).all() for name, value in net.state_dict().items())


def test_silent_neurons_of_a_vector() -> None:
    values = np.array([[0, 1, 0], [0, 0, 2]], np.float32)
    assert (Output("act", "ReLU", values).silent, Output("act", "ReLU", values).zeros) == (1, pytest.approx(4 / 6))


def test_the_table_compares_before_and_after() -> None:
    net, untrained = models.build("lenet", seed=1), models.build("lenet", seed=2)
    net.head.fc2.bias.set_value(np.full(84, -100, np.float32))
    found = answers.layer_outputs(net, untrained, IMAGES)
    table, figure = found.pieces
    rows = {row[0]: dict(zip(table.header, row, strict=True)) for row in table.rows}
    assert rows["head.act2"]["zeros"] == "100.0 %" and rows["head.act2"]["zeros, untrained"] != "100.0 %"
    others = sum(found.after[name].silent for name in ("features.act1", "features.act2", "head.act1"))
    assert rows["head.act2"]["silent"] == 84 == found.silent - others
    assert rows["head.fc2"]["silent"] is None
    assert rows["features.conv2"]["output"] == "16 × 10 × 10"
    assert rows["features.conv2"]["sd"] == round(found.after["features.conv2"].sd, 3)
    for word in ("picture", "conv1", "6 × 28 × 28", "fc3"):
        assert word in figure.svg
    assert "flatten" not in figure.svg


def test_maps_are_side_by_side_and_vectors_are_squares() -> None:
    maps = np.stack([np.full((3, 3), each, np.float32) for each in (0, 1, 2)])
    drawn = mosaic(maps)
    side = len(drawn) // 8  # two rows of three pixels and a gap each
    assert drawn[0, 0] == 0 and drawn[0, 4 * side] == 128 and drawn[4 * side, 0] == 255  # 1 is grey: halfway
    assert (drawn[:, 3 * side] == 128).all()  # the gap
    vector = mosaic(np.array([0, 5, 10, 10], np.float32))
    half = len(vector) // 2
    assert [vector[0, 0], vector[0, half], vector[half, 0], vector[half, half]] == [0, 128, 255, 255]


def test_greys_and_squares() -> None:
    assert grey(np.array([-1.0, 0.0, 1.0])).tolist() == [0, 128, 255]
    assert grey(np.full((2, 2), 7.0)).tolist() == [[0, 0], [0, 0]]
    assert enlarged(np.array([[1, 2]], np.uint8)).shape == (100, 200)


def test_a_layer_without_a_relu_is_looked_at_too() -> None:
    net = nn.Sequential(("flatten", nn.Flatten()), ("fc", nn.Linear(784, 3)))
    assert answers.layer_outputs(net, net, IMAGES).silent == 0
