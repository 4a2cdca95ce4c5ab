"""What workers cost: to start, in memory, and for each message."""

from collections.abc import Mapping, Sequence
from functools import partial

import altair as alt

from paceline.history import Cell
from paceline.report import charts, plots
from paceline.report.answers import memory_per_worker
from paceline.report.charts import chart, named, row, span, tooltip
from paceline.report.model import (
    Column,
    Figure,
    Section,
    Table,
    above_zero,
    doubts,
    label,
    lacking,
    side_by_side,
    telling,
)
from paceline.stats import samples
from paceline.tables.rows import shared, wording
from paceline.text import formats

_COLD, _WARM = "cold_ready_seconds", "warm_ready_seconds"


def start_cells(column: Column) -> list[Cell]:
    """Return the cells that measured the start of workers."""
    return [cell for cell in column.of("starting") if above_zero(cell.extra.get(_COLD))]


def start_figure(columns: Sequence[Column], column: Column) -> Figure | None:
    """Draw the cold start and the warm one, by strategy and workers."""
    own = _measured(columns, column)
    heads = ("strategy", "cold", "warm", "least to greatest cold", "rounds")
    lines = [(*_line(dot), formats.seconds(dot.second), *_scatter(dot)) for dot in own]
    return _figure(
        own,
        [dot for other in columns for dot in _measured(columns, other)],
        column,
        key="start",
        title="Start of workers, until all are ready",
        told=("cold", "warm"),
        table=Table(heads, tuple(lines)),
    )


def of_downloads(columns: Sequence[Column], column: Column) -> Figure | None:
    """Draw the start that downloads had, where none was measured for itself."""
    own = _beside(columns, column)
    return _figure(
        own,
        [dot for other in columns for dot in _beside(columns, other)],
        column,
        key="start-downloads",
        title="Start of workers, as downloads had it",
        told=("start",),
        table=Table(("strategy", "start"), tuple(_line(dot) for dot in own)),
    )


def _figure(
    own: Sequence[plots.Dot],
    every: Sequence[plots.Dot],
    column: Column,
    *,
    key: str,
    title: str,
    told: Sequence[str],
    table: Table,
) -> Figure | None:
    if not own:
        return None
    found = [dot.cell for dot in own]
    drawn = plots.dots_drawn(own, every, column.order, title="time to start", figures_of=told)
    return Figure(
        key=key,
        title=title,
        says=_start_says(own, "cold start" if "cold" in told else "start"),
        column=column.label,
        setting=wording(shared(found)),
        chart=chart(drawn, plots.dots_data(own, told)),
        table=table,
        doubts=doubts(found),
        source=column.source(found),
    )


def _measured(columns: Sequence[Column], column: Column) -> list[plots.Dot]:
    every = [start_cells(other) for other in columns]
    several = len({cell.workers for own in every for cell in own}) > 1
    names = tuple(dict.fromkeys([*(["workers"] if several else []), *telling(every)]))
    return [_dot(cell, label(cell, names)) for cell in start_cells(column)]


def _dot(cell: Cell, name: str) -> plots.Dot:
    between = samples.median_interval(cell.rounds)
    cold = above_zero(cell.extra.get(_COLD)) or 0
    return plots.Dot(cell, name, cold, between.low, between.high, cell.rounds, above_zero(cell.extra.get(_WARM)))


def _beside(columns: Sequence[Column], column: Column) -> list[plots.Dot]:
    every = [
        [] if start_cells(other) else [cell for cell in other.of("downloads") if above_zero(cell.start_seconds)]
        for other in columns
    ]
    names = telling(every)
    own = every[list(columns).index(column)]
    return [plots.Dot(cell, label(cell, names), above_zero(cell.start_seconds) or 0) for cell in own]


def _start_says(own: Sequence[plots.Dot], what: str) -> str:
    least, most = min(own, key=lambda dot: dot.value), max(own, key=lambda dot: dot.value)
    more = f"; the longest is {formats.seconds(most.value)}, of {most.y}" if len(own) > 1 else ""
    return f"The shortest {what} is {formats.seconds(least.value)}, of {least.y}{more}."


def _line(dot: plots.Dot) -> tuple[str, str]:
    return dot.y, formats.seconds(dot.value)


