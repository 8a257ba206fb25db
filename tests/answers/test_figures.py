"""Every kind of figure: small, quick, readable on light and dark, and showing what it was given."""

import base64
import re
from functools import cache
from itertools import combinations
from xml.etree import ElementTree

import cv2
import matplotlib
import numpy as np
import pytest

from paddle_course.answers.drawing import BLUE, INK, ORANGE, PALETTE
from paddle_course.answers.figures import Chart, bars, confusion, curves, heatmap, panels, pictures

EPOCHS = np.arange(1, 21)
CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
COUNTS = np.full((10, 10), 20) + 800 * np.eye(10, dtype=int)
IMAGES = np.random.default_rng(0).integers(0, 256, (24, 32, 32, 3), dtype=np.uint8)
LOSS = (np.arange(20000), np.exp(-np.arange(20000) / 8000) + np.random.default_rng(1).normal(0, 0.1, 20000))
SERIES = {name: (EPOCHS, EPOCHS / k, EPOCHS / 200) for k, name in enumerate(["SGD", "Adam", "AdamW"], 30)}

KINDS = {
    "curves": lambda: curves("curves", "Accuracy", SERIES, "epoch", "accuracy", percent=True),
    "log": lambda: curves(
        "log", "", {"n": ([10, 100, 5000], [0.1, 0.5, 0.7])}, "n", "y", logx=True, marks={"elbow": 500}, dashed=["n"]
    ),
    "panels": lambda: panels(
        "panels",
        "Loss and rate",
        [Chart({"train": LOSS}, "step", "loss"), Chart({"lr": LOSS}, "step", "lr", "Rate", logy=True)],
    ),
    "bars": lambda: bars("bars", "Losses", ["MSE", "focal"], [0.61, 0.65], errors=[0.01, 0.02], percent=True),
    "confusion": lambda: confusion("confusion", "Confusion", COUNTS, CLASSES),
    "pictures": lambda: pictures("pictures", "Mistakes", IMAGES, [f"{i} → 1" for i in range(24)]),
    "heatmap": lambda: heatmap("heatmap", "Grid", np.random.default_rng(0).random((5, 5)), "abcde", "12345", ".1%"),
}


@cache
def made(kind):
    return KINDS[kind]()


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def figure(kind):
    return made(kind)


def drawings(figure):
    """The figure's <svg> elements."""
    return list(ElementTree.fromstring(f"<all>{figure.svg}</all>"))


def texts(figure):
    return [
        each.text
        for each in ElementTree.fromstring(f"<all>{figure.svg}</all>").iter("{http://www.w3.org/2000/svg}text")
    ]


