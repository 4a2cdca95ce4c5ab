"""How long a message takes to another worker and back, by its size and the way it takes."""

from collections.abc import Sequence
from functools import partial

import altair as alt

from paceline.history import Cell
from paceline.report.page import look
from paceline.report.page.columns import Column
from paceline.report.page.doubting import doubts
from paceline.report.page.drawing import chart, named, row, span, tooltip
from paceline.report.page.model import Figure, Table
from paceline.report.page.sections import axes
from paceline.stats import samples
from paceline.tables.rows import shared, wording
from paceline.text import formats


def cells(column: Column) -> list[Cell]:
    """Return the cells that sent messages of a known size."""
    return [cell for cell in column.of("talking", "test_round_trips") if cell.size is not None]


def figure(columns: Sequence[Column], column: Column) -> Figure | None:
    """Draw the time of a message against its size, a line for each way."""
    own = cells(column)
    if not own:
        return None
    every = [cell for other in columns for cell in cells(other)]
    rows = [row(cell, size=cell.size, carries=formats.size(cell.size or 0)) for cell in own]
    return Figure(
        key="messages",
        title="A message there and back, by size",
        says=_says(own),
        column=column.label,
        setting=wording(shared(own)),
        chart=chart(_drawn(own, every, column.order), {"cells": rows}),
        table=_table(own),
        doubts=doubts(own),
        source=column.source(own),
    )


def _drawn(own: Sequence[Cell], every: Sequence[Cell], order: Sequence[str]) -> alt.TopLevelMixin:
    sizes = sorted({cell.size or 0 for cell in every})
    # A message of no bytes has no logarithm; this scale is linear from 0 to 1 byte.
    across = alt.X("size:Q").scale(type="symlog", constant=1, domain=[0, max(sizes[-1], 1)], nice=False, padding=10)
    domain = span([seconds for cell in every for seconds in (cell.median, *_ends(cell))])
    up = partial(axes.up, domain, "time there and back")
    hue, mark = look.colour(order, own), look.shape(order, own)
    for encoded in (hue, mark):
        encoded["legend"]["title"] = "way"
    base = alt.Chart(named("cells")).encode(
        across.title("size of the message").axis(values=sizes, labelExpr=look.BYTES, labelOverlap="greedy"), hue
    )
    return alt.layer(
        base.mark_line(strokeWidth=1.5, opacity=0.7).encode(up("median")),
        base.mark_rule(strokeWidth=2).encode(up("low"), alt.Y2("high")),
        base.mark_point(size=70, filled=True, opacity=1).encode(up("median"), mark, tooltip=tooltip("carries")),
    ).properties(height=look.HEIGHT)


def _ends(cell: Cell) -> tuple[float, float]:
    between = samples.median_interval(cell.rounds)
    return between.low, between.high


def _says(own: Sequence[Cell]) -> str:
    sizes = sorted({cell.size or 0 for cell in own})
    ends = dict.fromkeys([sizes[0], sizes[-1]])
    return " ".join(_at(size, [cell for cell in own if (cell.size or 0) == size]) for size in ends)


def _at(size: int, own: Sequence[Cell]) -> str:
    best, worst = min(own, key=lambda cell: cell.median), max(own, key=lambda cell: cell.median)
    to = f" to {formats.seconds(worst.median)} ({formats.plain(worst.strategy)})" if len(own) > 1 else ""
    return (
        f"A message of {formats.size(size)} takes {formats.seconds(best.median)} ({formats.plain(best.strategy)}){to}."
    )


def _table(own: Sequence[Cell]) -> Table:
    lines = [
        (
            formats.plain(cell.strategy),
            formats.size(cell.size or 0),
            formats.seconds(cell.median),
            formats.percent(cell.spread),
            f"{formats.named('bytes', cell.extra.get('bytes_per_second'))}/s" if cell.size else formats.NOTHING,
        )
        for cell in own
    ]
    return Table(("way", "size", "median", "spread", "bytes per second"), tuple(lines))