def _scatter(dot: plots.Dot) -> tuple[str, str]:
    return f"{formats.seconds(min(dot.each))} to {formats.seconds(max(dot.each))}", str(len(dot.each))


_FUNCTION = "test_memory"
_TICKS = 8


def memory_cells(column: Column) -> list[Cell]:
    """Return the cells that measured memory."""
    return [cell for cell in column.of("memory", _FUNCTION) if cell.memory is not None]


def slopes(column: Column) -> dict[str, float]:
    """Return what one more worker takes, bytes, of each strategy of which it is known."""
    each = {
        name: memory_per_worker(column, name) for name in dict.fromkeys(cell.strategy for cell in memory_cells(column))
    }
    return {name: slope for name, slope in each.items() if slope is not None}


def memory_figure(columns: Sequence[Column], column: Column) -> Figure | None:
    """Draw memory against workers, a line for each strategy."""
    own = memory_cells(column)
    if not own:
        return None
    every, slope = [cell for other in columns for cell in memory_cells(other)], slopes(column)
    rows = [row(cell, bytes=cell.memory, memory=_size(cell.memory)) for cell in own]
    return Figure(
        key="memory",
        title="Memory by workers",
        says=_memory_says(own, slope),
        column=column.label,
        setting=wording(shared(own)),
        chart=chart(_memory_drawn(own, every, column.order), {"cells": rows}),
        table=_memory_table(own, slope),
        doubts=doubts(own),
        source=column.source(own),
    )


def _memory_drawn(own: Sequence[Cell], every: Sequence[Cell], order: Sequence[str]) -> alt.TopLevelMixin:
    most = max(cell.memory or 0 for cell in every)
    counts = sorted({cell.workers for cell in every})
    across = alt.X("workers:Q").scale(domain=[min(0, counts[0]), counts[-1] * 1.03], nice=False).title("workers")
    up = alt.Y("bytes:Q").scale(domain=[0, most * 1.05 or 1], nice=False).title("memory of all processes")
    hue, mark = charts.colour(order, own), charts.shape(order, own)
    base = alt.Chart(named("cells")).encode(
        across.axis(values=counts, format="d"), up.axis(labelExpr=charts.BYTES, values=_ticks(most)), hue
    )
    return alt.layer(
        base.mark_line(strokeWidth=2, opacity=0.8),
        base.mark_point(size=70, filled=True, opacity=1).encode(mark, tooltip=tooltip("memory")),
    ).properties(height=charts.HEIGHT)


def _ticks(most: float) -> list[int]:
    """Return the ticks of an axis of bytes: steps of a power of two, since those of ten are odd numbers of MiB."""
    step = 1
    while step * _TICKS < most:
        step *= 2
    return list(range(0, int(most) + 1, step))


def _memory_says(own: Sequence[Cell], slope: Mapping[str, float]) -> str:
    if not slope:
        largest = max(own, key=lambda cell: cell.memory or 0)
        return f"The most is {_size(largest.memory)}, of {formats.plain(largest.strategy)}, workers={largest.workers}."
    ranked = sorted(slope, key=lambda name: slope[name])
    told = "; ".join(f"{formats.plain(name)} {_size(slope[name])}" for name in ranked)
    return f"One more worker takes: {told}."


def _size(number: float | None) -> str:
    if number is None:
        return formats.NOTHING
    unit, name = next(
        ((unit, name) for unit, name in ((2**20, "MiB"), (2**10, "KiB")) if abs(number) >= unit), (1, "B")
    )
    return f"{formats.digits(number / unit)} {name}"


def _memory_table(own: Sequence[Cell], slope: Mapping[str, float]) -> Table:
    lines = [
        (
            formats.plain(cell.strategy),
            str(cell.workers),
            _size(cell.memory),
            formats.plain(cell.extra.get("measure", formats.NOTHING)),
            _size(slope.get(cell.strategy)),
        )
        for cell in own
    ]
    return Table(("strategy", "workers", "memory", "measured as", "one more worker takes"), tuple(lines))


def message_cells(column: Column) -> list[Cell]:
    """Return the cells that sent messages of a known size."""
    return [cell for cell in column.of("talking", "test_round_trips") if cell.size is not None]


