"""What an item costs beyond the limit, by strategy, and by client."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from paceline.history import Cell
from paceline.report.page.columns import Column
from paceline.report.page.doubting import doubts
from paceline.report.page.drawing import chart
from paceline.report.page.model import Figure, Table
from paceline.report.page.sections import dots
from paceline.report.page.sections.laying import side_by_side
from paceline.report.page.sections.naming import label, telling
from paceline.stats import samples
from paceline.tables.rows import shared, wording
from paceline.text import formats


@dataclass(frozen=True)
class Source:
    """Cells whose overheads are drawn.

    Args:
        at_once: whether only those count that wait for nothing.
        by: parameters that rows have beside the strategy.
    """

    key: str
    experiment: str
    function: str
    title: str
    at_once: bool
    by: tuple[str, ...] = ()


SOURCES = (
    Source("overhead", "latency", "test_latency", "Overhead per item, without latency", at_once=True),
    Source("overhead-clients", "clients", "test_clients", "Overhead per item by client", at_once=False, by=("client",)),
)


def rows(columns: Sequence[Column]) -> tuple[tuple[Figure, ...], ...]:
    """Make the pictures of overheads."""
    return side_by_side(columns, [partial(_figure, columns, source) for source in SOURCES])


def _figure(columns: Sequence[Column], source: Source, column: Column) -> Figure | None:
    cells = _cells(source, column)
    if not cells:
        return None
    names = tuple(dict.fromkeys([*source.by, *telling([_cells(source, other) for other in columns])]))
    own, *others = [[_dot(cell, names) for cell in _cells(source, each)] for each in (column, *columns)]
    every = [dot for found in others for dot in found]
    return Figure(
        key=source.key,
        title=source.title,
        says=_says(own),
        column=column.label,
        setting=wording(shared(cells)),
        chart=chart(
            dots.drawn(own, every, column.order, title="overhead per item", figures_of=["overhead"]),
            dots.data(own, ["overhead"]),
        ),
        table=_table(own),
        doubts=doubts(cells),
        source=column.source(cells),
    )


def _cells(source: Source, column: Column) -> list[Cell]:
    found = column.of(source.experiment, source.function)
    told = [cell for cell in found if cell.items and formats.is_number(cell.overhead)]
    return [cell for cell in told if cell.latency == 0 or not source.at_once]


def _dot(cell: Cell, names: Sequence[str]) -> dots.Dot:
    between = samples.median_interval(cell.rounds)
    low, high, *each = [
        (seconds - (cell.limit or 0)) / cell.items for seconds in (between.low, between.high, *cell.rounds)
    ]
    return dots.Dot(cell, label(cell, names), cell.overhead or 0, low, high, each)


def _says(found: Sequence[dots.Dot]) -> str:
    least, most = min(found, key=lambda dot: dot.value), max(found, key=lambda dot: dot.value)
    below = sum(dot.value <= 0 for dot in found)
    left_out = f" {below} of {len(found)} are not above 0 and have no place on the axis." if below else ""
    ends = f"The least is {formats.seconds(least.value)} an item, of {least.y}"
    more = f"; the most is {formats.seconds(most.value)}, of {most.y}" if len(found) > 1 else ""
    return f"{ends}{more}.{left_out}"


def _table(found: Sequence[dots.Dot]) -> Table:
    lines = [
        (
            dot.y,
            formats.seconds(dot.value),
            formats.seconds(dot.cell.median),
            formats.seconds(dot.cell.limit),
            str(dot.cell.items),
            formats.percent(dot.cell.spread),
        )
        for dot in found
    ]
    return Table(("strategy", "overhead per item", "median", "limit", "items", "spread"), tuple(lines))
