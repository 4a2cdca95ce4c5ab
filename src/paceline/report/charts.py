"""What charts are made of, and how they look by day and by night."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from paceline.history import Cell
from paceline.report.model import Chart, ends
from paceline.stats import samples
from paceline.strategies import by_name
from paceline.tables.rows import described, in_full, wording
from paceline.text.formats import percent, plain, seconds

Row = dict[str, Any]

_BEYOND = re.compile("[\U00010000-\U0010ffff\ud800-\udfff]")
_ITS_OWN = frozenset({"if", "constructor", "toString", "toLocaleString", "valueOf", "hasOwnProperty", "isPrototypeOf",
                      "propertyIsEnumerable", "__defineGetter__", "__defineSetter__", "__lookupGetter__",
                      "__lookupSetter__"})  # fmt: skip
"""Vega 6.2 makes expressions of the names in a domain, and takes these, quotes and all, for what its objects can do."""


def chart(drawn: alt.TopLevelMixin, data: Mapping[str, Sequence[Mapping[str, Any]]]) -> Chart:
    """Take what Altair drew of data that stands under names; the page gives it its width and its look."""
    spec = drawn.to_dict(context={"pre_transform": False})
    for name in ("config", "$schema"):
        spec.pop(name, None)
    return Chart(_drawable(spec), _drawable(data))


def _drawable(value: Any) -> Any:
    """Change the texts that Vega stumbles over.

    An invisible character comes behind one of its own words, and a mark in the place of each character beyond the basic
    plane, since Vega may cut a long label within it, and half a character is no text.
    """
    if isinstance(value, str):
        text = value if value.isascii() else _BEYOND.sub("\ufffd", value)
        return f"{text}\u200b" if text in _ITS_OWN else text
    if isinstance(value, Mapping):
        return {name: _drawable(inner) for name, inner in value.items()}
    return [_drawable(inner) for inner in value] if isinstance(value, Sequence) else value


def named(name: str) -> alt.NamedData:
    """Stand for the rows of a name, which come with the page."""
    return alt.NamedData(name=name)


def row(cell: Cell, **more: Any) -> Row:
    """Describe a cell to a chart: what it is drawn by, and what hovering shows."""
    low, high = ends(cell)
    return {
        "cell": plain(cell.name),
        "strategy": plain(cell.strategy),
        "workers": cell.workers,
        "parameters": wording(described(cell)),
        "median": cell.median,
        "low": low,
        "high": high,
        "shown": _median(cell),
        "marks": in_full(cell.marks) or "none",
        **more,
    }


def _median(cell: Cell) -> str:
    """Write a cell's median with its interval: "12.3 ms (12.1 ms to 12.9 ms with 94 %, 5 rounds)"."""
    n = len(cell.rounds)
    if n == 1:
        return f"{seconds(cell.median)} (1 round)"
    found = samples.median_interval(cell.rounds)
    interval = f"{seconds(found.low)} to {seconds(found.high)} with {percent(found.level)}"
    return f"{seconds(cell.median)} ({interval}, {n} rounds)"


def rounds(cell: Cell, **more: Any) -> list[Row]:
    """Return a row for each round of a cell, as few fields as a faint dot needs."""
    return [{"strategy": plain(cell.strategy), "seconds": seconds, **more} for seconds in cell.rounds]


def tooltip(*more: str) -> list[alt.Tooltip]:
    """Return what hovering over a cell shows: the usual fields, and more."""
    titles = {"strategy": "strategy", "shown": "median", "parameters": "with", "marks": "marks", "cell": "cell"}
    return hovering({**titles, **{name: titles.get(name, name) for name in more}})


def hovering(titles: Mapping[str, str]) -> list[alt.Tooltip]:
    """Return what hovering shows: field of a row -> what stands beside it."""
    return [alt.Tooltip(f"{name}:N", title=title) for name, title in titles.items()]


def span(values: Sequence[float], *, room: float = 1.15) -> list[float]:
    """Return the ends of a logarithmic axis for the values above 0, with some room, a factor, beyond the outermost."""
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

COUNTS = "format(datum.value, ',')"
"""The same for numbers of things."""

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


def by_strategy(
    order: Sequence[str], cells: Sequence[Cell], title: str = "strategy", *, legend: bool = True
) -> tuple[alt.Color, alt.Shape]:
    """Encode a row's `strategy` as its colour and as its shape, which share a legend.

    Args:
        order: every strategy there is, so that each keeps its colour and shape.
        cells: those of the chart, whose strategies the legend names.
        title: of the legend.
        legend: whether there is one.
    """
    last = max((order.index(cell.strategy) for cell in cells), default=0)
    domain = list(dict.fromkeys(map(plain, order[: last + 1])))  # colour and shape are those of a place
    known = shapes()
    drawn = [known[place % len(known)] for place in range(len(domain))]
    present = {cell.strategy for cell in cells}
    names = [plain(name) for name in order if name in present]
    beside = _legend(title, values=names) if legend else None
    hue = alt.Color("strategy:N").scale(domain=domain).legend(beside)
    return hue, alt.Shape("strategy:N").scale(domain=domain, range=drawn).legend(beside)


def _legend(title: str, **more: Any) -> alt.Legend:
    # Three beside each other are cut off on a narrow page.
    return alt.Legend(title=title, orient="bottom", columns=2, symbolLimit=0, symbolOpacity=1, **more)


_FEW = 0.6  # decades: on a shorter axis the library's own choice is better
_STEPS = ((2.0, (1, 2, 5)), (3.0, (1, 3)), (math.inf, (1,)))
"""Up to how many decades which digits have a label."""


def across(domain: Sequence[float], title: str, field: str, labels: str = SECONDS) -> alt.X:
    """Place a field of rows from left to right, on a logarithmic axis between two ends above 0.

    Args:
        labels: the Vega expression that writes them; what is placed are seconds, unless it is another.
    """
    return alt.X(f"{field}:Q").scale(logarithmic(domain)).title(title).axis(_labelled(domain, labels))


def up(domain: Sequence[float], title: str, field: str) -> alt.Y:
    """Place a field of rows by seconds, from below, on such an axis."""
    return alt.Y(f"{field}:Q").scale(logarithmic(domain)).title(title).axis(_labelled(domain, SECONDS))


def logarithmic(domain: Sequence[float]) -> alt.Scale:
    """Return a scale between two ends, both above 0."""
    return alt.Scale(type="log", domain=list(domain), nice=False)


def _labelled(domain: Sequence[float], labels: str) -> alt.Axis:
    values = _ticks(domain)
    chosen = {"values": values} if values else {"tickCount": 4}
    return alt.Axis(labelExpr=labels, labelOverlap="greedy", labelSeparation=8, **chosen)


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


def by_verdict(words: Sequence[str]) -> tuple[alt.Color, alt.Shape]:
    """Encode a row's `verdict`, one of these words, as its colour and as its shape, which share a legend."""
    colours, shapes = (list(looks) for looks in zip(*(_LOOKS[word] for word in words), strict=True))
    legend, domain = _legend("verdict"), list(words)
    hue = alt.Color("verdict:N").scale(domain=domain, range=colours).legend(legend)
    return hue, alt.Shape("verdict:N").scale(domain=domain, range=shapes).legend(legend)
