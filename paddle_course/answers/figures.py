"""Arrays and records -> figures: curves with bands, panels, bars, confusion matrices, picture grids, heat maps.

Every function returns a `Figure` in well under half a second. Text in figures is English; captions say what is seen.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from paddle_course.answers.drawing import BLUE, DASH, DOTS, INK, ORANGE, PALETTE, WIDTH, draw, scale
from paddle_course.answers.pieces import Figure, number

MARKERS = "os^Dv*PX"
LETTER = 7.0  # the mean width of a letter at 12 px, generously
OFFSET = {"textcoords": "offset points"}


@dataclass(frozen=True)
class Chart:
    """Curves over one pair of axes. `series`: label -> (x, y) or (x, y, sd); sd is drawn as a band of one sd."""

    series: Mapping[str, Sequence[Sequence[float]]]
    xlabel: str
    ylabel: str
    title: str = ""
    logx: bool = False
    logy: bool = False
    percent: bool = False  # y are shares, shown in per cent
    ylim: tuple[float, float] | None = None  # where several charts are to be compared by eye
    dashed: Collection[str] = ()  # labels drawn as dashed lines without points: fits, baselines
    marks: Mapping[str, float] = field(default_factory=dict)  # label -> x of a dotted upright line


def curves(name: str, caption: str, series: Mapping, xlabel: str, ylabel: str, **options: object) -> Figure:
    """One chart; `options` as in `Chart`: logx, logy, percent, ylim, dashed, marks, title."""
    return panels(name, caption, [Chart(series, xlabel, ylabel, **options)])


def panels(name: str, caption: str, charts: Sequence[Chart], columns: int = 0) -> Figure:
    """Charts side by side (below each other on a telephone), in the PNG at most `columns` in a row; 0 = all."""
    rows = max(-(-len(chart.series) // _legend_columns(list(chart.series))) for chart in charts)
    return draw(name, caption, *(partial(_chart, chart) for chart in charts), height=270 + 20 * rows, columns=columns)


def _chart(chart: Chart, axes: Axes) -> None:
    for i, (label, values) in enumerate(chart.series.items()):
        x, y, *sd = _thin([np.asarray(each, dtype=float) for each in values], chart.logx)
        y = np.where(np.isfinite(y), y, np.nan)
        fit, colour = label in chart.dashed, PALETTE[i % len(PALETTE)]
        points = MARKERS[i % len(MARKERS)] if len(x) <= 24 and not fit else ""
        style = {"linestyle": DASH if fit or i >= len(PALETTE) else "-", "linewidth": 1 if _noisy(y) else 2}
        axes.plot(x, y, color=colour, marker=points, markeredgewidth=0, label=label, **style)
        if sd:
            axes.fill_between(x, y - sd[0], y + sd[0], color=colour, alpha=0.2, linewidth=0)
    axes.set(xlabel=chart.xlabel, ylabel=chart.ylabel, title=chart.title)
    if chart.ylim:
        axes.set_ylim(*chart.ylim)
    axes.grid(axis="y")
    axes.spines["left"].set_visible(False)
    scale(axes, "x", chart.logx)
    scale(axes, "y", chart.logy, chart.percent)
    xs = [np.asarray(values[0], dtype=float) for values in chart.series.values()]
    if not chart.logx and all((x == np.round(x)).all() for x in xs):  # epochs, steps
        axes.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10], integer=True))
    for label, x in chart.marks.items():
        axes.axvline(x, color=INK, linestyle=DOTS, linewidth=1.2)
        axes.annotate(
            label, (x, 1), xycoords=("data", "axes fraction"), xytext=(5, -2), va="top", **OFFSET, fontsize=11
        )
    if len(chart.series) > 1:
        columns = _legend_columns(list(chart.series))
        style = {"borderaxespad": 0.3, "borderpad": 0, "handlelength": 1.8, "columnspacing": 1.6}
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, **style)
        axes.set_title(chart.title, pad=14 + 19 * -(-len(chart.series) // columns))


def _thin(values: list[np.ndarray], logx: bool) -> list[np.ndarray]:
    """Of a long record, the lowest and highest point in each of 400 stretches: it looks the same and is small."""
    x, y = values[:2]
    if len(x) <= 800:
        return values
    place = np.log(np.maximum(x, x[x > 0].min())) if logx else x
    edges = np.searchsorted(place, np.linspace(place[0], place[-1], 401)[1:-1])
    stretches = [part for part in np.split(np.arange(len(x)), edges) if len(part)]
    ends = [part[end(y[part])] for part in stretches for end in (np.argmin, np.argmax)]
    keep = np.unique([0, *ends, len(x) - 1])
    return [each[keep] for each in values]


def _noisy(y: np.ndarray) -> bool:
    """Whether a curve goes up and down its own range many times, as the loss of single steps does."""
    y = y[np.isfinite(y)]
    return len(y) > 100 and bool(np.abs(np.diff(y)).sum() > 10 * np.ptp(y))


def _legend_columns(labels: Sequence[str]) -> int:
    widest = max((len(label) for label in labels), default=0) * LETTER + 46
    return max(1, min(len(labels), int((WIDTH - 40) // widest)))


def bars(
    name: str,
    caption: str,
    labels: Sequence[str],
    values: Sequence[float],
    errors: Sequence[float] | None = None,
    xlabel: str = "",
    percent: bool = False,
) -> Figure:
    """Horizontal bars, first label on top, each with its value behind it; `errors` (one sd) as whiskers."""

    def panel(axes: Axes) -> None:
        length, where = np.asarray(values, dtype=float), np.arange(len(values))
        spread = np.zeros(len(values)) if errors is None else np.asarray(errors, dtype=float)
        axes.barh(where, length, height=0.62, color=BLUE, alpha=0.85)
        if errors is not None:
            axes.errorbar(length, where, xerr=spread, fmt="none", ecolor=INK, elinewidth=1.3, capsize=3)
        for y, (value, sd) in enumerate(zip(length, np.nan_to_num(spread), strict=True)):
            text = f"{100 * value:.1f} %" if percent else number(value)
            side = -1 if value < 0 else 1
            end, place = (np.nan_to_num(value) + side * sd, y), {"ha": "right" if side < 0 else "left", "va": "center"}
            axes.annotate(text, end, xytext=(5 * side, 0), **OFFSET, **place, fontsize=11.5)
        axes.set_yticks(where, labels)
        axes.set(xlabel=xlabel, ylim=(len(length) - 0.5, -0.5))
        axes.margins(x=0.18)
        axes.grid(axis="x")
        axes.spines["bottom"].set_visible(False)
        axes.tick_params(axis="x", length=0)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        scale(axes, "x", percent=percent)

    return draw(name, caption, panel, height=70 + 30 * len(labels))


def confusion(name: str, caption: str, matrix: np.ndarray, classes: Sequence[str]) -> Figure:
    """Counts (K, K), rows the true class, columns the answer. Blue is right, orange wrong; depth is the row's share."""
    counts = np.asarray(matrix)
    share = np.sqrt(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))  # sqrt: rare mistakes are seen too
    right = np.eye(len(counts), dtype=bool)[..., None]
    colour = np.where(right, _rgb(BLUE), _rgb(ORANGE))

    def panel(axes: Axes) -> None:
        text = [[f"{n}" if n else "" for n in row] for row in counts] if len(counts) <= 20 else None
        _cells(axes, colour, share, text)
        if len(classes) <= 40:
            axes.set_xticks(range(len(classes)), classes, rotation=45, ha="right", rotation_mode="anchor")
            axes.set_yticks(range(len(classes)), classes)
        axes.set(xlabel="answered", ylabel="true class")

    side = float(np.clip(26 * len(counts) + 110, WIDTH, 720))
    return draw(name, caption, panel, width=side, height=side - 20)


