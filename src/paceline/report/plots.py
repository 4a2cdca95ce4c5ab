"""The kinds of plots: dots with intervals, lines through medians, heat maps, and strips of rounds."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import altair as alt

from paceline.history import Cell
from paceline.report import charts
from paceline.report.charts import Row, chart, named, rounds, row, span, tooltip
from paceline.report.model import Chart
from paceline.text.formats import plain, seconds

_STEP = 26  # pixels of a row of dots
_TALLEST = 900  # pixels of dots, and of a heat map
_MOST_DOTS = 200  # faint dots of a row


@dataclass(frozen=True)
class Dot:
    """One row.

    Args:
        y: its label.
        value: where its dot is, seconds.
        low: the lower end of its interval.
        high: the upper end.
        each: where its rounds are.
        second: where its hollow dot is, if it has one.
    """

    cell: Cell
    y: str
    value: float
    low: float | None = None
    high: float | None = None
    each: Sequence[float] = ()
    second: float | None = None


def dots(own: Sequence[Dot], every: Sequence[Dot], order: Sequence[str], *, title: str, labels: Sequence[str]) -> Chart:
    """Draw a row for each dot; what is not above 0 has no place on the axis.

    Args:
        own: those of one column.
        every: those of all columns, whose axis they share.
        order: every strategy there is.
        title: of the axis.
        labels: what the dot is in a word, and what the hollow one: hovering shows them.
    """
    rows = [_dot_row(dot, labels) for dot in own if dot.value > 0]
    data: dict[str, list[Row]] = {
        "cells": rows,
        "pairs": [one for one in rows if one.get("second")],
        "intervals": [one for one in rows if one["low"] is not None],
        "rounds": [
            {"y": dot.y, "strategy": plain(dot.cell.strategy), "seconds": value}
            for dot in own
            for value in dot.each[:_MOST_DOTS]
            if value > 0
        ],
    }
    values = [value for dot in every for value in (dot.value, dot.low or 0, dot.high or 0, dot.second or 0, *dot.each)]
    ys = list(dict.fromkeys(dot.y for dot in every))
    down = alt.Y("y:N").scale(domain=ys).title(None).axis(grid=True, ticks=False, labelLimit=170)
    colours = charts.by_strategy(order, [dot.cell for dot in own], legend=False)
    layers = _dot_layers(partial(charts.across, span(values), title), down, colours, tooltip(*labels))
    return chart(alt.layer(*layers).properties(height=min(_STEP * len(ys), _TALLEST)), data)


def _dot_layers(
    across: Callable[[str], alt.X], down: alt.Y, colours: tuple[alt.Color, alt.Shape], shown: list[alt.Tooltip]
) -> list[alt.Chart]:
    hue, mark = colours
    cells, pairs = alt.Chart(named("cells")), alt.Chart(named("pairs"))
    hollow = pairs.mark_point(size=70, filled=False, strokeWidth=2, opacity=1)
    return [
        alt.Chart(named("rounds")).mark_circle(size=14, opacity=0.35).encode(across("seconds"), down, hue),
        alt.Chart(named("intervals")).mark_rule(strokeWidth=2).encode(across("low"), alt.X2("high"), down, hue),
        pairs.mark_rule(strokeDash=[2, 3]).encode(across("second"), alt.X2("value"), down, hue),
        hollow.encode(across("second"), down, hue, mark, tooltip=shown),
        cells.mark_point(size=80, filled=True, opacity=1).encode(across("value"), down, hue, mark, tooltip=shown),
    ]


def _dot_row(dot: Dot, labels: Sequence[str]) -> Row:
    words = {name: seconds(value) for name, value in zip(labels, (dot.value, dot.second), strict=False)}
    spanned = dot.low is not None and dot.high is not None and 0 < dot.low < dot.high
    low, high = (dot.low, dot.high) if spanned else (None, None)
    second = {"second": dot.second} if dot.second and dot.second > 0 else {}
    return row(dot.cell, y=dot.y, value=dot.value, low=low, high=high, **words, **second)


def ends_in_words(own: Sequence[Dot], least: str, most: str, unit: str = "") -> str:
    """Return which dot is first on the axis, and which last: "The shortest start is 1.00 ms, of threads; ..."."""
    low, high = min(own, key=lambda dot: dot.value), max(own, key=lambda dot: dot.value)
    more = f"; {most} is {seconds(high.value)}, of {high.y}" if len(own) > 1 else ""
    return f"{least} is {seconds(low.value)}{unit}, of {low.y}{more}."


def median_layers(
    across: alt.X, up: Callable[[str], alt.Y], colours: tuple[alt.Color, alt.Shape], *shown: str
) -> list[alt.Chart]:
    """Draw a line for each strategy through the medians of its cells, each with its interval.

    Args:
        across: what the line goes along.
        up: places a field by its seconds.
        colours: of strategies, with their shapes.
        shown: by hovering, beside the usual fields.
    """
    hue, mark = colours
    medians = alt.Chart(named("cells"))
    points = medians.mark_point(size=70, filled=True, opacity=1)
    return [
        medians.mark_line(strokeWidth=1.5, opacity=0.7).encode(across, up("median"), hue),
        medians.mark_rule(strokeWidth=2).encode(across, up("low"), alt.Y2("high"), hue),
        points.encode(across, up("median"), hue, mark, tooltip=tooltip(*shown)),
    ]


_FIELD = 30  # pixels of a row of fields
_LEAST_STEP = 12  # pixels of a row in which a number can be read
_MOST_ACROSS = 12  # fields beside each other in which a number can be read, on a narrow page too
BRIGHT = 0.45  # of the colours' range: from here on black is read better on viridis than white
_DARK, _LIGHT = "#000000", "#ffffff"
_FRAME = "#d55e00"


@dataclass(frozen=True)
class Field:
    """One field of a heat map.

    Args:
        x: the label of its place from left to right.
        y: the label of its row.
        value: what its colour says; None for a field that has only its words.
        words: what stands in it.
        bright: whether its colour is so light that its words have to be dark.
        marked: whether it has a frame, since something is wrong with it.
    """

    cell: Cell
    x: str
    y: str
    value: float | None
    words: str
    bright: bool = True
    marked: bool = False


def heat_map(
    fields: Sequence[Field],
    xs: Sequence[str],
    ys: Sequence[str],
    colour: alt.Color,
    *,
    label: str,
    titles: tuple[str, str | None],
) -> Chart:
    """Draw a heat map, whose words stand in the fields where there is room for them.

    Args:
        fields: those of one column.
        xs: the labels from left to right, of all columns; one may come several times.
        ys: the labels from above, likewise.
        colour: that of `value:Q`.
        label: what the words of the fields are, in one word: hovering shows it.
        titles: of the two axes.
    """
    known = [field for field in fields if field.value is not None]
    data = {
        "cells": [_field_row(field, label) for field in known],
        "unknown": [_field_row(field, label) for field in fields if field.value is None],
        "marked": [_field_row(field, label) for field in known if field.marked],
    }
    xs, ys = list(dict.fromkeys(xs)), list(dict.fromkeys(ys))
    axis: dict[str, Any] = {"ticks": False, "labelOverlap": "greedy"}
    across = alt.X("x:O").scale(domain=xs).title(titles[0]).axis(labelAngle=0, orient="top", **axis)
    down = alt.Y("y:O").scale(domain=ys).title(titles[1]).axis(**axis)
    height = min(_FIELD * len(ys), _TALLEST)
    words = height >= _LEAST_STEP * len(ys) and len(xs) <= _MOST_ACROSS
    layers = _field_layers({"x": across, "y": down, "tooltip": tooltip(label)}, colour, label if words else None)
    return chart(alt.layer(*layers).resolve_scale(color="independent").properties(height=height), data)


def _field_layers(at: dict[str, Any], colour: alt.Color, words: str | None) -> list[alt.Chart]:
    known, unknown, marked = (alt.Chart(named(name)) for name in ("cells", "unknown", "marked"))
    layers = [
        known.mark_rect(cornerRadius=2).encode(**at, color=colour),
        unknown.mark_rect(fill="transparent", stroke=charts.PACE, strokeDash=[2, 3], cornerRadius=2).encode(**at),
        marked.mark_rect(fill="transparent", stroke=_FRAME, strokeWidth=3, cornerRadius=2).encode(**at),
    ]
    if words:
        ink = alt.Color("ink:N").scale(None).legend(None)
        layers += [
            known.mark_text(fontSize=12).encode(**at, color=ink, text=f"{words}:N"),
            unknown.mark_text(fontSize=12).encode(**at, text=f"{words}:N"),
        ]
    return layers


def _field_row(field: Field, label: str) -> Row:
    ink = {} if field.value is None else {"value": field.value, "ink": _DARK if field.bright else _LIGHT}
    return row(field.cell, x=field.x, y=field.y, **{label: field.words}, **ink)


MOST_CELLS = 2000
MOST_STRIPS = 100
STRIPS_MOST_ROUNDS = 2000  # faint dots of a chart: with more, nobody tells one from the next, and the page grows
STRIPS_MOST_HEIGHT = 600  # pixels
_GOLDEN = (5**0.5 - 1) / 2  # its multiples are spread evenly, and in step with nothing
_LANE, _LEAST_STRIP, _MOST_STRIP = 9, 24, 108  # pixels


def strips(cells: Sequence[Cell], columns: Sequence[Sequence[Cell]], order: Sequence[str]) -> Chart:
    """Draw a strip for each strategy, and in it a lane for each of its cells; of very many cells and rounds some.

    Args:
        cells: those of one column.
        columns: those of each column; all share the axes.
        order: every strategy there is.
    """
    own = _chosen(cells)
    lanes = list(zip(own, _lanes(own), strict=True))
    data = {
        "cells": [row(cell, lane=lane) for cell, lane in lanes],
        "rounds": _thinned([dot for cell, lane in lanes for dot in rounds(cell, lane=lane)]),
    }
    return chart(_strips(own, [_chosen(each) for each in columns], order), data)


def _strips(own: Sequence[Cell], columns: Sequence[Sequence[Cell]], order: Sequence[str]) -> alt.TopLevelMixin:
    every = [cell for each in columns for cell in each]
    names = sorted({cell.strategy for cell in every}, key=order.index)
    domain = list(dict.fromkeys(map(plain, names)))
    down = (
        alt.Y("strategy:N").scale(domain=domain, paddingInner=0.15).title(None).axis(ticks=False, labelOverlap="greedy")
    )
    lane, (hue, _) = alt.YOffset("lane:Q").scale(domain=[0, 1]), charts.by_strategy(order, own, legend=False)
    across = partial(charts.across, span([value for cell in every for value in cell.rounds]), "time of a round")
    medians = alt.Chart(named("cells")).encode(down, lane, hue)
    return alt.layer(
        alt.Chart(named("rounds")).mark_circle(size=14, opacity=0.35).encode(across("seconds"), down, lane, hue),
        medians.mark_rule(strokeWidth=2, opacity=0.8).encode(across("low"), alt.X2("high")),
        medians.mark_tick(orient="vertical", thickness=3, size=_LANE).encode(across("median"), tooltip=tooltip()),
    ).properties(height=min(max(map(_strip_height, columns)) * len(domain), STRIPS_MOST_HEIGHT))


def left_out(cells: Sequence[Cell]) -> str:
    """Return what of the cells and rounds is not drawn."""
    own = _chosen(cells)
    count = sum(len(cell.rounds) for cell in own)
    some = f" {len(own)} of {len(cells)} cells are drawn." if len(own) < len(cells) else ""
    share = f" Of {count} rounds one in {count / STRIPS_MOST_ROUNDS:.2g} is drawn."
    return some + (share if count > STRIPS_MOST_ROUNDS else "")


def _chosen(cells: Sequence[Cell]) -> list[Cell]:
    """Return the cells that are drawn: those of the first strategies, and the first of these."""
    strategies = set(list(dict.fromkeys(cell.strategy for cell in cells))[:MOST_STRIPS])
    return [cell for cell in cells if cell.strategy in strategies][:MOST_CELLS]


def _thinned(dots: list[Row]) -> list[Row]:
    share = STRIPS_MOST_ROUNDS / max(len(dots), 1)
    return dots if share >= 1 else [dot for place, dot in enumerate(dots) if place * _GOLDEN % 1 < share]


def _strip_height(cells: Sequence[Cell]) -> int:
    """Return the height of a strip, pixels: more where a strategy has more cells."""
    most = max(Counter(cell.strategy for cell in cells).values(), default=1)
    return min(max(_LANE * most, _LEAST_STRIP), _MOST_STRIP)


def _lanes(cells: Sequence[Cell]) -> list[float]:
    """Return the place of each cell in its strip, between 0 and 1, in the order of tables."""
    counts, seen = Counter(cell.strategy for cell in cells), Counter[str]()
    lanes = []
    for cell in cells:
        seen[cell.strategy] += 1
        lanes.append(round((seen[cell.strategy] - 0.5) / counts[cell.strategy], 4))
    return lanes
