"""How close each strategy comes to the limit, and its overhead per item."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import altair as alt

from paceline.history import Cell
from paceline.report import plots
from paceline.report.charts import chart
from paceline.report.model import Column, Figure, Section, Table, doubts, label, lacking, number, side_by_side, telling
from paceline.report.sections import break_even
from paceline.stats import samples
from paceline.tables.rows import in_full, shared, wording
from paceline.text import formats
from paceline.text.numbers import is_number

_BRIGHT = 0.45  # of the colours' range: from here on black is read better on viridis than white


@dataclass(frozen=True)
class Map:
    """A sweep that is drawn as a map.

    Args:
        across: what its columns are: "latency" or "workers".
        by: parameters that its rows have beside the strategy.
    """

    experiment: str
    function: str
    title: str
    across: str
    by: tuple[str, ...] = ()


MAPS = (
    Map("latency", "test_latency", "Efficiency by latency", "latency"),
    Map("workers", "test_waiting", "Efficiency by workers, items that wait", "workers"),
    Map("workers", "test_computing", "Efficiency by workers, items that compute", "workers"),
    Map("latency", "test_latency_by_workers", "Efficiency by latency and workers", "latency", ("workers",)),
)


def rows(columns: Sequence[Column]) -> tuple[tuple[Figure, ...], ...]:
    """Make the maps."""
    return side_by_side(columns, [partial(_figure, columns, drawn) for drawn in MAPS])


def _figure(columns: Sequence[Column], drawn: Map, column: Column) -> Figure | None:
    cells = column.of(drawn.experiment, drawn.function)
    if not cells:
        return None
    every = [other.of(drawn.experiment, drawn.function) for other in columns]
    fields = _fields(drawn, every, column)
    return Figure(
        key=f"efficiency-{drawn.function.removeprefix('test_').replace('_', '-')}",
        title=drawn.title,
        says=_says(fields, drawn),
        column=column.label,
        setting=wording(shared(cells)),
        chart=chart(_drawn(drawn, columns, every), plots.heat_data(fields, "efficiency")),
        table=_table(fields, drawn),
        doubts=doubts(cells),
        source=column.source(cells),
    )


def _fields(drawn: Map, every: Sequence[Sequence[Cell]], column: Column) -> list[plots.Field]:
    names = _names(drawn, every)
    top = _top(every)
    return [
        plots.Field(
            cell,
            x=_place(drawn, cell)[1],
            y=label(cell, names),
            value=_known(cell),
            words=f"{formats.percent(_known(cell))}{' !' if _is_wrong(cell) else ''}",
            bright=(_known(cell) or 0) >= _BRIGHT * top,
            marked=_is_wrong(cell),
        )
        for cell in column.of(drawn.experiment, drawn.function)
    ]


def _names(drawn: Map, every: Sequence[Sequence[Cell]]) -> tuple[str, ...]:
    """Name what stands beside the strategies: what the map is by, and what else would share a field."""
    told = telling(every, lambda cell: (_place(drawn, cell), cell.workers if drawn.by else None))
    return tuple(dict.fromkeys([*drawn.by, *told]))


def _drawn(drawn: Map, columns: Sequence[Column], every: Sequence[Sequence[Cell]]) -> alt.TopLevelMixin:
    names = _names(drawn, every)
    cells = [cell for own in every for cell in own]
    order = list(dict.fromkeys(name for column in columns for name in column.order))
    xs = dict.fromkeys(words for _, words in sorted({_place(drawn, cell) for cell in cells}))
    ranked = sorted(cells, key=lambda cell: (order.index(cell.strategy), cell.workers if drawn.by else 0))
    ys = dict.fromkeys(label(cell, names) for cell in ranked)
    colour = alt.Color("value:Q").scale(scheme="viridis", domain=[0, _top(every)], clamp=True).legend(None)
    return plots.heat_drawn(
        list(xs),
        list(ys),
        colour,
        figure="efficiency",
        titles=(drawn.across, "strategy x workers" if drawn.by else None),
    )


def _place(drawn: Map, cell: Cell) -> tuple[float, str]:
    if drawn.across == "workers":
        return cell.workers, str(cell.workers)
    return (-1, formats.NOTHING) if cell.latency is None else (cell.latency, formats.setting(cell.latency))


def _known(cell: Cell) -> float | None:
    return number(cell.efficiency)


def _is_wrong(cell: Cell) -> bool:
    return (_known(cell) or 0) > 1


def _top(every: Sequence[Sequence[Cell]]) -> float:
    """Return the upper end of the colours: 100 %, or the highest efficiency where limits are wrong."""
    return max([1.0, *(_known(cell) or 0 for own in every for cell in own)])


def _says(fields: Sequence[plots.Field], drawn: Map) -> str:
    known = sorted((field for field in fields if field.value is not None), key=lambda field: field.value or 0)
    if not known:
        return "No cell has an efficiency: there is no limit above 0."
    wrong = sum(field.marked for field in fields)
    above = f" {wrong} of {len(fields)} fields are above 100 %, marked with !: their limit is wrong." if wrong else ""
    without = len(fields) - len(known)
    zero = all(field.cell.limit == 0 for field in fields if field.value is None)
    why = "their limit is 0" if zero else "they have no limit above 0"
    none = f' {without} of {len(fields)} fields have none, marked with "-": {why}.' if without else ""
    return f"From {_of(known[0], drawn)} to {_of(known[-1], drawn)}.{above}{none}"


def _of(field: plots.Field, drawn: Map) -> str:
    return f"{formats.percent(field.value)} ({field.y}, {drawn.across}={field.x})"


def _table(fields: Sequence[plots.Field], drawn: Map) -> Table:
    rows = [
        (
            field.y,
            field.x,
            field.words,
            formats.seconds(field.cell.median),
            formats.seconds(field.cell.limit),
            formats.seconds(field.cell.overhead),
            in_full(field.cell.marks),
        )
        for field in fields
    ]
    return Table(("strategy", drawn.across, "efficiency", "median", "limit", "overhead per item", "marks"), tuple(rows))


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


def overhead_rows(columns: Sequence[Column]) -> tuple[tuple[Figure, ...], ...]:
    """Make the pictures of overheads."""
    return side_by_side(columns, [partial(_overhead_figure, columns, source) for source in SOURCES])


def _overhead_figure(columns: Sequence[Column], source: Source, column: Column) -> Figure | None:
    cells = _cells(source, column)
    if not cells:
        return None
    names = tuple(dict.fromkeys([*source.by, *telling([_cells(source, other) for other in columns])]))
    own, *others = [[_dot(cell, names) for cell in _cells(source, each)] for each in (column, *columns)]
    every = [dot for found in others for dot in found]
    return Figure(
        key=source.key,
        title=source.title,
        says=_overhead_says(own),
        column=column.label,
        setting=wording(shared(cells)),
        chart=chart(
            plots.dots_drawn(own, every, column.order, title="overhead per item", figures_of=["overhead"]),
            plots.dots_data(own, ["overhead"]),
        ),
        table=_overhead_table(own),
        doubts=doubts(cells),
        source=column.source(cells),
    )


def _cells(source: Source, column: Column) -> list[Cell]:
    found = column.of(source.experiment, source.function)
    told = [cell for cell in found if cell.items and is_number(cell.overhead)]
    return [cell for cell in told if cell.latency == 0 or not source.at_once]


def _dot(cell: Cell, names: Sequence[str]) -> plots.Dot:
    between = samples.median_interval(cell.rounds)
    low, high, *each = [
        (seconds - (cell.limit or 0)) / cell.items for seconds in (between.low, between.high, *cell.rounds)
    ]
    return plots.Dot(cell, label(cell, names), cell.overhead or 0, low, high, each)


def _overhead_says(found: Sequence[plots.Dot]) -> str:
    least, most = min(found, key=lambda dot: dot.value), max(found, key=lambda dot: dot.value)
    below = sum(dot.value <= 0 for dot in found)
    left_out = f" {below} of {len(found)} are not above 0 and have no place on the axis." if below else ""
    ends = f"The least is {formats.seconds(least.value)} an item, of {least.y}"
    more = f"; the most is {formats.seconds(most.value)}, of {most.y}" if len(found) > 1 else ""
    return f"{ends}{more}.{left_out}"


def _overhead_table(found: Sequence[plots.Dot]) -> Table:
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


_LEAD = (
    "Efficiency is the limit over the median: 100 % is the least time in which the work could be done. Where the limit "
    'is 0 there is no efficiency, which is written "-": all of the time is the strategy\'s own, and the overhead per '
    "item tells it. Above 100 % the limit is wrong: such a field has a frame and a !. An empty field was not measured."
)
_NEEDS = "pytest --benchmark-only benchmarks/test_{}.py"


def section(columns: Sequence[Column]) -> Section:
    """Make the part on efficiency."""
    maps = rows(columns)
    even = break_even.rows(columns)
    return Section(
        key="efficiency",
        title="Efficiency and overhead",
        lead=" ".join([*([_LEAD] if maps else []), *([break_even.LEAD] if even else [])]),
        rows=(*maps, *overhead_rows(columns), *even),
        missing=(
            *lacking(columns, _has("latency"), "Efficiency and overhead by latency", _NEEDS.format("latency")),
            *lacking(columns, _has("workers"), "Efficiency by workers", _NEEDS.format("workers")),
            *lacking(columns, break_even.gains, "The break-even map", _NEEDS.format("break_even")),
        ),
    )


def _has(experiment: str) -> Callable[[Column], object]:
    return lambda column: column.of(experiment)
