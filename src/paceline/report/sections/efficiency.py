"""How close each strategy comes to the limit, and its overhead per item."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from operator import methodcaller

import altair as alt

from paceline.history import Cell
from paceline.report import plots
from paceline.report.model import (
    Column,
    Panel,
    Section,
    Table,
    cell_table,
    distinguishing,
    ends,
    label,
    lacking,
    number,
    side_by_side,
    slug,
)
from paceline.report.sections import break_even, loops
from paceline.text.formats import NOTHING, percent, setting
from paceline.text.numbers import is_number


@dataclass(frozen=True)
class Sweep:
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

    def of(self, column: Column) -> list[Cell]:
        """Return the cells that a column has of it."""
        return column.of(self.experiment, self.function)

    def place(self, cell: Cell) -> tuple[float, str]:
        """Return where a cell stands from left to right, and the label of that place."""
        if self.across == "workers":
            return cell.workers, str(cell.workers)
        return (-1, NOTHING) if cell.latency is None else (cell.latency, setting(cell.latency))


SWEEPS = (
    Sweep("latency", "test_latency", "Efficiency by latency", "latency"),
    Sweep("workers", "test_waiting", "Efficiency by workers, items that wait", "workers"),
    Sweep("workers", "test_computing", "Efficiency by workers, items that compute", "workers"),
    Sweep("latency", "test_latency_by_workers", "Efficiency by latency and workers", "latency", ("workers",)),
)


def _map(columns: Sequence[Column], sweep: Sweep, column: Column) -> Panel | None:
    cells = sweep.of(column)
    if not cells:
        return None
    every = [sweep.of(other) for other in columns]
    beside = distinguishing(every, lambda cell: (sweep.place(cell), cell.workers if sweep.by else None))
    names = tuple(dict.fromkeys([*sweep.by, *beside]))  # what would share a field has rows of its own
    top = max([1.0, *(number(cell.efficiency) or 0 for cell in chain(*every))])  # above 100 % where limits are wrong
    fields = [_field(cell, sweep, names, top) for cell in cells]
    ranked = sorted(chain(*every), key=lambda cell: (column.order.index(cell.strategy), cell.workers * bool(sweep.by)))
    return column.panel(
        cells,
        key=slug("efficiency", sweep.function.removeprefix("test_")),
        title=sweep.title,
        says=_map_says(fields, sweep),
        chart=plots.heat_map(
            fields,
            [words for _, words in sorted({sweep.place(cell) for cell in ranked})],
            [label(cell, names) for cell in ranked],
            alt.Color("value:Q").scale(scheme="viridis", domain=[0, top], clamp=True).legend(None),
            label="efficiency",
            titles=(sweep.across, "strategy x workers" if sweep.by else None),
        ),
        table=_map_table(fields, sweep),
    )


def _field(cell: Cell, sweep: Sweep, names: Sequence[str], top: float) -> plots.Field:
    known = number(cell.efficiency)
    wrong = (known or 0) > 1
    return plots.Field(
        cell,
        x=sweep.place(cell)[1],
        y=label(cell, names),
        value=known,
        words=f"{percent(known)}{' !' if wrong else ''}",
        bright=(known or 0) >= plots.BRIGHT * top,
        marked=wrong,
    )


def _map_table(fields: Sequence[plots.Field], sweep: Sweep) -> Table:
    words = {
        "strategy": [field.y for field in fields],
        sweep.across: [field.x for field in fields],
        "efficiency": [field.words for field in fields],
    }
    cells = [field.cell for field in fields]
    return cell_table((*words, "median", "limit", "overhead per item", "marks"), cells, words)


def _map_says(fields: Sequence[plots.Field], sweep: Sweep) -> str:
    known = sorted((field for field in fields if field.value is not None), key=lambda field: field.value or 0)
    if not known:
        return "No cell has an efficiency: there is no limit above 0."
    least, most = (f"{percent(one.value)} ({one.y}, {sweep.across}={one.x})" for one in (known[0], known[-1]))
    wrong = sum(field.marked for field in fields)
    above = f" {wrong} of {len(fields)} fields are above 100 %, marked with !: their limit is wrong." if wrong else ""
    without = len(fields) - len(known)
    zero = all(field.cell.limit == 0 for field in fields if field.value is None)
    why = "their limit is 0" if zero else "they have no limit above 0"
    none = f' {without} of {len(fields)} fields have none, marked with "-": {why}.' if without else ""
    return f"From {least} to {most}.{above}{none}"


Overhead = tuple[str, str, tuple[str, str], tuple[str, ...]]
"""Key and title of a panel, the test function whose overheads it shows, and parameters beside the strategy."""

OVERHEADS: tuple[Overhead, ...] = (
    ("overhead", "Overhead per item, without latency", ("latency", "test_latency"), ()),
    ("overhead-clients", "Overhead per item by client", ("clients", "test_clients"), ("client",)),
)


def _overhead(columns: Sequence[Column], drawn: Overhead, column: Column) -> Panel | None:
    key, title, measured, by = drawn
    every = {id(other): _with_overhead(other.of(*measured)) for other in columns}
    cells = every[id(column)]
    if not cells:
        return None
    names = tuple(dict.fromkeys([*by, *distinguishing(every.values())]))
    own = [_dot(cell, names) for cell in cells]
    below = sum(dot.value <= 0 for dot in own)
    left_out = f" {below} of {len(own)} are not above 0 and have no place on the axis." if below else ""
    others = [_dot(cell, names) for cell in chain(*every.values())]
    return column.panel(
        cells,
        key=key,
        title=title,
        says=f"{plots.ends_in_words(own, 'The least', 'the most', ' an item')}{left_out}",
        chart=plots.dots(own, others, column.order, title="overhead per item", labels=["overhead"]),
        table=cell_table(
            ("strategy", "overhead per item", "median", "limit", "items", "spread"),
            cells,
            {"strategy": [dot.y for dot in own]},
        ),
    )


def _with_overhead(cells: Sequence[Cell]) -> list[Cell]:
    """Return those that have an overhead; of several latencies only those that wait for nothing."""
    known = [cell for cell in cells if cell.items and is_number(cell.overhead)]
    return [cell for cell in known if cell.latency == 0 or cell.experiment != "latency"]


def _dot(cell: Cell, names: Sequence[str]) -> plots.Dot:
    low, high, *each = [(value - (cell.limit or 0)) / cell.items for value in (*ends(cell), *cell.rounds)]
    return plots.Dot(cell, label(cell, names), cell.overhead or 0, low, high, each)


_LEAD = (
    "Efficiency is the limit over the median: 100 % is the least time in which the work could be done. Where the limit "
    'is 0 there is no efficiency, which is written "-": all of the time is the strategy\'s own, and the overhead per '
    "item tells it. Above 100 % the limit is wrong: such a field has a frame and a !. An empty field was not measured."
)


def section(columns: Sequence[Column]) -> Section:
    """Make the part on efficiency."""
    maps = side_by_side(columns, [partial(_map, columns, sweep) for sweep in SWEEPS])
    overheads = side_by_side(columns, [partial(_overhead, columns, one) for one in OVERHEADS])
    by_loop = loops.rows(columns)
    even = break_even.rows(columns)
    leads = [(maps, _LEAD), (by_loop, loops.LEAD), (even, break_even.LEAD)]
    return Section(
        key="efficiency",
        title="Efficiency and overhead",
        lead=" ".join(lead for there, lead in leads if there),
        rows=(*maps, *overheads, *by_loop, *even),
        missing=(
            *lacking(columns, methodcaller("of", "latency"), "Efficiency and overhead by latency", "latency"),
            *lacking(columns, methodcaller("of", "workers"), "Efficiency by workers", "workers"),
            *lacking(columns, loops.cells, "Overhead by event loop", loops.EXPERIMENT),
            *lacking(columns, break_even.gains, "The break-even map", "break_even"),
        ),
    )
