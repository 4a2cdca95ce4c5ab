"""How charts look and what they are made of, by day and by night."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from paceline.history import Cell
from paceline.report.model import Chart
from paceline.stats import samples
from paceline.strategies import by_name
from paceline.tables.rows import described, in_full, wording
from paceline.text import formats
from paceline.text.formats import plain

Row = dict[str, Any]

_BEYOND = re.compile("[\U00010000-\U0010ffff\ud800-\udfff]")
_ITS_OWN = frozenset({"if", "constructor", "toString", "toLocaleString", "valueOf", "hasOwnProperty", "isPrototypeOf",
                      "propertyIsEnumerable", "__defineGetter__", "__defineSetter__", "__lookupGetter__",
                      "__lookupSetter__"})  # fmt: skip
"""Vega 6.2 makes expressions of the names in a domain, and takes these, quotes and all, for what its objects can do."""


def chart(drawn: alt.TopLevelMixin, data: Mapping[str, Sequence[Mapping[str, Any]]]) -> Chart:
    """Take what Altair drew of named data; the page gives it its width and its look.

    Args:
        drawn: with `alt.NamedData` in the place of data.
        data: the rows of each name.
    """
    spec = drawn.to_dict(context={"pre_transform": False})
    for name in ("config", "$schema"):
        spec.pop(name, None)
    return Chart(_drawable(spec), _drawable(data))


def _drawable(value: Any) -> Any:
    """Change the texts that Vega stumbles over: an invisible sign comes behind one of its own words, and a mark in the
    place of each sign beyond the basic plane, since Vega may cut a long label within it, and half a sign is no text.
    """
    if isinstance(value, str):
        text = value if value.isascii() else _BEYOND.sub("\ufffd", value)
        return f"{text}\u200b" if text in _ITS_OWN else text
    if isinstance(value, Mapping):
        return {name: _drawable(inner) for name, inner in value.items()}
    if isinstance(value, Sequence):
        return [_drawable(inner) for inner in value]
    return value


def named(name: str) -> alt.NamedData:
    """Stand for rows that come later."""
    return alt.NamedData(name=name)


def row(cell: Cell, **more: Any) -> Row:
    """Describe a cell to a chart: what it is drawn by, and what hovering shows."""
    between = samples.median_interval(cell.rounds)
    return {
        "cell": formats.plain(cell.name),
        "strategy": formats.plain(cell.strategy),
        "workers": cell.workers,
        "parameters": wording(described(cell)),
        "median": cell.median,
        "low": between.low,
        "high": between.high,
        "shown": shown(cell),
        "marks": in_full(cell.marks) or "none",
        **more,
    }


def shown(cell: Cell) -> str:
    """Write a cell's median with its interval: "12.3 ms (12.1 ms to 12.9 ms with 94 %, 5 rounds)"."""
    n = len(cell.rounds)
    if n == 1:
        return f"{formats.seconds(cell.median)} (1 round)"
    between = samples.median_interval(cell.rounds)
    ends = f"{formats.seconds(between.low)} to {formats.seconds(between.high)}"
    return f"{formats.seconds(cell.median)} ({ends} with {formats.percent(between.level)}, {n} rounds)"


def rounds(cell: Cell, **more: Any) -> list[Row]:
    """Return a row for each round of a cell, as few fields as a faint dot needs."""
    return [{"strategy": formats.plain(cell.strategy), "seconds": seconds, **more} for seconds in cell.rounds]


def tooltip(*more: str) -> list[alt.Tooltip]:
    """Return what hovering over a cell shows.

    Args:
        more: fields beside the usual ones.
    """
    fields = {"strategy": "strategy", "shown": "median", "parameters": "with", "marks": "marks", "cell": "cell"}
    return [alt.Tooltip(f"{name}:N", title=fields.get(name, name)) for name in dict.fromkeys([*fields, *more])]


def span(values: Sequence[float], *, room: float = 1.15) -> list[float]:
    """Return the ends of a logarithmic axis, with some room, so that charts side by side share them.

    Args:
        values: those above 0 count.
        room: factor beyond the outermost ones.
    """
    counted = [value for value in values if value > 0]
    return [min(counted) / room, max(counted) * room] if counted else [0.5, 2.0]


SPARE_SHAPE = "M-1,-.3L1,-.3L1,.3L-1,.3Z"
"""With this bar there is one shape more than colours, so that where both begin again, no pair comes twice."""


