"""From cells to the rows that charts are drawn from, and from Altair to a chart."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from paceline.history import Cell
from paceline.report.page.model import Chart
from paceline.stats import samples
from paceline.tables.rows import described, in_full, wording
from paceline.text import formats

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
