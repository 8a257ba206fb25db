import numpy as np
import pytest

from paddle_course.readers import Drawings, hold_out, join, simplify, underscored, word_index
from paddle_course.runtime import UserError


def sketches(counts=(3, 2), names=("cat", "power_outlet"), seed=0, source="toy"):
    """Random strokes; the first point of drawing i is (i, its label)."""
    rng, lists, labels = np.random.default_rng(seed), [], []
    for label, count in enumerate(counts):
        for _ in range(count):
            strokes = [rng.integers(0, 256, (int(rng.integers(1, 6)), 2)) for _ in range(int(rng.integers(1, 4)))]
            strokes[0][0] = len(lists), label
            lists.append(strokes)
            labels.append(label)
    flat = [stroke for strokes in lists for stroke in strokes]
    edges = [np.cumsum([0, *map(len, each)]) for each in (flat, lists)]
    points = np.concatenate(flat).astype(np.uint8)
    return lists, Drawings(points, *edges, np.array(labels), np.arange(len(lists)) + 100, names, source)


def same(drawings, lists):
    assert len(drawings) == len(lists)
    for i, strokes in enumerate(lists):
        found = drawings.drawing(i)
        assert len(found) == len(strokes) and all((a == b).all() for a, b in zip(found, strokes, strict=True))


def test_a_choice_keeps_every_stroke_in_the_order_asked_for():
    lists, drawings = sketches((20, 15))
    same(drawings, lists)
    order = np.random.default_rng(1).permutation(35)[:20]
    some = drawings.take(order)
    same(some, [lists[i] for i in order])
    assert (some.labels == drawings.labels[order]).all() and (some.keys == 100 + order).all()
    same(drawings.take(slice(3, 5)), lists[3:5])
    same(drawings.take(drawings.labels == 1), lists[20:])
    assert len(drawings.take(np.array([], int))) == 0


def test_one_data_set_per_word_becomes_one_of_all():
    parts = [sketches((n,), (name,), seed) for seed, (n, name) in enumerate([(4, "cat"), (2, "dog"), (3, "sun")])]
    whole = join([each for _, each in parts], "three words")
    same(whole, [strokes for lists, _ in parts for strokes in lists])
    assert whole.classes == ("cat", "dog", "sun") and whole.labels.tolist() == [0] * 4 + [1] * 2 + [2] * 3
    assert whole.source == "three words" and whole.times is None
    with pytest.raises(UserError, match="the word 'cat' is there twice"):
        join([parts[0][1], parts[0][1]], "toy")


def test_words_and_their_numbers_both_ways():
    _, drawings = sketches((3, 2, 4), ("cat", "power_outlet", "sun"))
    index = word_index(drawings.classes)
    assert index["power_outlet"] == 1 and drawings.classes[index["sun"]] == "sun" and underscored("a b c") == "a_b_c"


def test_of_each_word_some_are_held_out_and_none_is_on_both_sides():
    _, drawings = sketches((100, 25, 10), ("a", "b", "c"))
    learn, judge = hold_out(drawings, held=15, most=60, even=False)
    assert np.bincount(judge.labels).tolist() == [15, 5, 2] and np.bincount(learn.labels).tolist() == [60, 20, 8]
    assert not set(learn.keys) & set(judge.keys)
    again, other = (hold_out(drawings, held=15, most=60, even=False, seed=seed)[1].keys.tolist() for seed in (0, 1))
    assert again == judge.keys.tolist() != other
    places = judge.keys[:15] - 100  # among the hundred of the first word, whose file may be sorted
    assert places.min() < 20 and places.max() >= 80 and 30 < places.mean() < 70
    learn, judge = hold_out(drawings, held=15, most=60)
    assert np.bincount(judge.labels).tolist() == [5, 5, 2] and np.bincount(learn.labels).tolist() == [20, 20, 8]
    shuffled = drawings.take(np.random.default_rng(0).permutation(135))
    learn, judge = hold_out(shuffled, held=15, most=60)
    assert np.bincount(judge.labels).tolist() == [5, 5, 2] and not set(learn.keys) & set(judge.keys)
    with pytest.raises(UserError, match="1 drawings of 'power_outlet' are too few"):
        hold_out(sketches((3, 1))[1], 1, 1)


def test_a_drawing_that_is_there_twice_is_not_on_both_sides():
    _, drawings = sketches((20, 20), ("a", "b"))
    learn, judge = hold_out(drawings, held=4, most=99)
    assert (len(learn), len(judge)) == (32, 8)
    twice = drawings.take(np.tile(np.arange(40), 2))
    learn, judge = hold_out(twice, held=8, most=99)
    seen, asked = ({each.outline(i) for i in range(len(each))} for each in (learn, judge))
    assert len(judge) == 16 and 40 <= len(learn) < 64 and not seen & asked


def test_raw_drawings_are_simplified_as_google_does_it():
    """A square at 100..500 with points every pixel, and a dot: corners stay, the box is 0..255, times go."""
    side = np.arange(0, 400.0)
    square = np.concatenate([
        np.stack([side, 0 * side], 1), np.stack([400 + 0 * side, side], 1), [[400, 400]],
    ]) + 100  # fmt: skip
    dot = np.array([[300.0, 300.0]])
    points = np.concatenate([square, dot]).astype(np.float32)
    edges = np.array([0, len(square), len(points)]), np.array([0, 2])
    times = np.arange(len(points), dtype=np.float32)
    raw = Drawings(points, *edges, np.zeros(1, int), np.ones(1, int), ("corner",), "pen", times)
    simple = simplify(raw)
    assert simple.points.dtype == np.uint8 and simple.times is None and simple.classes == ("corner",)
    first, second = simple.drawing(0)
    assert first.tolist() == [[0, 0], [255, 0], [255, 255]] and second.tolist() == [[128, 128]]
    assert raw.take(slice(0, 1)).times.tolist() == times.tolist()


def test_arrays_that_do_not_fit_together_are_refused():
    _, good = sketches()
    fields = {name: getattr(good, name) for name in ("points", "strokes", "starts", "labels", "keys", "classes")}
    for change, message in (
        ({"points": good.points[:-1]}, "points, strokes and drawings do not fit together"),
        ({"starts": good.starts[:-1]}, "do not fit together"),
        ({"strokes": np.r_[good.strokes[:1], good.strokes[1:][::-1]]}, "do not fit together"),
        ({"labels": good.labels[:-1]}, "5 drawings but 4 labels"),
        ({"labels": good.labels + 1}, "label 2 at position 3"),
    ):
        with pytest.raises(UserError, match=message):
            Drawings(**(fields | change), source="toy")
