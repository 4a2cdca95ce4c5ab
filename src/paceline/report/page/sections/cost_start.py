"""How long until workers are ready."""

from collections.abc import Sequence

from paceline.history import Cell
from paceline.report.page.columns import Column
from paceline.report.page.doubting import doubts
from paceline.report.page.drawing import chart
from paceline.report.page.model import Figure, Table
from paceline.report.page.sections import dots
from paceline.report.page.sections.figuring import above_zero
from paceline.report.page.sections.naming import label, telling
from paceline.stats import samples
from paceline.tables.rows import shared, wording
from paceline.text import formats

_COLD, _WARM = "cold_ready_seconds", "warm_ready_seconds"


def cells(column: Column) -> list[Cell]:
    """Return the cells that measured the start of workers."""
    return [cell for cell in column.of("starting") if above_zero(cell.extra.get(_COLD))]


def figure(columns: Sequence[Column], column: Column) -> Figure | None:
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
    own: Sequence[dots.Dot],
    every: Sequence[dots.Dot],
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
    drawn = dots.drawn(own, every, column.order, title="time to start", figures_of=told)
    return Figure(
        key=key,
        title=title,
        says=_says(own, "cold start" if "cold" in told else "start"),
        column=column.label,
        setting=wording(shared(found)),
        chart=chart(drawn, dots.data(own, told)),
        table=table,
        doubts=doubts(found),
        source=column.source(found),
    )


def _measured(columns: Sequence[Column], column: Column) -> list[dots.Dot]:
    every = [cells(other) for other in columns]
    several = len({cell.workers for own in every for cell in own}) > 1
    names = tuple(dict.fromkeys([*(["workers"] if several else []), *telling(every)]))
    return [_dot(cell, label(cell, names)) for cell in cells(column)]


def _dot(cell: Cell, name: str) -> dots.Dot:
    between = samples.median_interval(cell.rounds)
    cold = above_zero(cell.extra.get(_COLD)) or 0
    return dots.Dot(cell, name, cold, between.low, between.high, cell.rounds, above_zero(cell.extra.get(_WARM)))


def _beside(columns: Sequence[Column], column: Column) -> list[dots.Dot]:
    every = [
        [] if cells(other) else [cell for cell in other.of("downloads") if above_zero(cell.start_seconds)]
        for other in columns
    ]
    names = telling(every)
    own = every[list(columns).index(column)]
    return [dots.Dot(cell, label(cell, names), above_zero(cell.start_seconds) or 0) for cell in own]


def _says(own: Sequence[dots.Dot], what: str) -> str:
    least, most = min(own, key=lambda dot: dot.value), max(own, key=lambda dot: dot.value)
    more = f"; the longest is {formats.seconds(most.value)}, of {most.y}" if len(own) > 1 else ""
    return f"The shortest {what} is {formats.seconds(least.value)}, of {least.y}{more}."


def _line(dot: dots.Dot) -> tuple[str, str]:
    return dot.y, formats.seconds(dot.value)


def _scatter(dot: dots.Dot) -> tuple[str, str]:
    return f"{formats.seconds(min(dot.each))} to {formats.seconds(max(dot.each))}", str(len(dot.each))
