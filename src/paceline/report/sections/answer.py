"""The answer on top: what each kind of work should use here, by how much, and at what cost."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import altair as alt

from paceline.history import Cell
from paceline.report import charts
from paceline.report.answers import (
    KINDS,
    LATITUDE,
    LEVEL,
    Answer,
    Choice,
    answers,
    choose,
    comparable,
    contenders,
    interval,
    names,
)
from paceline.report.charts import Row, chart, named, rounds, row, span, tooltip
from paceline.report.model import Chart, Column, Panel, Section, Table, cell_table, command, side_by_side
from paceline.stats.samples import FAR, LIKELY
from paceline.tables.rows import BASELINE, shared, speedup, wording
from paceline.text.formats import NOTHING, digits, percent, seconds, times

_LEAD = (
    "What to use here. The fastest is the strategy with the shortest median. One is told to be behind another only if "
    f"the {percent(LEVEL)} interval of its median lies wholly above {LATITUDE} times the upper end of the "
    f"other's, or the {percent(LIKELY)} interval, which leaves odd rounds out, above "
    f"{digits(LATITUDE * (1 + FAR))} times. All that are behind none are as fast, as far as can be told. Of "
    "those that a plain loop is behind the simplest is named, in the order of the tables, and the loop if it is behind "
    "none. Faint dots are rounds, marks are medians with their intervals, and dashes are each strategy's limit: the "
    "least time in which the work could be done."
)


def section(columns: Sequence[Column]) -> Section:
    """Make the part that answers."""
    found = {id(column): answers(column) for column in columns}
    measured = {answer.work for own in found.values() for answer in own}
    makers = [
        partial(_panel, found, name, place)
        for name, *_ in KINDS
        for place in range(max(len(_about(own, name)) for own in found.values()))
    ]
    rows = side_by_side(columns, makers)
    return Section(
        key="answer",
        title="The answer",
        lead=_LEAD if rows else "",
        rows=rows,
        missing=tuple(
            f"{name}: not measured; measure it with: {command(experiment)}"
            for name, experiment, _ in KINDS
            if name not in measured
        ),
    )


def _about(own: Sequence[Answer], work: str) -> list[Answer]:
    return [answer for answer in own if answer.work == work]


def _panel(found: Mapping[int, Sequence[Answer]], work: str, place: int, column: Column) -> Panel | None:
    """Show the answer for one kind of work.

    Args:
        found: the answers of every column, by its identity.
        work: the kind.
        place: which of the scales at which the column measured it, from 0.
        column: the one to show.
    """
    beside = [own[place] for each in found.values() if len(own := _about(each, work)) > place]
    answer = next(iter(_about(found[id(column)], work)[place:]), None)
    if answer is None:
        return None
    cells = contenders(answer.cells)
    made = column.panel(
        cells,
        key=f"answer-{'-'.join(work.lower().split())}",
        title=work,
        says=answer.sentence,
        chart=_chart(cells, [cell for other in beside for cell in contenders(other.cells)], column.order),
        table=_table(answer.cells),
    )
    scale = wording(shared([cell for cell in cells if cell.strategy != BASELINE] or cells))
    return replace(made, setting=scale, doubts=(*made.doubts, *_too_fast(cells)))


def _too_fast(cells: Sequence[Cell]) -> list[str]:
    """Name the cells that gain more over a plain loop than workers can bring: one of the two met another machine."""
    gains = [(name, cell.workers, speedup(cell, cells)) for cell, name in zip(cells, names(cells), strict=True)]
    beyond = [f"{name} ({times(gain)} with {workers})" for name, workers, gain in gains if (gain or 0) > workers]
    if not beyond:
        return []
    return [
        f"speedup: more than workers can bring, so the machine was slower during the plain loop: {', '.join(beyond)}"
    ]


def _table(cells: Sequence[Cell]) -> Table:
    """Return the figures of all that was measured, the control too."""
    words = {
        "strategy": names(cells),
        "interval": [_interval(cell) for cell in cells],
        "speedup": [times(speedup(cell, cells)) for cell in cells],
    }
    return cell_table(("strategy", "median", "interval", "speedup", "efficiency", "start", "marks"), cells, words)


def _interval(cell: Cell) -> str:
    if len(cell.rounds) == 1:
        return NOTHING
    between = interval(cell)
    return f"{seconds(between.low)} to {seconds(between.high)} ({percent(between.level)})"


_STEP = 26  # pixels of a strategy
_FAR = 20  # times; where the slowest is so far behind, the axis is logarithmic
_ROOM = 1.15  # beyond the outermost rounds
_WORDS = 0.2  # of the axis; how far a time beside a mark reaches
_RIGHT = 0.55  # of the axis; words beside a mark right of it stand on its left


def _chart(cells: Sequence[Cell], every: Sequence[Cell], order: Sequence[str]) -> Chart:
    """Draw cells that do the same work.

    Args:
        cells: in the order of tables, shape (n,), n at least 1.
        every: those of all columns, which share the axis.
        order: the names of all strategies.
    """
    ends, choice = _ends(every), choose(cells)
    called = list(zip(cells, names(cells), strict=True))
    data = {
        "cells": [_row(cell, choice, cells, ends, name) for cell, name in called],
        "rounds": [dot for cell, name in called for dot in rounds(cell, row=name)],
    }
    return chart(_drawn(cells, choice, ends, order), data)


def _drawn(cells: Sequence[Cell], choice: Choice, ends: Sequence[float], order: Sequence[str]) -> alt.TopLevelMixin:
    rows = names(cells)
    hue, mark = charts.by_strategy(order, cells, legend=False)
    up, across = _up(rows, rows[cells.index(choice.chosen)] if comparable(cells) else ""), partial(_across, ends)
    medians = alt.Chart(named("cells"))
    return alt.layer(
        medians.transform_filter("datum.is_chosen").mark_rect(color=charts.PACE, opacity=0.22).encode(up),
        medians.transform_filter("isValid(datum.limit)")
        .mark_point(shape="stroke", angle=90, size=_STEP**2, strokeDash=[5, 3], strokeWidth=2, color=charts.PACE)
        .encode(across("limit"), up),
        medians.transform_filter("datum.is_chosen && isValid(datum.limit)")
        .mark_text(baseline="bottom", dy=-2, fontStyle="italic", color=charts.PACE)
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
    axis = alt.Axis(labelExpr=charts.SECONDS, tickCount=5, labelOverlap=True, labelSeparation=8)
    return alt.X(f"{field}:Q").scale(scale).title("time of a round").axis(axis)


def _ends(every: Sequence[Cell]) -> list[float]:
    """Return the ends of the axis, which begins at 0 unless the slowest is far behind."""
    values = [value for cell in every for value in (*cell.rounds, cell.limit or cell.median)]
    medians = [cell.median for cell in every]
    far = max(medians) > _FAR * min(medians)
    return span(values, room=_ROOM) if far else [0, max(values) * _ROOM]


def _up(rows: Sequence[str], chosen: str) -> alt.Y:
    test = f"datum.value === {json.dumps(chosen)}"
    bold = {"condition": {"test": test, "value": "bold"}, "value": "normal"}
    axis = alt.Axis(labelFontWeight=bold, labelLimit=200, grid=False)
    return alt.Y("row:N").scale(domain=list(rows)).sort(None).title(None).axis(axis)


def _row(cell: Cell, choice: Choice, cells: Sequence[Cell], ends: Sequence[float], name: str) -> Row:
    verdict, word = _verdict(cell, choice) if comparable(cells) else (NOTHING, "")
    far = _place(max(cell.rounds), ends) > _RIGHT
    return row(
        cell,
        row=name,
        limit=cell.limit or None,
        beside=_beside(cell, ends, far=far),
        far=far,
        is_chosen=cell is choice.chosen and comparable(cells),
        words=f"{seconds(cell.median)}{word}",
        verdict=verdict,
        speedup=times(speedup(cell, cells)),
        efficiency=percent(cell.efficiency),
        start=seconds(cell.start_seconds),
    )


def _beside(cell: Cell, ends: Sequence[float], *, far: bool) -> float:
    """Return the end of a cell's rounds beside which its words stand; beyond its limit, if that would be under them."""
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


def _place(value: float, ends: Sequence[float]) -> float:
    """Return where a time stands on the axis, 0 to 1."""
    first, last = ends
    return math.log(value / first) / math.log(last / first) if first else value / last