def heatmap(
    name: str,
    caption: str,
    matrix: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    fmt: str = ".3g",
    xlabel: str = "",
    ylabel: str = "",
    marks: Mapping[tuple[int, int], str] | None = None,
) -> Figure:
    """Values (R, C) with their text in each cell, darker = larger; one that is not finite shows its mark or a dash."""
    values = np.asarray(matrix, dtype=float)
    finite = np.isfinite(values)
    low, high = (values[finite].min(), values[finite].max()) if finite.any() else (0.0, 0.0)
    depth = np.where(finite, 0.06 + 0.94 * (np.nan_to_num(values) - low) / ((high - low) or 1), 0)

    def panel(axes: Axes) -> None:
        text = [[format(v, fmt).replace("%", " %") if np.isfinite(v) else "–" for v in row] for row in values]
        for (i, j), word in (marks or {}).items():
            text[i][j] = word
        _cells(axes, np.broadcast_to(_rgb(BLUE), (*values.shape, 3)), depth, text)
        axes.set_xticks(range(len(columns)), columns)
        axes.set_yticks(range(len(rows)), rows)
        axes.set(xlabel=xlabel, ylabel=ylabel)

    width = max(WIDTH, 48 * len(columns) + LETTER * max(map(len, rows)))
    return draw(name, caption, panel, width=width, height=80 + 34 * len(rows))


