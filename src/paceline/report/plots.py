"""The three kinds of plots: dots with intervals, heat maps, and strips of rounds."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import altair as alt

from paceline.history import Cell
from paceline.report import charts
from paceline.report.charts import Row, named, rounds, row, span, tooltip
from paceline.text import formats

DOTS_STEP = 26  # pixels of a row
DOTS_MOST_HEIGHT = 900  # pixels
DOTS_MOST_ROUNDS = 200  # faint dots of a row


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


def dots_drawn(
    dots: Sequence[Dot], every: Sequence[Dot], order: Sequence[str], *, title: str, figures_of: Sequence[str]
) -> alt.TopLevelMixin:
    """Draw the rows of `data`.

    Args:
        dots: those of one column.
        every: those of all columns, whose axis they share.
        order: every strategy there is.
        title: of the axis.
        figures_of: the names of the figures, as `data` got them.
    """
    ys = list(dict.fromkeys(dot.y for dot in every))
    cells = [dot.cell for dot in dots]
    hue, mark = charts.colour(order, cells).legend(None), charts.shape(order, cells).legend(None)
    down = alt.Y("y:N").scale(domain=ys).title(None).axis(grid=True, ticks=False, labelLimit=170)
    across = partial(charts.across, span(_values(every)), title)
    values, seen = alt.Chart(named("cells")), tooltip(*figures_of)
    layers = [
        alt.Chart(named("rounds")).mark_circle(size=14, opacity=0.35).encode(across("seconds"), down, hue),
        alt.Chart(named("intervals")).mark_rule(strokeWidth=2).encode(across("low"), alt.X2("high"), down, hue),
        alt.Chart(named("pairs")).mark_rule(strokeDash=[2, 3]).encode(across("second"), alt.X2("value"), down, hue),
        alt.Chart(named("pairs"))
        .mark_point(size=70, filled=False, strokeWidth=2, opacity=1)
        .encode(across("second"), down, hue, mark, tooltip=seen),
        values.mark_point(size=80, filled=True, opacity=1).encode(across("value"), down, hue, mark, tooltip=seen),
    ]
    return alt.layer(*layers).properties(height=min(DOTS_STEP * len(ys), DOTS_MOST_HEIGHT))


def dots_data(dots: Sequence[Dot], figures_of: Sequence[str]) -> dict[str, list[Row]]:
    """Return the rows of such a picture; what is not above 0 has no place on its axis.

    Args:
        figures_of: what the dot is in a word, and what the hollow one: hovering shows them.
    """
    rows = [_dots_row(dot, figures_of) for dot in dots if dot.value > 0]
    return {
        "cells": rows,
        "pairs": [one for one in rows if one.get("second")],
        "intervals": [one for one in rows if one["low"] is not None],
        "rounds": [
            {"y": dot.y, "strategy": formats.plain(dot.cell.strategy), "seconds": seconds}
            for dot in dots
            for seconds in dot.each[:DOTS_MOST_ROUNDS]
            if seconds > 0
        ],
    }


def _dots_row(dot: Dot, figures_of: Sequence[str]) -> Row:
    told = zip(figures_of, (dot.value, dot.second), strict=False)
    shown = {name: formats.seconds(value) for name, value in told}
    spanned = dot.low is not None and dot.high is not None and 0 < dot.low < dot.high
    ends = {"low": dot.low, "high": dot.high} if spanned else {"low": None, "high": None}
    second = {"second": dot.second} if dot.second and dot.second > 0 else {}
    return row(dot.cell, y=dot.y, value=dot.value, **shown, **second) | ends


def _values(dots: Sequence[Dot]) -> list[float]:
    found = [(dot.value, dot.low or 0, dot.high or 0, dot.second or 0, *dot.each) for dot in dots]
    return [value for values in found for value in values]


HEAT_STEP = 30  # pixels of a row
HEAT_MOST_HEIGHT = 900  # pixels
_LEAST_STEP = 12  # pixels of a row in which a number can be read
_MOST_ACROSS = 12  # fields beside each other in which a number can be read, on a narrow page too
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


def heat_drawn(
    xs: Sequence[str], ys: Sequence[str], colour: alt.Color, *, figure: str, titles: tuple[str, str | None]
) -> alt.TopLevelMixin:
    """Draw the fields of `data`.

    Args:
        xs: the labels from left to right.
        ys: the labels from above.
        colour: that of `value:Q`.
        figure: what the words are, as `data` got it.
        titles: of the two axes.
    """
    height = min(HEAT_STEP * len(ys), HEAT_MOST_HEIGHT)
    across = (
        alt.X("x:O")
        .scale(domain=list(xs))
        .title(titles[0])
        .axis(labelAngle=0, orient="top", ticks=False, labelOverlap="greedy")
    )
    down = alt.Y("y:O").scale(domain=list(ys)).title(titles[1]).axis(ticks=False, labelOverlap="greedy")
    at = {"x": across, "y": down, "tooltip": tooltip(figure)}
    known, unknown, marked = (alt.Chart(named(name)) for name in ("cells", "unknown", "marked"))
    layers = [
        known.mark_rect(cornerRadius=2).encode(**at, color=colour),
        unknown.mark_rect(fill="transparent", stroke=charts.PACE, strokeDash=[2, 3], cornerRadius=2).encode(**at),
        marked.mark_rect(fill="transparent", stroke=_FRAME, strokeWidth=3, cornerRadius=2).encode(**at),
    ]
    if height >= _LEAST_STEP * len(ys) and len(xs) <= _MOST_ACROSS:
        ink = alt.Color("ink:N").scale(None).legend(None)
        layers += [
            known.mark_text(fontSize=12).encode(**at, color=ink, text=f"{figure}:N"),
            unknown.mark_text(fontSize=12).encode(**at, text=f"{figure}:N"),
        ]
    drawn: alt.LayerChart = alt.layer(*layers).resolve_scale(color="independent").properties(height=height)
    return drawn


def heat_data(fields: Sequence[Field], figure: str) -> dict[str, list[Row]]:
    """Return the rows of a heat map.

    Args:
        figure: what the words of the fields are, in one word: hovering shows it.
    """
    known = [field for field in fields if field.value is not None]
    return {
        "cells": [_heat_row(field, figure) for field in known],
        "unknown": [_heat_row(field, figure) for field in fields if field.value is None],
        "marked": [_heat_row(field, figure) for field in known if field.marked],
    }


def _heat_row(field: Field, figure: str) -> Row:
    ink = {} if field.value is None else {"value": field.value, "ink": _DARK if field.bright else _LIGHT}
    return row(field.cell, x=field.x, y=field.y, **{figure: field.words}, **ink)


MOST_CELLS = 2000
MOST_STRIPS = 100
STRIPS_MOST_ROUNDS = 2000  # faint dots of a picture: with more, nobody tells one from the next, and the page grows
STRIPS_MOST_HEIGHT = 600  # pixels
_GOLDEN = (5**0.5 - 1) / 2  # its multiples are spread evenly, and in step with nothing
_LANE, _LEAST_STRIP, _MOST_STRIP = 9, 24, 108  # pixels


def strips_drawn(cells: Sequence[Cell], columns: Sequence[Sequence[Cell]], order: Sequence[str]) -> alt.TopLevelMixin:
    """Draw the rows of `data`.

    Args:
        cells: those of one column.
        columns: those of each column; all share the axes.
        order: every strategy there is.
    """
    shown = [_chosen(own) for own in columns]
    every = [cell for own in shown for cell in own]
    ranks = {name: place for place, name in enumerate(order)}
    names = sorted({cell.strategy for cell in every}, key=lambda name: ranks.get(name, len(ranks)))
    strips = list(dict.fromkeys(map(formats.plain, names)))
    height = min(max(map(_strip, shown)) * len(strips), STRIPS_MOST_HEIGHT)
    down = (
        alt.Y("strategy:N").scale(domain=strips, paddingInner=0.15).title(None).axis(ticks=False, labelOverlap="greedy")
    )
    lane = alt.YOffset("lane:Q").scale(domain=[0, 1])
    hue = charts.colour(order, _chosen(cells)).legend(None)
    domain = span([seconds for cell in every for seconds in cell.rounds])
    across = partial(charts.across, domain, "time of a round")
    dots = alt.Chart(named("rounds")).mark_circle(size=14, opacity=0.35)
    medians = alt.Chart(named("cells")).encode(down, lane, hue)
    return alt.layer(
        dots.encode(across("seconds"), down, lane, hue),
        medians.mark_rule(strokeWidth=2, opacity=0.8).encode(across("low"), alt.X2("high")),
        medians.mark_tick(orient="vertical", thickness=3, size=_LANE).encode(across("median"), tooltip=tooltip()),
    ).properties(height=height)


def strips_data(cells: Sequence[Cell]) -> dict[str, list[Row]]:
    """Return the rows of the strips; of very many cells and rounds some."""
    shown = _chosen(cells)
    lanes = list(zip(shown, _lanes(shown), strict=True))
    return {
        "cells": [row(cell, lane=lane) for cell, lane in lanes],
        "rounds": _thinned([dot for cell, lane in lanes for dot in rounds(cell, lane=lane)]),
    }


def left_out(cells: Sequence[Cell]) -> str:
    """Return what of the cells and rounds is not drawn."""
    shown = _chosen(cells)
    count = sum(len(cell.rounds) for cell in shown)
    some = f" {len(shown)} of {len(cells)} cells are drawn." if len(shown) < len(cells) else ""
    return (
        f"{some} Of {count} rounds one in {count / STRIPS_MOST_ROUNDS:.2g} is drawn."
        if count > STRIPS_MOST_ROUNDS
        else some
    )


def _chosen(cells: Sequence[Cell]) -> list[Cell]:
    """Return the cells that are drawn: those of the first strategies, and the first of these."""
    strategies = set(list(dict.fromkeys(cell.strategy for cell in cells))[:MOST_STRIPS])
    return [cell for cell in cells if cell.strategy in strategies][:MOST_CELLS]


def _thinned(dots: list[Row]) -> list[Row]:
    share = STRIPS_MOST_ROUNDS / max(len(dots), 1)
    return dots if share >= 1 else [dot for place, dot in enumerate(dots) if place * _GOLDEN % 1 < share]


def _strip(cells: Sequence[Cell]) -> int:
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
