"""What workers cost: to start, in memory, and for each message."""

from collections.abc import Mapping, Sequence
from functools import partial

import altair as alt

from paceline.history import Cell
from paceline.report import charts, plots
from paceline.report.charts import chart, named, row, span, tooltip
from paceline.report.model import (
    Chart,
    Column,
    Panel,
    Section,
    Table,
    above_zero,
    cell_table,
    distinguishing,
    ends,
    extremes,
    label,
    lacking,
    side_by_side,
)
from paceline.report.sections.answer import memory_per_worker
from paceline.text import formats
from paceline.text.formats import NOTHING, binary, plain, seconds

_COLD, _WARM = "cold_ready_seconds", "warm_ready_seconds"


def start_cells(column: Column) -> list[Cell]:
    """Return the cells that measured the start of workers."""
    return [cell for cell in column.of("starting") if above_zero(cell.extra.get(_COLD))]


def _start(columns: Sequence[Column], column: Column) -> Panel | None:
    """Show the cold start and the warm one, by strategy and workers."""
    every = [start_cells(other) for other in columns]
    several = len({cell.workers for own in every for cell in own}) > 1
    names = tuple(dict.fromkeys([*(["workers"] if several else []), *distinguishing(every)]))
    dots = [[_dot(cell, label(cell, names)) for cell in own] for own in every]
    own = dots[list(columns).index(column)]
    lines = [(dot.y, *map(seconds, (dot.value, dot.second)), *_scatter(dot)) for dot in own]
    table = Table(("strategy", "cold", "warm", "least to greatest cold", "rounds"), tuple(lines))
    return _starts(column, own, dots, ("cold", "warm"), table)


def _dot(cell: Cell, name: str) -> plots.Dot:
    cold = above_zero(cell.extra.get(_COLD)) or 0
    return plots.Dot(cell, name, cold, *ends(cell), cell.rounds, above_zero(cell.extra.get(_WARM)))


def _scatter(dot: plots.Dot) -> tuple[str, str]:
    return f"{seconds(min(dot.each))} to {seconds(max(dot.each))}", str(len(dot.each))


def _start_of_downloads(columns: Sequence[Column], column: Column) -> Panel | None:
    """Show the start that downloads had, where none was measured for itself."""
    every = [
        [] if start_cells(other) else [cell for cell in other.of("downloads") if above_zero(cell.start_seconds)]
        for other in columns
    ]
    names = distinguishing(every)
    dots = [[plots.Dot(cell, label(cell, names), cell.start_seconds or 0) for cell in own] for own in every]
    own = dots[list(columns).index(column)]
    table = Table(("strategy", "start"), tuple((dot.y, seconds(dot.value)) for dot in own))
    return _starts(column, own, dots, ("start",), table)


def _starts(
    column: Column, own: Sequence[plots.Dot], every: Sequence[Sequence[plots.Dot]], labels: Sequence[str], table: Table
) -> Panel | None:
    if not own:
        return None
    cold = "cold" in labels
    return column.panel(
        [dot.cell for dot in own],
        key="start" if cold else "start-downloads",
        title=f"Start of workers, {'until all are ready' if cold else 'as downloads had it'}",
        says=plots.ends_in_words(own, f"The shortest {'cold start' if cold else 'start'}", "the longest"),
        chart=plots.dots(
            own, [dot for dots in every for dot in dots], column.order, title="time to start", labels=labels
        ),
        table=table,
    )


_TICKS = 8


def memory_cells(column: Column) -> list[Cell]:
    """Return the cells that measured memory."""
    return [cell for cell in column.of("memory", "test_memory") if cell.memory is not None]


def slopes(column: Column) -> dict[str, float]:
    """Return what one more worker takes, bytes, of each strategy of which it is known."""
    names = dict.fromkeys(cell.strategy for cell in memory_cells(column))
    return {name: slope for name in names if (slope := memory_per_worker(column, name)) is not None}


def _memory(columns: Sequence[Column], column: Column) -> Panel | None:
    """Show memory against workers, a line for each strategy."""
    own = memory_cells(column)
    if not own:
        return None
    slope = slopes(column)
    words = {
        "memory": [binary(cell.memory) for cell in own],
        "measured as": [plain(cell.extra.get("measure", NOTHING)) for cell in own],
        "one more worker takes": [binary(slope.get(cell.strategy)) for cell in own],
    }
    return column.panel(
        own,
        key="memory",
        title="Memory by workers",
        says=_memory_says(own, slope),
        chart=_memory_chart(own, [cell for other in columns for cell in memory_cells(other)], column.order),
        table=cell_table(("strategy", "workers", *words), own, words),
    )