def message_figure(columns: Sequence[Column], column: Column) -> Figure | None:
    """Draw the time of a message against its size, a line for each way."""
    own = message_cells(column)
    if not own:
        return None
    every = [cell for other in columns for cell in message_cells(other)]
    rows = [row(cell, size=cell.size, carries=formats.size(cell.size or 0)) for cell in own]
    return Figure(
        key="messages",
        title="A message there and back, by size",
        says=_message_says(own),
        column=column.label,
        setting=wording(shared(own)),
        chart=chart(_message_drawn(own, every, column.order), {"cells": rows}),
        table=_message_table(own),
        doubts=doubts(own),
        source=column.source(own),
    )


def _message_drawn(own: Sequence[Cell], every: Sequence[Cell], order: Sequence[str]) -> alt.TopLevelMixin:
    sizes = sorted({cell.size or 0 for cell in every})
    # A message of no bytes has no logarithm; this scale is linear from 0 to 1 byte.
    across = alt.X("size:Q").scale(type="symlog", constant=1, domain=[0, max(sizes[-1], 1)], nice=False, padding=10)
    domain = span([seconds for cell in every for seconds in (cell.median, *_ends(cell))])
    up = partial(charts.up, domain, "time there and back")
    hue, mark = charts.colour(order, own), charts.shape(order, own)
    for encoded in (hue, mark):
        encoded["legend"]["title"] = "way"
    base = alt.Chart(named("cells")).encode(
        across.title("size of the message").axis(values=sizes, labelExpr=charts.BYTES, labelOverlap="greedy"), hue
    )
    return alt.layer(
        base.mark_line(strokeWidth=1.5, opacity=0.7).encode(up("median")),
        base.mark_rule(strokeWidth=2).encode(up("low"), alt.Y2("high")),
        base.mark_point(size=70, filled=True, opacity=1).encode(up("median"), mark, tooltip=tooltip("carries")),
    ).properties(height=charts.HEIGHT)


def _ends(cell: Cell) -> tuple[float, float]:
    between = samples.median_interval(cell.rounds)
    return between.low, between.high


def _message_says(own: Sequence[Cell]) -> str:
    sizes = sorted({cell.size or 0 for cell in own})
    ends = dict.fromkeys([sizes[0], sizes[-1]])
    return " ".join(_at(size, [cell for cell in own if (cell.size or 0) == size]) for size in ends)


def _at(size: int, own: Sequence[Cell]) -> str:
    best, worst = min(own, key=lambda cell: cell.median), max(own, key=lambda cell: cell.median)
    to = f" to {formats.seconds(worst.median)} ({formats.plain(worst.strategy)})" if len(own) > 1 else ""
    return (
        f"A message of {formats.size(size)} takes {formats.seconds(best.median)} ({formats.plain(best.strategy)}){to}."
    )


def _message_table(own: Sequence[Cell]) -> Table:
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


_LEADS = {
    "start": "The time to start: filled marks are the first, cold, start, hollow ones the second, warm one; faint dots "
    "are the processes that measured it.",
    "start-downloads": "The time to start, as the downloads had it: not a measurement of its own.",
    "memory": "Memory is that of all processes together; its slope is what one more worker takes.",
    "messages": "A message goes to another worker and back. Both axes are logarithmic, but for the place of 0 bytes.",
}
_NEEDS = "pytest --benchmark-only benchmarks/test_{}.py"


def section(columns: Sequence[Column]) -> Section:
    """Make the part on costs."""
    makers = [start_figure, of_downloads, memory_figure, message_figure]
    rows = side_by_side(columns, [partial(maker, columns) for maker in makers])
    keys = {figure.key for row in rows for figure in row}
    return Section(
        key="costs",
        title="What workers and messages cost",
        lead=" ".join(words for key, words in _LEADS.items() if key in keys),
        rows=rows,
        missing=(
            *lacking(columns, start_cells, "The start of workers, cold and warm,", _NEEDS.format("starting")),
            *lacking(columns, memory_cells, "Memory per worker", _NEEDS.format("memory")),
            *lacking(columns, message_cells, "The cost of messages", _NEEDS.format("talking")),
        ),
    )
