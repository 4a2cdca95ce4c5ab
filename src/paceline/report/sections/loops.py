"""What an item costs on each event loop, by latency and items in flight."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import chain

import altair as alt

from paceline.history import Cell
from paceline.report import plots
from paceline.report.model import Column, Panel, Rows, Table, cell_table, distinguishing, label, number, side_by_side
from paceline.text.formats import NOTHING, plain, seconds, setting

EXPERIMENT = "loops"
LEAD = (
    "On the map of event loops a field is the overhead per item, brighter where it is larger. Where items wait, it "
    "also holds how late their answers came; the CPU time in its table is the client's own."
)


def cells(column: Column) -> list[Cell]:
    """Return the cells that were measured on several event loops, and the threads beside them."""
    return sorted(column.of(EXPERIMENT), key=_place)


def rows(columns: Sequence[Column]) -> Rows:
    """Make a map of each column."""
    return side_by_side(columns, [partial(_panel, columns)])


def _panel(columns: Sequence[Column], column: Column) -> Panel | None:
    own, every = cells(column), [cells(other) for other in columns]
    if not own:
        return None
    names = distinguishing(every, _place)
    known = [cost for cell in chain(*every) if (cost := number(cell.overhead)) is not None]
    most = max([0.0, *known]) or 1.0
    fields = [_field(cell, names, most) for cell in own]
    return column.panel(
        own,
        key="overhead-loops",
        title="Overhead per item by event loop",
        says=_says(fields),
        chart=plots.heat_map(
            fields,
            [_on(cell, names) for cell in chain(*every)],
            [_wait(cell) for cell in sorted(chain(*every), key=_place)],
            alt.Color("value:Q").scale(scheme="viridis", domain=[0, most], clamp=True).legend(None),
            label="overhead",
            titles=("on", "latency x in flight"),
        ),
        table=_table(fields),
    )


def _place(cell: Cell) -> tuple[float, int]:
    return -1 if cell.latency is None else cell.latency, cell.workers


def _on(cell: Cell, names: Sequence[str]) -> str:
    """Name a cell's loop where that is all that tells cells apart."""
    loop = cell.options.get("loop")
    return plain(loop) if loop and names == ("loop",) else label(cell, names)


def _wait(cell: Cell) -> str:
    return f"{_latency(cell)} x{cell.workers}"


def _latency(cell: Cell) -> str:
    return NOTHING if cell.latency is None else setting(cell.latency)


def _field(cell: Cell, names: Sequence[str], most: float) -> plots.Field:
    cost = number(cell.overhead)
    bright = (cost or 0) >= plots.BRIGHT * most
    return plots.Field(cell, _on(cell, names), _wait(cell), cost, seconds(cost), bright)


def _says(fields: Sequence[plots.Field]) -> str:
    known = sorted((field for field in fields if field.value is not None), key=lambda field: field.value or 0)
    if not known:
        return "No cell has an overhead."
    least, most = (f"{field.words} ({field.x}, {field.y})" for field in (known[0], known[-1]))
    return f"An item costs from {least} to {most}."


def _table(fields: Sequence[plots.Field]) -> Table:
    own = [field.cell for field in fields]
    words = {
        "latency": [_latency(cell) for cell in own],
        "in flight": [str(cell.workers) for cell in own],
        "on": [field.x for field in fields],
        "overhead per item": [field.words for field in fields],
        "CPU time per item": [seconds(_cpu(cell)) for cell in own],
    }
    return replace(cell_table((*words, "median", "marks"), own, words), left=3)


def _cpu(cell: Cell) -> float | None:
    spent = number(cell.cpu_seconds)
    return spent / cell.items if spent is not None and cell.items else None
