"""How much memory workers take, and what one more of them adds."""

from collections.abc import Mapping, Sequence

import altair as alt

from paceline.history import Cell
from paceline.report.page import look
from paceline.report.page.answers import memory_per_worker
from paceline.report.page.columns import Column
from paceline.report.page.doubting import doubts
from paceline.report.page.drawing import chart, named, row, tooltip
from paceline.report.page.model import Figure, Table
from paceline.report.page.sections.figuring import number
from paceline.tables.rows import shared, wording
from paceline.text import formats

_FUNCTION = "test_memory"
_TICKS = 8


def cells(column: Column) -> list[Cell]:
    """Return the cells that measured memory."""
    return [cell for cell in column.of("memory", _FUNCTION) if memory(cell) is not None]


def memory(cell: Cell) -> float | None:
    """Return the memory of all processes, bytes: PSS, or USS where the system does not share out what processes
    share.
    """
    pss = number(cell.extra.get("pss_bytes"))
    return number(cell.extra.get("uss_bytes")) if pss is None else pss


def slopes(column: Column) -> dict[str, float]:
    """Return what one more worker takes, bytes, of each strategy of which it is known."""
    each = {name: memory_per_worker(column, name) for name in dict.fromkeys(cell.strategy for cell in cells(column))}
    return {name: slope for name, slope in each.items() if slope is not None}


def figure(columns: Sequence[Column], column: Column) -> Figure | None:
    """Draw memory against workers, a line for each strategy."""
    own = cells(column)
    if not own:
        return None
    every, slope = [cell for other in columns for cell in cells(other)], slopes(column)
    rows = [row(cell, bytes=memory(cell), memory=_size(memory(cell))) for cell in own]
    return Figure(
        key="memory",
        title="Memory by workers",
        says=_says(own, slope),
        column=column.label,
        setting=wording(shared(own)),
        chart=chart(_drawn(own, every, column.order), {"cells": rows}),
        table=_table(own, slope),
        doubts=doubts(own),
        source=column.source(own),
    )


def _drawn(own: Sequence[Cell], every: Sequence[Cell], order: Sequence[str]) -> alt.TopLevelMixin:
    most = max(memory(cell) or 0 for cell in every)
    counts = sorted({cell.workers for cell in every})
    across = alt.X("workers:Q").scale(domain=[min(0, counts[0]), counts[-1] * 1.03], nice=False).title("workers")
    up = alt.Y("bytes:Q").scale(domain=[0, most * 1.05 or 1], nice=False).title("memory of all processes")
    hue, mark = look.colour(order, own), look.shape(order, own)
    base = alt.Chart(named("cells")).encode(
        across.axis(values=counts, format="d"), up.axis(labelExpr=look.BYTES, values=_ticks(most)), hue
    )
    return alt.layer(
        base.mark_line(strokeWidth=2, opacity=0.8),
        base.mark_point(size=70, filled=True, opacity=1).encode(mark, tooltip=tooltip("memory")),
    ).properties(height=look.HEIGHT)


def _ticks(most: float) -> list[int]:
    """Return the ticks of an axis of bytes: steps of a power of two, since those of ten are odd numbers of MiB."""
    step = 1
    while step * _TICKS < most:
        step *= 2
    return list(range(0, int(most) + 1, step))


def _says(own: Sequence[Cell], slope: Mapping[str, float]) -> str:
    if not slope:
        largest = max(own, key=lambda cell: memory(cell) or 0)
        return f"The most is {_size(memory(largest))}, of {formats.plain(largest.strategy)}, workers={largest.workers}."
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


def _table(own: Sequence[Cell], slope: Mapping[str, float]) -> Table:
    lines = [
        (
            formats.plain(cell.strategy),
            str(cell.workers),
            _size(memory(cell)),
            formats.plain(cell.extra.get("measure", formats.NOTHING)),
            _size(slope.get(cell.strategy)),
        )
        for cell in own
    ]
    return Table(("strategy", "workers", "memory", "measured as", "one more worker takes"), tuple(lines))
