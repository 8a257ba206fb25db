"""A function that draws on matplotlib axes -> a `Figure`: SVG that takes the page's colours, PNG on white.

In the SVG, ink is `currentColor`, the background is empty and text stays text, so that one drawing is read on a light
and on a dark page, in the page's own font. Sizes are CSS pixels; a figure is narrow with large letters, because it
must still be read when a telephone shows it 330 pixels wide. No pyplot: nothing global is kept.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Sequence
from functools import cache
from html import escape
from typing import Any

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Sheet
from matplotlib.image import imsave
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from paddle_course.answers.pieces import Figure, number

WIDTH = 460  # of a plain figure; a wider one scrolls on a telephone
DPI = 150  # of the PNG
INK = "#1b1d21"  # becomes currentColor
# The first five are told apart with every kind of colour vision; all stand at least 3:1 against white and against the
# dark page. Blue is the colour of what is right and large, orange of what is wrong.
PALETTE = ("#2f7fd0", "#d9730d", "#08a68c", "#c2304e", "#7b45ea", "#8a7a1c", "#c4548f", "#1a94ad")
BLUE, ORANGE = PALETTE[:2]
DASH, DOTS = (0, (5, 2.5)), (0, (1, 2))

Panel = Callable[[Axes], None]


@cache
def _style() -> dict[str, Any]:
    """matplotlib's settings while a figure is drawn. In the PNG, Chinese titles need a font with such letters."""
    chinese = ("Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Micro Hei")
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return {
        "font.family": ["DejaVu Sans", *(name for name in chinese if name in installed)],
        "font.size": 12,
        "axes.labelsize": 12.5,
        "axes.titlesize": 13.5,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.titlepad": 10,
        "legend.fontsize": 12,
        "text.color": INK,
        "text.parse_math": False,  # a $ in a file name is a $
        "axes.labelcolor": INK,
        "axes.edgecolor": INK,
        "axes.facecolor": "none",
        "figure.facecolor": "none",
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.prop_cycle": matplotlib.cycler(color=PALETTE),
        "xtick.color": INK,
        "ytick.color": INK,
        "xtick.major.width": 0.8,
        "xtick.major.size": 4,
        "xtick.minor.size": 0,
        "ytick.major.size": 0,
        "ytick.minor.size": 0,
        "grid.color": INK,
        "grid.alpha": 0.14,
        "grid.linewidth": 0.8,
        "lines.linewidth": 2,
        "lines.markersize": 5.5,
        "legend.frameon": False,
        "svg.fonttype": "none",
        "figure.constrained_layout.h_pad": 0.06,
        "figure.constrained_layout.w_pad": 0.04,
    }


def draw(
    name: str, caption: str, *panels: Panel, width: float = WIDTH, height: float = 300, columns: int = 0
) -> Figure:
    """`panels` drawn one beside the other, each `width` x `height` pixels. In the page, panels stand below each other
    where there is no room for two; in the PNG, after every `columns` of them."""
    with matplotlib.rc_context(_style() | {"svg.hashsalt": name}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # the SVG still has the text
        sheets = [_sheet(panel, width, height) for panel in panels]
        svg = "".join(_svg(sheet, f"{name}-{i}", caption) for i, sheet in enumerate(sheets))
        return Figure(name, caption, svg, _png(sheets, min(columns or len(panels), len(panels))))


def _sheet(panel: Panel, width: float, height: float) -> Sheet:
    sheet = Sheet(figsize=(width / 72, height / 72), dpi=72, layout="constrained")
    panel(sheet.subplots())
    sheet.get_layout_engine().execute(sheet)  # once, not in each of the drawings
    sheet.set_layout_engine("none")
    return sheet


# The canvases are called as they are: `savefig` would draw once more for each format, to find a layout that is known.
def _png(sheets: Sequence[Sheet], columns: int) -> bytes:
    """The sheets on white, and white from now on, `columns` of them in a row."""
    tiles = []
    for sheet in sheets:
        sheet.set(dpi=DPI, facecolor="white")
        canvas = FigureCanvasAgg(sheet)
        canvas.draw()
        tiles.append(np.asarray(canvas.buffer_rgba()))
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % columns)
    rows = [np.concatenate(tiles[i : i + columns], axis=1) for i in range(0, len(tiles), columns)]
    file = io.BytesIO()
    imsave(file, np.concatenate(rows), format="png", dpi=DPI, metadata={"Software": None})
    return file.getvalue()


def _svg(sheet: Sheet, name: str, caption: str) -> str:
    """The sheet as one <svg> for inlining: no prolog, no width in points, ids that no other figure of the page has."""
    file = io.StringIO()
    FigureCanvasSVG(sheet).print_svg(file, metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = file.getvalue()
    text = text[text.index("<svg ") :].strip()
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", text, flags=re.DOTALL)
    used = set(re.findall(r"(?:url\(|href=\")#([\w-]+)", text))
    text = re.sub(r' id="([^"]*)"', lambda m: f' id="{name}-{m[1]}"' if m[1] in used else "", text)
    text = re.sub(r'(url\(|href=")#', rf"\g<1>#{name}-", text)
    text = text.replace(INK, "currentColor").replace('transform="rotate(-0 ', 'transform="rotate(0 ')
    width, height = (round(72 * inches) for inches in sheet.get_size_inches())
    room = f"max-width: {1.25 * width:.0f}px"  # letters are about as large in every figure
    wide = f'class="wide" style="{room}; min-width: {0.8 * width:.0f}px"' if width > WIDTH else f'style="{room}"'
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" role="img"'
        f' viewBox="0 0 {width} {height}" width="{width}" {wide} aria-label="{escape(caption)}"'
        f' stroke-linejoin="round" font-family="sans-serif">'
    )
    text = re.sub(r"<svg [^>]*>", lambda _: head, text, count=1)
    return re.sub(r"\s*\n\s*", "\n", text).replace("<defs>\n</defs>\n", "")


def scale(axes: Axes, which: str, log: bool = False, percent: bool = False) -> None:
    """Ticks of the x or y axis as one reads them: 1,000 or 65 %, on a log axis 1, 2, 5, 10 ..."""
    axis = getattr(axes, f"{which}axis")
    if log:
        getattr(axes, f"set_{which}scale")("log", nonpositive="clip")
        low, high = getattr(axes, f"get_{which}lim")()
        steps = (1, 2, 5) if high / low < 10**3.3 else (1,)
        axis.set_major_locator(LogLocator(subs=steps, numticks=12))
        axis.set_minor_locator(NullLocator())
        axis.set_minor_formatter(NullFormatter())
    if percent:
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.4g} %"))
    else:
        axis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value)))


def _tick(value: float) -> str:
    value = float(f"{value:.10g}")  # 0.30000000000000004
    return number(int(value)) if value == int(value) and abs(value) < 1e7 else f"{value:.4g}"
