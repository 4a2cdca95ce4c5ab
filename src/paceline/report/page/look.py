"""How charts look, by day and by night: colours that colour-blind people can tell apart, and a shape beside each.

A strategy has the same colour and shape in every chart, by its place among all strategies. Colours alone can't tell so
many apart, so a shape is always with them, or a name.

Source of the first colours: M. Okabe and K. Ito, Color Universal Design (2008), and P. Tol, Colour Schemes (SRON,
2021), the dark ones lightened for the night. The last four lie far from all others for each kind of colour blindness,
as simulated by G. M. Machado, M. M. Oliveira and L. A. F. Fernandes, IEEE TVCG 15 (2009).
"""

from collections.abc import Sequence
from typing import Any

import altair as alt

from paceline.history import Cell
from paceline.text.formats import plain

DAY = ["#444444", "#e69f00", "#b36b00", "#0072b2", "#56b4e9", "#009e73", "#44aa99", "#117733", "#d55e00", "#cc79a7",
       "#882255", "#332288", "#999933", "#9900ff", "#88bb77", "#442200", "#cc0044"]  # fmt: skip
NIGHT = ["#d0d0d0", "#f0b429", "#d99a3d", "#4da3e0", "#8ccdf5", "#2fc79a", "#7fd4c6", "#5fb87f", "#f28444", "#e3a1c4",
         "#cf6fa4", "#a79be8", "#c8c866", "#aa44ff", "#ccffbb", "#8a6d3b", "#ff0055"]  # fmt: skip
SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left",
          "M-.8,-.8L.8,-.8L-.8,.8L.8,.8Z", "M0,-1L.3,-.4L.95,-.3L.5,.15L.6,.8L0,.5L-.6,.8L-.5,.15L-.95,-.3L-.3,-.4Z",
          "M-.8,-.8L-.8,.8L.8,-.8L.8,.8Z", "M0,-.95L.9,-.3L.55,.75L-.55,.75L-.9,-.3Z",
          "M-.9,-.5L-.5,-.9L0,-.4L.5,-.9L.9,-.5L.4,0L.9,.5L.5,.9L0,.4L-.5,.9L-.9,.5L-.4,0Z",
          "M-.9,-.9L.9,-.9L.9,-.3L.3,-.3L.3,.9L-.3,.9L-.3,-.3L-.9,-.3Z", "M-.9,0L0,-.9L.9,0L.9,.8L0,-.1L-.9,.8Z",
          "M-.5,-.9A.9,.9,0,0,1,-.5,.9Z", "M-.3,-1L.3,-1L.3,1L-.3,1Z", "M-1,-.3L1,-.3L1,.3L-1,.3Z"]  # fmt: skip
"""
Each can be filled and be hollow; the last ones, an hourglass, a star, a bow tie, a pentagon, an x, a T, a chevron, half
a disc and two bars, are paths. There is one more than colours, so that where both begin again, no pair comes twice.
"""

SECONDS = (
    "datum.value == 0 ? '0' : abs(datum.value) >= 1 ? format(datum.value, '~g') + ' s' : "
    "abs(datum.value) >= 0.001 ? format(datum.value * 1e3, '~g') + ' ms' : format(datum.value * 1e6, '~g') + ' us'"
)
"""A Vega expression that writes an axis' seconds."""

BYTES = (
    "datum.value == 0 ? '0' : datum.value >= 1073741824 ? format(datum.value / 1073741824, '~g') + ' GiB' : "
    "datum.value >= 1048576 ? format(datum.value / 1048576, '~g') + ' MiB' : "
    "datum.value >= 1024 ? format(datum.value / 1024, '~g') + ' KiB' : format(datum.value, '~g') + ' B'"
)
"""The same for bytes."""

CHANGE = "(datum.value > 1 ? '+' : '') + format((datum.value - 1) * 100, '.3~f') + ' %'"
"""The same for ratios, as changes from 1."""

HEIGHT = 280  # pixels of a plot
PACE = "#888888"
"""The colour of the pace line, by day and by night."""


def config(*, night: bool) -> dict[str, Any]:
    """Return Vega-Lite's `config` for one of the two looks."""
    ink, faint, ground = ("#e6e6e6", "#3a3f44", "#16181b") if night else ("#222222", "#dddddd", "#ffffff")
    text = {"labelColor": ink, "titleColor": ink}
    return {
        "background": ground,
        "font": "system-ui, sans-serif",
        "view": {"stroke": faint},
        "axis": {**text, "gridColor": faint, "domainColor": ink, "tickColor": ink, "labelFontSize": 12,
                 "titleFontSize": 12, "titleFontWeight": "normal"},
        "legend": {**text, "labelFontSize": 12, "titleFontSize": 12, "symbolStrokeWidth": 2},
        "title": {"color": ink, "subtitleColor": ink, "anchor": "start", "fontSize": 14},
        "text": {"color": ink},
        "rule": {"color": ink},
        "range": {"category": NIGHT if night else DAY, "heatmap": {"scheme": "viridis"}, "ramp": {"scheme": "viridis"}},
    }  # fmt: skip


def colour(order: Sequence[str], cells: Sequence[Cell]) -> alt.Color:
    """Encode a row's `strategy` as its colour.

    Args:
        order: every strategy there is, so that each keeps its colour.
        cells: those of the chart, whose strategies the legend names.
    """
    return alt.Color("strategy:N").scale(domain=_domain(order, cells)).legend(_legend(order, cells))


def shape(order: Sequence[str], cells: Sequence[Cell]) -> alt.Shape:
    """Encode a row's `strategy` as its shape; the legend is that of the colour."""
    domain = _domain(order, cells)
    shapes = [SHAPES[place % len(SHAPES)] for place in range(len(domain))]
    return alt.Shape("strategy:N").scale(domain=domain, range=shapes).legend(_legend(order, cells))


def _domain(order: Sequence[str], cells: Sequence[Cell]) -> list[str]:
    """Name the strategies up to the last of the chart, as they stand in rows: colour and shape are those of a place."""
    last = max((order.index(cell.strategy) for cell in cells), default=0)
    return list(dict.fromkeys(map(plain, order[: last + 1])))


def _legend(order: Sequence[str], cells: Sequence[Cell]) -> alt.Legend:
    shown = {cell.strategy for cell in cells}
    values = [plain(name) for name in order if name in shown]
    # Three beside each other are cut off on a narrow page.
    return alt.Legend(title="strategy", values=values, orient="bottom", columns=2, symbolLimit=0, symbolOpacity=1)