def embedded(figure):
    """The raster pictures within the SVG, RGBA."""
    data = re.findall(r"data:image/png;base64,([^\"]*)", figure.svg)
    decoded = [np.frombuffer(base64.b64decode(each), np.uint8) for each in data]
    return [cv2.cvtColor(cv2.imdecode(each, cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA) for each in decoded]


def test_a_figure_takes_the_colours_of_its_page(figure):
    assert "currentColor" in figure.svg and INK not in figure.svg
    assert "#000000" not in figure.svg and "fill: #ffffff" not in re.sub(
        r"<text.*?</text>", "", figure.svg, flags=re.DOTALL
    )
    assert "<text" in figure.svg  # text, not outlines of letters
    assert "<style" not in figure.svg  # it would apply to the whole page


def test_the_png_is_on_white(figure):
    png = cv2.imdecode(np.frombuffer(figure.png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert png.shape[1] >= 900  # 460 pixels at 150 dpi
    assert (png[[0, 0, -1, -1], [0, -1, 0, -1]] == 255).all()
    assert png.min() < 100


def test_a_figure_loads_nothing_and_is_small(figure):
    assert len(figure.svg) < 140_000  # 24 pictures of noise, 3 kB each, in base64; the others are far below
    for drawing in drawings(figure):
        for each in drawing.iter():
            links = [value for key, value in each.attrib.items() if key.endswith("href")]
            assert all(link.startswith(("#", "data:image/png")) for link in links)


def test_the_same_numbers_give_the_same_bytes(kind):
    assert KINDS[kind]() == made(kind)


def test_ids_are_the_figures_own(figure):
    ids = re.findall(r' id="([^"]*)"', figure.svg)
    assert len(ids) == len(set(ids)) and all(each.startswith(f"{figure.name}-") for each in ids)
    assert set(re.findall(r'(?:url\(|href=")#([\w-]+)', figure.svg)) == set(ids)


def test_drawing_leaves_matplotlib_as_it_was(kind):
    before = dict(matplotlib.rcParams)
    KINDS[kind]()
    assert dict(matplotlib.rcParams) == before


def test_panels_are_separate_drawings_in_the_page_and_one_picture_for_the_forum():
    figure = made("panels")
    png = cv2.imdecode(np.frombuffer(figure.png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert len(drawings(figure)) == 2
    assert png.shape[1] > 2 * png.shape[0]


def test_panels_stand_in_rows_of_some_columns():
    charts = [Chart({title: (EPOCHS, EPOCHS)}, "epoch", "") for title in "abc"]
    figure = panels("rows", "Models", charts, columns=2)
    assert len(drawings(figure)) == 3
    png = cv2.imdecode(np.frombuffer(figure.png, np.uint8), cv2.IMREAD_UNCHANGED)
    height, width = (side // 2 for side in png.shape[:2])
    dark = [(part < 100).any() for part in (png[:height, :width], png[:height, width:], png[height:, :width])]
    assert all(dark) and (png[height + 9 :, width + 9 :] == 255).all()  # the fourth place is empty
    one, alone = (panels("one", "Model", charts[:1], columns=columns).png for columns in (2, 1))
    assert one == alone  # and a single one has no place beside it


def test_curves_say_what_they_show():
    shown = texts(made("curves"))
    assert {"SGD", "Adam", "AdamW", "epoch", "accuracy", "5", "20", "60 %"} <= set(shown)
    assert {"10", "500", "elbow", "5,000"} <= set(texts(made("log")))


def test_a_band_is_drawn_only_where_there_is_a_spread():
    bands = [
        curves("a", "", {"x": (EPOCHS, EPOCHS, EPOCHS / 10)}, "", "").svg.count("opacity: 0.2"),
        curves("a", "", {"x": (EPOCHS, EPOCHS)}, "", "").svg.count("opacity: 0.2"),
    ]
    assert bands == [1, 0]


@pytest.mark.parametrize("logx", [False, True])
def test_a_long_record_keeps_its_peaks(logx):
    steps = np.arange(30000.0)
    quiet, peak = np.zeros(30000), np.zeros(30000)
    peak[12345] = 5
    plain, high = (curves("a", "", {"x": (steps, y)}, "", "", logx=logx) for y in (quiet, peak))
    assert "5" in texts(high) and "5" not in texts(plain)
    assert len(high.svg) < 40_000


def test_a_run_that_diverged_is_drawn_as_far_as_it_went():
    y = [1.0, 2.0, float("nan"), float("inf"), float("nan")]
    assert "2" in texts(curves("a", "", {"x": (EPOCHS[:5], y)}, "epoch", "loss"))
    curves("b", "", {"x": (EPOCHS[:5], np.full(5, np.nan))}, "epoch", "loss", logy=True)
    assert "nan" in texts(bars("c", "", ["SGD", "Adam"], [float("nan"), 1.0], errors=[float("nan"), 0.1]))


def test_bars_carry_their_values():
    assert {"MSE", "focal", "61.0 %", "65.0 %"} <= set(texts(made("bars")))
    assert {"-3", "89,910"} <= set(texts(bars("a", "", ["x", "y"], [-3, 89910])))


def test_in_a_confusion_matrix_right_is_blue_and_wrong_is_orange():
    figure = confusion("a", "", [[90, 10], [0, 50]], ["cat", "dog"])
    cells = embedded(figure)[0]
    assert [tuple(cells[0, i, :3]) for i in (0, 1)] == [tuple(bytes.fromhex(c[1:])) for c in (BLUE, ORANGE)]
    assert cells[0, 0, 3] > cells[0, 1, 3] > cells[1, 0, 3] == 0  # no mistakes: the page's own colour
    assert {"90", "10", "50", "cat", "dog"} <= set(texts(figure)) and "0" not in texts(figure)


def test_a_confusion_matrix_of_a_hundred_classes_has_no_text_in_its_cells():
    figure = confusion("a", "", np.eye(100, dtype=int) * 77, [str(i) for i in range(100)])
    assert "77" not in texts(figure) and len(figure.svg) < 60_000
    confusion("empty", "", np.zeros((3, 3), int), "abc")  # a class nobody saw is no division by zero


def test_a_heat_map_is_deepest_where_it_is_largest_and_dashed_where_nothing_is():
    figure = heatmap("a", "", [[0.1, 0.9, np.nan], [0.5, 0.5, 0.5]], ["x", "y"], ["1", "2", "3"], ".1%")
    depth = embedded(figure)[0][..., 3]
    assert depth[0, 1] == depth.max() == 255 and depth[0, 2] == 0 and depth[0, 0] < depth[1, 0]
    assert {"10.0 %", "90.0 %", "–", "x", "y", "1", "3"} <= set(texts(figure))
    assert "–" in texts(heatmap("b", "", [[np.nan]], ["x"], ["y"]))


def test_a_cell_can_say_why_it_has_no_number():
    figure = heatmap("a", "", [[0.5, np.nan], [0.9, np.nan]], ["x", "y"], ["1", "2"], marks={(0, 1): "diverged"})
    assert {"0.5", "0.9", "diverged", "–"} <= set(texts(figure))
    assert embedded(figure)[0][0, 1, 3] == 0


def test_pictures_are_shown_as_they_are():
    shown = embedded(pictures("a", "", IMAGES[:3]))
    assert all((small[..., :3] == image).all() for small, image in zip(shown, IMAGES, strict=False))


def test_pictures_of_any_size_and_kind():
    photo, tall = np.full((300, 400, 3), 200, np.uint8), np.zeros((90, 30), np.uint8)
    figure = pictures("a", "", [photo, tall, IMAGES[0][..., :1]], ["小狗.jpg", "cat 62 %\ndog 21 %", ""])
    assert [each.shape[:2] for each in embedded(figure)] == [(72, 96), (90, 30), (32, 32)]  # large ones are shrunk
    assert {"小狗.jpg", "cat 62 %", "dog 21 %"} <= set(texts(figure))
    assert "none" in texts(pictures("b", "", []))
    with pytest.raises(ValueError, match="zip"):
        pictures("c", "", IMAGES[:2], ["only one title"])


def test_names_given_by_people_are_text_and_nothing_else():
    evil = '<script>$x^2$</script> & "quotes"'
    figure = bars("a", evil, [evil], [1])
    assert evil in texts(figure)
    assert drawings(figure)[0].attrib["aria-label"] == evil
    assert "<script" not in figure.svg


def luminance(colour):
    part = np.array(list(bytes.fromhex(colour[1:]))) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722)


def test_the_palette_is_read_on_both_pages():
    for colour in PALETTE:
        light, dark = (
            (1.0 + 0.05) / (luminance(colour) + 0.05),
            (luminance(colour) + 0.05) / (luminance("#15171b") + 0.05),
        )
        assert min(light, dark) >= 3, colour


@pytest.mark.parametrize(
    "seen",
    [
        np.eye(3),
        [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],  # deuteranopia
        [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],  # protanopia
    ],
)
def test_the_first_colours_are_told_apart_with_every_colour_vision(seen):
    """Dichromats' colours in linear RGB (Viénot, Brettel and Mollon 1999), then the distance in CIE Lab."""

    def lab(colour):
        linear = (np.array(list(bytes.fromhex(colour[1:]))) / 255) ** 2.2
        rgb = np.clip(np.array(seen) @ linear, 0, 1) ** (1 / 2.2)
        return cv2.cvtColor(rgb.astype(np.float32)[None, None], cv2.COLOR_RGB2LAB)[0, 0]

    for one, other in combinations(PALETTE[:5], 2):
        assert np.linalg.norm(lab(one) - lab(other)) > 20, (one, other)