def _rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def _cells(axes: Axes, colour: np.ndarray, depth: np.ndarray, text: Sequence[Sequence[str]] | None) -> None:
    """Cells whose colour comes in by transparency: nothing is the page's own colour, be it light or dark."""
    axes.imshow(np.dstack([colour, np.clip(depth, 0, 1)]), interpolation="none", aspect="auto")
    for i, row in enumerate(text or []):
        for j, word in enumerate(row):
            ink = "#ffffff" if depth[i, j] > 0.8 else INK
            inside = axes.text(j, i, word, ha="center", va="center", color=ink, fontsize=11)
            inside.set_in_layout(False)  # it takes no room outside the axes: the layout need not measure it
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def pictures(
    name: str,
    caption: str,
    images: Sequence[np.ndarray],
    titles: Sequence[str] = (),
    columns: int = 8,
    pixels: int = 96,
) -> Figure:
    """A grid of uint8 images (H, W, 3), (H, W, 1) or (H, W), of any sizes, with a title under each.

    A title may have several lines. Images larger than `pixels` are shrunk to that, so that the page stays small.
    """
    letters = max((len(line) for title in titles for line in title.split("\n")), default=0)
    lines = max((title.count("\n") + 1 for title in titles), default=0)
    columns = min(columns, max(1, len(images)))
    rows = max(1, -(-len(images) // columns))
    side = max(WIDTH / max(columns, 4), 0.95 * LETTER * letters) - 8
    across, down = side + 8, side + 10 + 14 * lines

    def panel(axes: Axes) -> None:
        for i, (image, title) in enumerate(zip(images, titles or [""] * len(images), strict=True)):
            x, y = i % columns * across, i // columns * down
            picture = _small(np.asarray(image), pixels)
            tall, wide = np.array(picture.shape[:2]) / max(picture.shape[:2]) * side
            left, top = x + (side - wide) / 2, y + (side - tall) / 2
            axes.imshow(picture, extent=(left, left + wide, top + tall, top), interpolation="none")
            axes.text(x + side / 2, y + side + 4, title, ha="center", va="top", fontsize=11, linespacing=1.15)
        if not len(images):
            axes.text(side / 2, side / 2, "none", ha="center", va="center")
        axes.set(xlim=(-1, columns * across - 1), ylim=(rows * down, -2), aspect="equal")
        axes.set_axis_off()
        axes.set_position((0, 0, 1, 1))

    return draw(name, caption, panel, width=columns * across, height=rows * down + 2)


def _small(image: np.ndarray, pixels: int) -> np.ndarray:
    """At most `pixels` on the longer side, RGB."""
    scale = pixels / max(image.shape[:2])
    if scale < 1:
        size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.dstack([image] * 3) if image.ndim == 2 or image.shape[2] == 1 else image
