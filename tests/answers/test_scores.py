"""All scores of one network, and one class as several networks find it."""

from __future__ import annotations

import numpy as np
import paddle

from paddle_course import answers, batches, readers, training


class Said(paddle.nn.Layer):
    """Says of a picture the class that its first pixel names, moved on by `shift` where it is 1."""

    def __init__(self, shift: int = 0):
        super().__init__()
        self.shift = shift

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        first = ((x[:, 0, 0, 0] + 1) * 127.5).round().astype("int64")
        first = paddle.where(first == 1, first + self.shift, first)
        return 5 * paddle.nn.functional.one_hot(first, 3)


def pictures() -> batches.Batches:
    labels = np.repeat([0, 1, 2], 4)
    images = np.broadcast_to(labels[:, None, None, None], (12, 2, 2, 1)).astype(np.uint8)
    return batches.Batches(readers.Images(images, labels, ("ant", "bee", "cat"), "toys"), 5, shuffle=False)


def test_what_one_network_is_worth_and_what_it_mistakes() -> None:
    found = answers.scores("toy network", Said(shift=1), pictures(), "toys")
    assert found.measured["accuracy"] == 8 / 12
    assert (found.pair, found.mistaken) == (("bee", "cat"), 4)
    assert [each["class"] for each in found.classes] == ["bee", "ant", "cat"] and found.classes[0]["recall"] == 0
    every, classes, figure, *results = found.pieces
    assert every.rows == (tuple(found.measured.values()),) and classes.rows[1][2] == 0  # no bee is found
    assert figure.name == "confusion" and figure.caption == "The toy network on the test pictures"
    assert [each.name for each in results[:2]] == ["toy network, accuracy", "toy network, top-5 error"]


def test_one_class_by_network() -> None:
    found = answers.one_class("Bees", "shift", {"none": Said(), "one": Said(1)}, pictures(), 1, "2 epochs", "made up")
    assert found.rows["none"][:2] == (1, 1) and found.rows["one"][0] == 0 and found.rows["one"][3] == 8 / 12
    assert found.moved == {}  # there is no recall to move the other to
    table, *results = found.pieces
    assert table.caption == "Bees, 2 epochs"
    assert [each.name for each in results[:2]] == ["none, 2 epochs, recall of bee", "none, 2 epochs, precision of bee"]
    assert [(each.metric, each.value) for each in results[::2]] == [("recall", 1), ("recall", 0)]
    assert table.header == ("shift", "recall of bee", "precision of bee", "average precision", "accuracy")
    assert [row[0] for row in table.rows] == ["none", "one"]


def test_an_offset_on_its_logit_finds_as_many_of_a_class() -> None:
    margin = np.array([-2.0, -1.0, 1.0, 3.0, -0.5, 0.5, 2.0, 4.0])  # by how much another class is ahead
    scores, labels = np.stack([margin, np.zeros(8), np.full(8, -9.0)], axis=1), np.repeat([1, 0], 4)
    moved = training.metrics.moved_to_recall(scores, labels, 1, 0.75)
    assert moved == (1.0, 0.75, 3 / 5, 5)
    shifted = scores + np.array([0, moved.offset + 1e-9, 0])
    assert (shifted.argmax(1) == 1).sum() == moved.found
    assert training.metrics.moved_to_recall(scores, labels, 1, 0.0).recall == 0.25  # one of them at least
    assert training.metrics.moved_to_recall(scores, labels, 1, 0.8).recall == 1.0  # three of the four would be fewer


def test_the_first_network_is_moved_to_the_recall_of_the_others() -> None:
    found = answers.one_class("Bees", "shift", {"one": Said(1), "none": Said()}, pictures(), 1, "2 epochs", "made up")
    assert found.moved["none"] == (5, 1, 1 / 3, 12)  # its bees are as unlikely as its ants and cats
    assert found.pieces[0].rows[-1] == ("one, +5.00 on the logit of bee", 1, 0.3333, None, None)
