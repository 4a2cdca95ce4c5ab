"""How close each strategy comes to the limit, as a map over what was swept."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import altair as alt

from paceline.history import Cell
from paceline.report.page.columns import Column
from paceline.report.page.doubting import doubts
from paceline.report.page.drawing import chart
from paceline.report.page.model import Figure, Table
from paceline.report.page.sections import heat
from paceline.report.page.sections.figuring import number
from paceline.report.page.sections.laying import side_by_side
from paceline.report.page.sections.naming import label, telling
from paceline.tables.rows import in_full, shared, wording
from paceline.text import formats

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
        chart=chart(_drawn(drawn, columns, every), heat.data(fields, "efficiency")),
        table=_table(fields, drawn),
        doubts=doubts(cells),
        source=column.source(cells),
    )


def _fields(drawn: Map, every: Sequence[Sequence[Cell]], column: Column) -> list[heat.Field]:
    names = _names(drawn, every)
    top = _top(every)
    return [
        heat.Field(
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
    return heat.drawn(
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


def _says(fields: Sequence[heat.Field], drawn: Map) -> str:
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


def _of(field: heat.Field, drawn: Map) -> str:
    return f"{formats.percent(field.value)} ({field.y}, {drawn.across}={field.x})"


def _table(fields: Sequence[heat.Field], drawn: Map) -> Table:
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
