"""A dot for each row on a logarithmic axis of seconds, with its interval, and a second one where there are two
figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import altair as alt

from paceline.history import Cell
from paceline.report.page import look
from paceline.report.page.drawing import Row, named, row, span, tooltip
from paceline.report.page.sections import axes
from paceline.text import formats

STEP = 26  # pixels of a row
MOST_HEIGHT = 900  # pixels
MOST_ROUNDS = 200  # faint dots of a row


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


def drawn(
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
    hue, mark = look.colour(order, cells).legend(None), look.shape(order, cells).legend(None)
    down = alt.Y("y:N").scale(domain=ys).title(None).axis(grid=True, ticks=False, labelLimit=170)
    across = partial(axes.across, span(_values(every)), title)
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
    return alt.layer(*layers).properties(height=min(STEP * len(ys), MOST_HEIGHT))


def data(dots: Sequence[Dot], figures_of: Sequence[str]) -> dict[str, list[Row]]:
    """Return the rows of such a picture; what is not above 0 has no place on its axis.

    Args:
        figures_of: what the dot is in a word, and what the hollow one: hovering shows them.
    """
    rows = [_row(dot, figures_of) for dot in dots if dot.value > 0]
    return {
        "cells": rows,
        "pairs": [one for one in rows if one.get("second")],
        "intervals": [one for one in rows if one["low"] is not None],
        "rounds": [
            {"y": dot.y, "strategy": formats.plain(dot.cell.strategy), "seconds": seconds}
            for dot in dots
            for seconds in dot.each[:MOST_ROUNDS]
            if seconds > 0
        ],
    }


def _row(dot: Dot, figures_of: Sequence[str]) -> Row:
    told = zip(figures_of, (dot.value, dot.second), strict=False)
    shown = {name: formats.seconds(value) for name, value in told}
    spanned = dot.low is not None and dot.high is not None and 0 < dot.low < dot.high
    ends = {"low": dot.low, "high": dot.high} if spanned else {"low": None, "high": None}
    second = {"second": dot.second} if dot.second and dot.second > 0 else {}
    return row(dot.cell, y=dot.y, value=dot.value, **shown, **second) | ends


def _values(dots: Sequence[Dot]) -> list[float]:
    found = [(dot.value, dot.low or 0, dot.high or 0, dot.second or 0, *dot.each) for dot in dots]
    return [value for values in found for value in values]