def colours(*, night: bool) -> list[str]:
    """Return the colours of the strategies, in table order; for those of somebody else they begin again."""
    return [strategy.look.night if night else strategy.look.day for strategy in by_name().values()]


def shapes() -> list[str]:
    """Return the shapes, as `colours` the colours; each can be filled and be hollow."""
    return [*(strategy.look.shape for strategy in by_name().values()), SPARE_SHAPE]


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
        "range": {"category": colours(night=night), "heatmap": {"scheme": "viridis"}, "ramp": {"scheme": "viridis"}},
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
    known = shapes()
    drawn = [known[place % len(known)] for place in range(len(domain))]
    return alt.Shape("strategy:N").scale(domain=domain, range=drawn).legend(_legend(order, cells))


def _domain(order: Sequence[str], cells: Sequence[Cell]) -> list[str]:
    """Name the strategies up to the last of the chart, as they stand in rows: colour and shape are those of a place."""
    last = max((order.index(cell.strategy) for cell in cells), default=0)
    return list(dict.fromkeys(map(plain, order[: last + 1])))


def _legend(order: Sequence[str], cells: Sequence[Cell]) -> alt.Legend:
    shown = {cell.strategy for cell in cells}
    values = [plain(name) for name in order if name in shown]
    # Three beside each other are cut off on a narrow page.
    return alt.Legend(title="strategy", values=values, orient="bottom", columns=2, symbolLimit=0, symbolOpacity=1)


_FEW = 0.6  # decades: on a shorter axis the library's own choice is better
_STEPS = ((2.0, (1, 2, 5)), (3.0, (1, 3)), (math.inf, (1,)))
"""Up to how many decades which digits have a label."""


def across(domain: Sequence[float], title: str, field: str) -> alt.X:
    """Place a field of rows by seconds, from left to right.

    Args:
        domain: the ends of the axis, both above 0.
        title: what is read off it.
    """
    return alt.X(f"{field}:Q").scale(_scale(domain)).title(title).axis(_seconds(domain))


def up(domain: Sequence[float], title: str, field: str) -> alt.Y:
    """The same from below."""
    return alt.Y(f"{field}:Q").scale(_scale(domain)).title(title).axis(_seconds(domain))


def _scale(domain: Sequence[float]) -> alt.Scale:
    return alt.Scale(type="log", domain=list(domain), nice=False)


def _seconds(domain: Sequence[float]) -> alt.Axis:
    values = _ticks(domain)
    chosen = {"values": values} if values else {"tickCount": 4}
    return alt.Axis(labelExpr=SECONDS, labelOverlap="greedy", labelSeparation=8, **chosen)


def _ticks(domain: Sequence[float]) -> list[float]:
    """Return what has a label; nothing where the axis is too short to choose."""
    low, high = map(math.log10, domain)
    if high - low < _FEW:
        return []
    digits = next(digits for most, digits in _STEPS if high - low <= most)
    found = [float(f"{digit}e{power}") for power in range(math.floor(low), math.ceil(high) + 1) for digit in digits]
    return [value for value in found if domain[0] <= value <= domain[1]]


_LOOKS: Mapping[str, tuple[str, str]] = {
    "confirmed": ("#2a8ad0", "circle"),
    "refuted": ("#d9601a", "triangle-down"),
    "slower": ("#d9601a", "triangle-right"),
    "faster": ("#2a8ad0", "triangle-left"),
    "same": ("#1d9a73", "circle"),
    "unknown": (PACE, "square"),
}
"""Each colour reads on white and on black; blue and orange, as colour-blind people can tell them apart."""


def hue(words: Sequence[str]) -> alt.Color:
    """Encode a row's `verdict` as its colour.

    Args:
        words: the verdicts there may be, as the legend names them.
    """
    colours = [_LOOKS[word][0] for word in words]
    return alt.Color("verdict:N").scale(domain=list(words), range=colours).legend(_verdict_legend())


def sign(words: Sequence[str]) -> alt.Shape:
    """Encode a row's `verdict` as its shape; the legend is that of the colour."""
    shapes = [_LOOKS[word][1] for word in words]
    return alt.Shape("verdict:N").scale(domain=list(words), range=shapes).legend(_verdict_legend())


def _verdict_legend() -> alt.Legend:
    return alt.Legend(title="verdict", orient="bottom", columns=2, symbolLimit=0, symbolOpacity=1)
