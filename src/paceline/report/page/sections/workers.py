"""Time against workers, beside the pace line."""

from collections.abc import Sequence
from functools import partial
from statistics import median

import altair as alt

from paceline.history import Cell
from paceline.report.page import look
from paceline.report.page.columns import Column
from paceline.report.page.doubting import doubts
from paceline.report.page.drawing import Row, chart, named, rounds, row, span, tooltip
from paceline.report.page.model import Figure, Section, Table
from paceline.report.page.sections import axes
from paceline.report.page.sections.laying import side_by_side
from paceline.tables.rows import shared, wording
from paceline.text import formats

SWEEPS = (
    ("workers", "test_waiting", "Items that wait"),
    ("workers", "test_computing", "Items that compute"),
    ("threads_knee", "test_threads", "Waiting, with very many threads"),
    ("too_many", "test_computing_with_many", "Computing, with more workers than CPUs"),
    ("too_many", "test_waiting_with_many", "Waiting, with more workers than CPUs"),
)
"""Experiment, its test function, and what the picture is called."""

_LEAD = (
    "How the time of a round falls with the number of workers. Faint dots are rounds; marks are medians, with the "
    "interval in which the true median lies; the dashed line is the limit: the least time in which the work could be "
    "done. Both axes are logarithmic."
)
_NEEDS = "pytest --benchmark-only benchmarks/test_workers.py"


def section(columns: Sequence[Column]) -> Section:
    """Make the part on workers."""
    makers = [partial(_figure, columns, experiment, function, title) for experiment, function, title in SWEEPS]
    rows = side_by_side(columns, makers)
    missing = () if rows else (f"No sweep over workers was measured; measure one: {_NEEDS}",)
    return Section(key="workers", title="Time against workers", lead=_LEAD if rows else "", rows=rows, missing=missing)


def _figure(columns: Sequence[Column], experiment: str, function: str, title: str, column: Column) -> Figure | None:
    cells = column.of(experiment, function)
    if not cells:
        return None
    every = [cell for other in columns for cell in other.of(experiment, function)]
    return Figure(
        key=f"workers-{function.removeprefix('test_').replace('_', '-')}",
        title=title,
        says=_says(cells),
        column=column.label,
        setting=wording(shared(cells)),
        chart=chart(_drawn(cells, every, column.order), _data(cells)),
        table=_table(cells),
        doubts=doubts(cells),
        source=column.source(cells),
    )


def _drawn(cells: Sequence[Cell], every: Sequence[Cell], order: Sequence[str]) -> alt.TopLevelMixin:
    across = (
        alt.X("workers:Q")
        .scale(type="log", base=2, nice=False, padding=12)
        .title("workers")
        .axis(values=sorted({cell.workers for cell in every}), format="d")
    )
    hue, mark = look.colour(order, cells), look.shape(order, cells)
    pace = alt.Chart(named("pace"))
    dots = alt.Chart(named("rounds")).mark_circle(size=14, opacity=0.3)
    medians = alt.Chart(named("cells"))
    domain = span([seconds for cell in every for seconds in (*cell.rounds, cell.limit or 0)])
    up = partial(axes.up, domain, "time of a round")
    return alt.layer(
        pace.mark_line(strokeDash=[6, 4], color=look.PACE, strokeWidth=2).encode(across, up("seconds")),
        pace.mark_text(align="left", baseline="top", dy=5, fontStyle="italic").encode(
            across, up("seconds"), text="name:N"
        ),
        dots.encode(across, up("seconds"), hue),
        medians.mark_line(strokeWidth=1.5, opacity=0.7).encode(across, up("median"), hue),
        medians.mark_rule(strokeWidth=2).encode(across, up("low"), alt.Y2("high"), hue),
        medians.mark_point(size=70, filled=True, opacity=1).encode(across, up("median"), hue, mark, tooltip=tooltip()),
    ).properties(height=look.HEIGHT)


def _data(cells: Sequence[Cell]) -> dict[str, list[Row]]:
    return {
        "cells": [row(cell) for cell in cells],
        "rounds": [dot for cell in cells for dot in rounds(cell, workers=cell.workers)],
        "pace": _pace(cells),
    }


def _pace(cells: Sequence[Cell]) -> list[Row]:
    """Return the points of the pace line; its name stands at the first."""
    points: list[Row] = [{"workers": workers, "seconds": seconds} for workers, seconds in pace(cells).items()]
    return [{**point, "name": "" if place else "limit"} for place, point in enumerate(points)]


def pace(cells: Sequence[Cell]) -> dict[int, float]:
    """Return the limit for each number of workers: the median of those that the cells were held against."""
    limits: dict[int, list[float]] = {}
    for cell in sorted(cells, key=lambda cell: cell.workers):
        if cell.limit:
            limits.setdefault(cell.workers, []).append(cell.limit)
    return {workers: median(found) for workers, found in limits.items()}


def _says(cells: Sequence[Cell]) -> str:
    best = min(cells, key=lambda cell: cell.median)
    worst = max(cells, key=lambda cell: cell.median)
    of_limit = f", {formats.percent(best.efficiency)} of the limit" if best.efficiency is not None else ""
    return (
        f"The shortest median is {formats.seconds(best.median)}, by {_who(best)}{of_limit}; the longest is "
        f"{formats.seconds(worst.median)}, by {_who(worst)}."
    )


def _who(cell: Cell) -> str:
    return f"{formats.plain(cell.strategy)} with {formats.many(cell.workers, 'worker')}"


def _table(cells: Sequence[Cell]) -> Table:
    rows = [
        (
            formats.plain(cell.strategy),
            str(cell.workers),
            formats.seconds(cell.median),
            formats.percent(cell.spread),
            formats.seconds(cell.limit),
            formats.percent(cell.efficiency),
        )
        for cell in cells
    ]
    return Table(("strategy", "workers", "median", "spread", "limit", "efficiency"), tuple(rows))