def _memory_chart(own: Sequence[Cell], every: Sequence[Cell], order: Sequence[str]) -> Chart:
    most = max(cell.memory or 0 for cell in every)
    counts = sorted({cell.workers for cell in every})
    across = alt.X("workers:Q").scale(domain=[min(0, counts[0]), counts[-1] * 1.03], nice=False).title("workers")
    up = alt.Y("bytes:Q").scale(domain=[0, most * 1.05 or 1], nice=False).title("memory of all processes")
    hue, mark = charts.by_strategy(order, own)
    base = alt.Chart(named("cells")).encode(
        across.axis(values=counts, format="d"), up.axis(labelExpr=charts.BYTES, values=_ticks(most)), hue
    )
    layers = alt.layer(
        base.mark_line(strokeWidth=2, opacity=0.8),
        base.mark_point(size=70, filled=True, opacity=1).encode(mark, tooltip=tooltip("memory")),
    )
    rows = [row(cell, bytes=cell.memory, memory=binary(cell.memory)) for cell in own]
    return chart(layers.properties(height=charts.HEIGHT), {"cells": rows})


def _ticks(most: float) -> list[int]:
    """Return the ticks of an axis of bytes: steps of a power of two, since those of ten are odd numbers of MiB."""
    step = 1
    while step * _TICKS < most:
        step *= 2
    return list(range(0, int(most) + 1, step))


def _memory_says(own: Sequence[Cell], slope: Mapping[str, float]) -> str:
    if not slope:
        largest = max(own, key=lambda cell: cell.memory or 0)
        return f"The most is {binary(largest.memory)}, of {plain(largest.strategy)}, workers={largest.workers}."
    each = "; ".join(f"{plain(name)} {binary(slope[name])}" for name in sorted(slope, key=lambda name: slope[name]))
    return f"One more worker takes: {each}."


def message_cells(column: Column) -> list[Cell]:
    """Return the cells that sent messages of a known size."""
    return [cell for cell in column.of("talking", "test_round_trips") if cell.size is not None]


def _messages(columns: Sequence[Column], column: Column) -> Panel | None:
    """Show the time of a message against its size, a line for each way."""
    own = message_cells(column)
    if not own:
        return None
    words = {
        "way": [plain(cell.strategy) for cell in own],
        "size": [formats.size(cell.size or 0) for cell in own],
        "bytes per second": [_rate(cell) for cell in own],
    }
    return column.panel(
        own,
        key="messages",
        title="A message there and back, by size",
        says=_messages_say(own),
        chart=_message_chart(own, [cell for other in columns for cell in message_cells(other)], column.order),
        table=cell_table(("way", "size", "median", "spread", "bytes per second"), own, words),
    )


def _message_chart(own: Sequence[Cell], every: Sequence[Cell], order: Sequence[str]) -> Chart:
    sizes = sorted({cell.size or 0 for cell in every})
    # A message of no bytes has no logarithm; this scale is linear from 0 to 1 byte.
    across = (
        alt.X("size:Q")
        .scale(type="symlog", constant=1, domain=[0, max(sizes[-1], 1)], nice=False, padding=10)
        .title("size of the message")
        .axis(values=sizes, labelExpr=charts.BYTES, labelOverlap="greedy")
    )
    domain = span([value for cell in every for value in (cell.median, *ends(cell))])
    up = partial(charts.up, domain, "time there and back")
    layers = plots.median_layers(across, up, charts.by_strategy(order, own, "way"), "carries")
    rows = [row(cell, size=cell.size, carries=formats.size(cell.size or 0)) for cell in own]
    return chart(alt.layer(*layers).properties(height=charts.HEIGHT), {"cells": rows})


def _rate(cell: Cell) -> str:
    return f"{formats.named('bytes', cell.extra.get('bytes_per_second'))}/s" if cell.size else NOTHING


def _messages_say(own: Sequence[Cell]) -> str:
    sizes = [cell.size or 0 for cell in own]
    return " ".join(_at(size, own) for size in dict.fromkeys([min(sizes), max(sizes)]))


def _at(size: int, own: Sequence[Cell]) -> str:
    cells = [cell for cell in own if cell.size == size]
    least, most = (f"{seconds(cell.median)} ({plain(cell.strategy)})" for cell in extremes(cells))
    return f"A message of {formats.size(size)} takes {least}{f' to {most}' if len(cells) > 1 else ''}."


_LEADS = {
    "start": "The time to start: filled marks are the first, cold, start, hollow ones the second, warm one; faint dots "
    "are the processes that measured it.",
    "start-downloads": "The time to start, as the downloads had it: not a measurement of its own.",
    "memory": "Memory is that of all processes together; its slope is what one more worker takes.",
    "messages": "A message goes to another worker and back. Both axes are logarithmic, but for the place of 0 bytes.",
}


def section(columns: Sequence[Column]) -> Section:
    """Make the part on costs."""
    makers = [_start, _start_of_downloads, _memory, _messages]
    rows = side_by_side(columns, [partial(maker, columns) for maker in makers])
    keys = {panel.key for row in rows for panel in row}
    return Section(
        key="costs",
        title="What workers and messages cost",
        lead=" ".join(words for key, words in _LEADS.items() if key in keys),
        rows=rows,
        missing=(
            *lacking(columns, start_cells, "The start of workers, cold and warm,", "starting"),
            *lacking(columns, memory_cells, "Memory per worker", "memory"),
            *lacking(columns, message_cells, "The cost of messages", "talking"),
        ),
    )
