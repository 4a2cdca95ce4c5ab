"""Who did what: timelines of a round, and what each worker came to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from statistics import median

import altair as alt

from paceline.history import Cell
from paceline.report import charts, plots, tracing
from paceline.report.charts import Row, chart, named, rounds, row, span
from paceline.report.model import (
    Chart,
    Column,
    Maker,
    Panel,
    Section,
    cell_table,
    command,
    doubts,
    drawn_or_missing,
    extremes,
    side_by_side,
    slug,
)
from paceline.stats.saved_traces import TracedSpan, spans
from paceline.stats.traces import makespan
from paceline.tables.rows import shared, varying, wording
from paceline.text.formats import many, percent, plain, seconds

SWEEPS = (
    ("workers", "test_waiting", "Items that wait"),
    ("workers", "test_computing", "Items that compute"),
    ("threads_knee", "test_threads", "Waiting, with very many threads"),
    ("too_many", "test_computing_with_many", "Computing, with more workers than CPUs"),
    ("too_many", "test_waiting_with_many", "Waiting, with more workers than CPUs"),
)
"""Experiment, its test function, and the title of its panel."""

_WORKERS_LEAD = (
    "How the time of a round falls with the number of workers. Faint dots are rounds; marks are medians, with the "
    "interval in which the true median lies; the dashed line is the limit: the least time in which the work could be "
    "done. Both axes are logarithmic."
)


def workers_section(columns: Sequence[Column]) -> Section:
    """Make the part on workers."""
    rows = side_by_side(columns, [partial(_sweep, columns, *sweep) for sweep in SWEEPS])
    missing = f"No sweep over workers was measured; measure one: {command('workers')}"
    return drawn_or_missing("workers", "Time against workers", _WORKERS_LEAD, rows, missing)


def _sweep(columns: Sequence[Column], experiment: str, function: str, title: str, column: Column) -> Panel | None:
    cells = column.of(experiment, function)
    if not cells:
        return None
    every = [cell for other in columns for cell in other.of(experiment, function)]
    return column.panel(
        cells,
        key=slug("workers", function.removeprefix("test_")),
        title=title,
        says=_says(cells),
        chart=_chart(cells, every, column.order),
        table=cell_table(("strategy", "workers", "median", "spread", "limit", "efficiency"), cells),
    )


def _chart(cells: Sequence[Cell], every: Sequence[Cell], order: Sequence[str]) -> Chart:
    across = (
        alt.X("workers:Q")
        .scale(type="log", base=2, nice=False, padding=12)
        .title("workers")
        .axis(values=sorted({cell.workers for cell in every}), format="d")
    )
    domain = span([value for cell in every for value in (*cell.rounds, cell.limit or 0)])
    up = partial(charts.up, domain, "time of a round")
    colours, pace = charts.by_strategy(order, cells), alt.Chart(named("pace")).encode(across, up("seconds"))
    dots = alt.Chart(named("rounds")).mark_circle(size=14, opacity=0.3)
    layers = alt.layer(
        pace.mark_line(strokeDash=[6, 4], color=charts.PACE, strokeWidth=2),
        pace.mark_text(align="left", baseline="top", dy=5, fontStyle="italic").encode(text="name:N"),
        dots.encode(across, up("seconds"), colours[0]),
        *plots.median_layers(across, up, colours),
    )
    data = {
        "cells": [row(cell) for cell in cells],
        "rounds": [dot for cell in cells for dot in rounds(cell, workers=cell.workers)],
        "pace": _pace(cells),
    }
    return chart(layers.properties(height=charts.HEIGHT), data)


def _pace(cells: Sequence[Cell]) -> list[Row]:
    """Return the points of the pace line; its name stands at the first.

    Each is the limit for a number of workers: the median of those that the cells were held against.
    """
    limits: dict[int, list[float]] = {}
    for cell in cells:
        if cell.limit:
            limits.setdefault(cell.workers, []).append(cell.limit)
    return [
        {"workers": workers, "seconds": median(found), "name": "" if place else "limit"}
        for place, (workers, found) in enumerate(sorted(limits.items()))
    ]


def _says(cells: Sequence[Cell]) -> str:
    best, worst = extremes(cells)
    of_limit = f", {percent(best.efficiency)} of the limit" if best.efficiency is not None else ""
    shortest = f"The shortest median is {seconds(best.median)}, by {_who(best)}{of_limit}"
    return f"{shortest}; the longest is {seconds(worst.median)}, by {_who(worst)}."


def _who(cell: Cell) -> str:
    return f"{plain(cell.strategy)} with {many(cell.workers, 'worker')}"


WORKS = {"Downloads": ("test_downloads", "test_downloads_in_chunks"), "Computing": ("test_computing",)}
"""What was traced, and the test functions that trace it."""

_EXPERIMENT = "timeline"
_HANDING = "handing"  # what the experiment calls the way items are handed out
_MOST = 500  # items of a chart; there are dozens on the page
_ROOM = 1.01  # behind the last end
_LEAD = (
    f"One round of each strategy, traced in a pass of its own. {tracing.READING} One worker alone makes a staircase, a "
    "line for each item. The axes of time of one work are alike, but for one worker alone, which may take much longer."
)


def section(columns: Sequence[Column]) -> Section:
    """Make the part on single items."""
    rows = tuple(row for work in WORKS for row in side_by_side(columns, _makers(columns, work)))
    missing = f"No round was traced; trace one of each strategy: {command(_EXPERIMENT)}"
    return drawn_or_missing("timeline", "Who ran which item when", _LEAD, rows, missing)


def _makers(columns: Sequence[Column], work: str) -> list[Maker]:
    """Return a maker for each panel, in the order of tables; a strategy may have several: with and without chunks."""
    traced = [_traced(column, work) for column in columns]
    counted = Counter[str]()
    for own in traced:
        counted |= Counter(cell.strategy for cell in own)
    lengths = [(cell.workers, makespan(read) * _ROOM) for own in traced for cell in own if (read := _read(cell)[0])]
    ends = {
        alone: max((end for workers, end in lengths if (workers == 1) == alone), default=0.0) for alone in (False, True)
    }
    return [partial(_round, work, ends, name, place) for name in columns[0].order for place in range(counted[name])]


def _round(work: str, ends: Mapping[bool, float], strategy: str, place: int, column: Column) -> Panel | None:
    """Show one of a strategy's rounds of some work, the first at `place` 0.

    Args:
        work: what was done in it.
        ends: where the axis of time ends, seconds, by whether one worker did all, which may take much longer.
        strategy: whose round it is.
        place: which of the strategy's rounds, from 0.
        column: the one to show.
    """
    own = [cell for cell in _traced(column, work) if cell.strategy == strategy]
    if len(own) <= place:
        return None
    cell = own[place]
    read, wrong = _read(cell)
    drawn = tracing.panel(
        read,
        key=slug("timeline", work, _name(cell, own)),
        title=f"{work}: {_name(cell, own)}",
        workers=cell.workers,
        end=ends[cell.workers == 1],
        most=_MOST,
    )
    return replace(
        drawn,
        says="Its trace can't be drawn." if wrong else drawn.says,
        column=column.label,
        setting=wording(shared([cell])),
        source=column.source([cell]),
        doubts=(*drawn.doubts, *wrong, *doubts([cell])),
    )


def _read(cell: Cell) -> tuple[tuple[TracedSpan, ...], list[str]]:
    """Read a cell's trace; where that fails, say why."""
    try:
        return spans(cell.extra.get("trace")), []
    except ValueError as error:
        return (), [f"the trace can't be read: {plain(error)}"]


def _name(cell: Cell, own: Sequence[Cell]) -> str:
    """Name a cell by its strategy; one of several by how items were handed out too."""
    name, handing = plain(cell.strategy), cell.extra.get(_HANDING)
    if len(own) == 1:
        return name
    return f"{name}, {plain(handing) if isinstance(handing, str) else varying(own)[own.index(cell)]}"


def _traced(column: Column, work: str) -> list[Cell]:
    return [cell for function in WORKS[work] for cell in column.of(_EXPERIMENT, function)]
