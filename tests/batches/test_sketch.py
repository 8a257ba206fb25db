import json
from functools import partial

import numpy as np
import pytest

from paddle_course.batches import Batches, Sketches, channel_statistics, draw, flip, loader, pad_crop
from paddle_course.readers import Drawings
from paddle_course.runtime import UserError


def made(*drawings, labels=None):
    """Drawings from lists of strokes, each a list of (x, y)."""
    strokes = [stroke for each in drawings for stroke in each]
    edges = [np.cumsum([0, *map(len, each)]) for each in (strokes, drawings)]
    points = np.concatenate([np.array(stroke) for stroke in strokes]).astype(np.uint8)
    labels = np.zeros(len(drawings), int) if labels is None else np.array(labels)
    names = tuple(map(str, range(labels.max() + 1)))
    return Drawings(points, *edges, labels, np.arange(len(drawings)), names, "toy")


def scribbles(count=50, seed=0):
    """Each with its own label."""
    rng = np.random.default_rng(seed)
    lists = [[rng.integers(0, 256, (rng.integers(2, 9), 2)) for _ in range(rng.integers(1, 6))] for _ in range(count)]
    return made(*lists, labels=range(count))


def distance(side, ends):
    """How far each pixel's middle is from the line between two pixels (x, y)."""
    a, b = (np.array(each, float) for each in ends)
    down, across = np.mgrid[:side, :side]
    place = np.stack([across, down], 2) - a
    along = (place @ (b - a) / ((b - a) @ (b - a))).clip(0, 1)
    return np.linalg.norm(place - along[..., None] * (b - a), axis=2)


@pytest.mark.parametrize(("side", "thick"), [(28, 1), (64, 1), (128, 3)])
def test_lines_are_where_the_pen_went(side, thick):
    """A stroke from corner to corner of the box, and one across the middle: bright near the lines, dark elsewhere."""
    page = draw(made([[(0, 0), (200, 100)], [(0, 50), (200, 50)]]), side)[0, :, :, 0]
    low, high, middle = thick, side - 1 - thick, (side - 1) / 2
    half = (high - low) / 2
    lines = [((low, middle - half / 2), (high, middle + half / 2)), ((low, middle), (high, middle))]
    apart = np.min([distance(side, line) for line in lines], 0)
    assert page[apart < 0.3].min() > 100 and page[apart > thick / 2 + 1.6].max() < 20
    assert len(np.unique(page)) > 10  # anti-aliased


def test_a_drawing_fills_its_picture_from_wherever_in_the_box_it_comes():
    square = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]
    pages = [draw(made([[(x + size * a, y + size * b) for a, b in square]]), 48) for x, y, size in (
        (0, 0, 255), (0, 0, 100), (150, 20, 60),
    )]  # fmt: skip
    assert (pages[0] == pages[1]).all() and (pages[0] == pages[2]).all()
    lit = np.argwhere(pages[0][0, :, :, 0] > 127)
    assert lit.min(0).tolist() == [1, 1] and lit.max(0).tolist() == [46, 46]


@pytest.mark.parametrize("side", [33, 65, 129])
def test_a_dot_is_seen(side):
    """Also between other strokes, whose points must stay theirs."""
    middle, one, two, line = side // 2, [(7, 9)], [(7, 9), (7, 9)], [(0, 9), (14, 9)]
    for page in draw(made([one], [two]), side):
        assert page[middle, middle, 0] > 100 and page.astype(int).sum() > 300
        assert 0 < (page > 50).sum() <= 4 * max(1, round(side / 48)) ** 2
    pages = draw(made([[(0, 0), (14, 0)], one, [(0, 18), (14, 18)]], [line, two], [line]), side)
    assert pages[0, middle, middle, 0] > 100 and pages[0, [1, 2], middle].max() > 100
    assert pages[0, middle, : middle - 4].max() == 0
    assert (pages[2] > 0).sum() > (pages[0, middle] > 0).sum()


def test_the_order_of_the_strokes_is_colour():
    far = [[(0, 0), (255, 0)], [(0, 125), (255, 125)], [(0, 255), (255, 255)]]
    page = draw(made(far), 64, colour=True)[0]
    assert page.shape == (64, 64, 3)
    for row, ink in ((1, (255, 0, 0)), (31, (0, 255, 0)), (62, (0, 0, 255))):
        assert ((page[row, 32] > 127) == (np.array(ink) > 0)).all(), page[row, 32]
    backwards = draw(made(far[::-1]), 64, colour=True)[0]
    assert (backwards[1, 32] == page[62, 32][[0, 1, 2]]).all() and (backwards != page).any()
    grey = draw(made(far), 64), draw(made(far[::-1]), 64)
    assert (grey[0] == grey[1]).all()


def test_a_batch_is_drawn_from_seed_epoch_and_position():
    data = Sketches(scribbles(), 32)
    settings = {"size": 16, "seed": 3, "augment": (flip, partial(pad_crop, pad=2, mode="constant"))}
    whole = list(Batches(data, **settings).epoch(2))
    assert [images.shape for images, _ in whole] == [(16, 1, 32, 32)] * 3 + [(2, 1, 32, 32)]
    for position, (images, labels) in enumerate(Batches(data, **settings).epoch(2, start=2), start=2):
        assert (images == whole[position][0]).all() and (labels == whole[position][1]).all()
    for (images, labels), (x, y) in zip(whole, loader(Batches(data, **settings), epoch=2), strict=True):
        assert (x.numpy() == images).all() and (y.numpy() == labels).all()
    assert sorted(np.concatenate([labels for _, labels in whole])) == list(range(50))


def test_every_label_goes_with_its_own_drawing():
    drawings = scribbles()
    for images, labels in Batches(Sketches(drawings, 16), 16, seed=1).epoch(0):
        expected = draw(drawings.take(labels), 16)[..., 0]
        assert (np.rint((images[:, 0] + 1) * 127.5) == expected).all()
    some = Sketches(drawings, 16).take(np.array([4, 2]))
    assert some.labels.tolist() == [4, 2] and (some[:] == draw(drawings, 16)[[4, 2]]).all()


def test_the_description_names_size_and_colour_and_what_is_too_small_is_refused():
    drawings = scribbles()
    texts = {json.dumps(Batches(Sketches(drawings, *each), 8).describe()) for each in ((32,), (33,), (32, True))}
    assert len(texts) == 3
    with pytest.raises(UserError, match="pictures of 4 x 4 show no drawing; take 8 pixels or more"):
        Sketches(drawings, 4)


@pytest.mark.parametrize("colour", [False, True])
def test_all_at_once_and_their_statistics_are_those_of_the_pictures(colour):
    data = Sketches(scribbles(1200), 16, colour)
    images = data.drawn()
    assert (images.images == draw(data.drawings, 16, colour)).all() and (images.labels == data.labels).all()
    (mean, *_), (std, *_) = channel_statistics(data)
    assert channel_statistics(data) == channel_statistics(images.images)
    assert mean == pytest.approx(images.images[..., 0].mean() / 255)
    assert std == pytest.approx(images.images[..., 0].std() / 255)
