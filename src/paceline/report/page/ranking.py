"""Strategies below each other with their times, and the one that is chosen."""

import json
import math
from collections.abc import Sequence
from functools import partial

import altair as alt

from paceline.history import Cell
from paceline.report.page import look
from paceline.report.page.answering import Choice, choose, comparable
from paceline.report.page.answers import names
from paceline.report.page.drawing import Row, chart, named, rounds, row, span, tooltip
from paceline.report.page.model import Chart
from paceline.tables.rows import speedup
from paceline.text import formats

_STEP = 26  # pixels of a strategy
_FAR = 20  # times; where the slowest is so far behind, the axis is logarithmic
_ROOM = 1.15  # beyond the outermost rounds
_WORDS = 0.2  # of the axis; how far a time beside a mark reaches
_RIGHT = 0.55  # of the axis; words beside a mark right of it stand on its left


def ranking(cells: Sequence[Cell], every: Sequence[Cell], order: Sequence[str]) -> Chart:
    """Draw cells that do the same work.

    Args:
        cells: in the order of tables, shape (n,), n at least 1.
        every: those of all columns, which share the axis.
        order: the names of all strategies.
    """
    ends = _ends(every)
    return chart(_drawn(cells, ends, order), _data(cells, ends))


def _drawn(cells: Sequence[Cell], ends: Sequence[float], order: Sequence[str]) -> alt.TopLevelMixin:
    rows = names(cells)
    chosen = rows[cells.index(choose(cells).chosen)] if comparable(cells) else ""
    hue, mark = look.colour(order, cells).legend(None), look.shape(order, cells).legend(None)
    up, across = _up(rows, chosen), partial(_across, ends)
    medians = alt.Chart(named("cells"))
    return alt.layer(
        medians.transform_filter("datum.is_chosen").mark_rect(color=look.PACE, opacity=0.22).encode(up),
        medians.transform_filter("isValid(datum.limit)")
        .mark_point(shape="stroke", angle=90, size=_STEP**2, strokeDash=[5, 3], strokeWidth=2, color=look.PACE)
        .encode(across("limit"), up),
        medians.transform_filter("datum.is_chosen && isValid(datum.limit)")
        .mark_text(baseline="bottom", dy=-2, fontStyle="italic", color=look.PACE)
        .encode(across("limit"), y=alt.value(0), text=alt.value("limit")),
        alt.Chart(named("rounds")).mark_circle(size=16, opacity=0.3).encode(across("seconds"), up, hue),
        medians.mark_rule(strokeWidth=2).encode(across("low"), alt.X2("high"), up, hue),
        medians.mark_point(size=80, filled=True, opacity=1).encode(
            across("median"), up, hue, mark, tooltip=tooltip("speedup", "efficiency", "start", "verdict")
        ),
        _words(across, up),
    ).properties(height=_STEP * len(rows))


def _words(across: partial[alt.X], up: alt.Y) -> alt.Chart:
    """Write beside the rounds, on the side that has room: left of those that are far right."""
    bold = alt.expr("datum.is_chosen ? 'bold' : 'normal'")
    side, off = alt.expr("datum.far ? 'right' : 'left'"), alt.expr("datum.far ? -9 : 9")
    text = alt.Chart(named("cells")).mark_text(align=side, baseline="middle", dx=off, fontSize=12, fontWeight=bold)
    words: alt.Chart = text.encode(across("beside"), up, text="words:N")
    return words


def _across(ends: Sequence[float], field: str) -> alt.X:
    scale = alt.Scale(type="log" if ends[0] else "linear", domain=list(ends), nice=False)
    return (
        alt.X(f"{field}:Q")
        .scale(scale)
        .title("time of a round")
        .axis(labelExpr=look.SECONDS, tickCount=5, labelOverlap=True, labelSeparation=8)
    )


def _ends(every: Sequence[Cell]) -> list[float]:
    """Return the ends of the axis, which begins at 0 unless the slowest is far behind."""
    seconds = [value for cell in every for value in (*cell.rounds, cell.limit or cell.median)]
    medians = [cell.median for cell in every]
    far = max(medians) > _FAR * min(medians)
    return span(seconds, room=_ROOM) if far else [0, max(seconds) * _ROOM]


def _up(rows: Sequence[str], chosen: str) -> alt.Y:
    test = f"datum.value === {json.dumps(chosen)}"
    bold = {"condition": {"test": test, "value": "bold"}, "value": "normal"}
    axis = alt.Axis(labelFontWeight=bold, labelLimit=200, grid=False)
    return alt.Y("row:N").scale(domain=list(rows)).sort(None).title(None).axis(axis)


def _data(cells: Sequence[Cell], ends: Sequence[float]) -> dict[str, list[Row]]:
    choice = choose(cells)
    called = list(zip(cells, names(cells), strict=True))
    return {
        "cells": [_row(cell, choice, cells, ends, name) for cell, name in called],
        "rounds": [dot for cell, name in called for dot in rounds(cell, row=name)],
    }


def _row(cell: Cell, choice: Choice, cells: Sequence[Cell], ends: Sequence[float], name: str) -> Row:
    verdict, word = _verdict(cell, choice) if comparable(cells) else (formats.NOTHING, "")
    far = _place(max(cell.rounds), ends) > _RIGHT
    return row(
        cell,
        row=name,
        limit=cell.limit or None,
        beside=_beside(cell, ends, far=far),
        far=far,
        is_chosen=cell is choice.chosen and comparable(cells),
        words=f"{formats.seconds(cell.median)}{word}",
        verdict=verdict,
        speedup=formats.times(speedup(cell, cells)),
        efficiency=formats.percent(cell.efficiency),
        start=formats.seconds(cell.start_seconds),
    )


def _beside(cell: Cell, ends: Sequence[float], *, far: bool) -> float:
    """Return the end of a cell's rounds beside which its words stand; beyond its limit, where that would be under
    them.
    """
    end = min(cell.rounds) if far else max(cell.rounds)
    beyond = (min if far else max)(end, cell.limit or end)
    return beyond if abs(_place(beyond, ends) - _place(end, ends)) < _WORDS else end


def _verdict(cell: Cell, choice: Choice) -> tuple[str, str]:
    """Return what a cell is beside the fastest, and the short form."""
    if cell is choice.chosen:
        return "the one to use: can't be told to be slower", ": use this"
    if cell in choice.alike:
        return "can't be told to be slower than the fastest", " as well"
    return "5 % or more behind the fastest", ""


def _place(seconds: float, ends: Sequence[float]) -> float:
    """Return where a time stands on the axis, 0 to 1."""
    first, last = ends
    return math.log(seconds / first) / math.log(last / first) if first else seconds / last
