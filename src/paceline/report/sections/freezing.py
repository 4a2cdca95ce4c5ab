"""Who freezes meanwhile: throughput beside what else in the process comes too late."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

import altair as alt

from paceline.history import Cell
from paceline.report import charts
from paceline.report.charts import Row, chart, named, row, span, tooltip
from paceline.report.model import (
    Chart,
    Column,
    Panel,
    Section,
    Table,
    above_zero,
    cell_table,
    distinguishing,
    label,
    number,
    side_by_side,
)
from paceline.text import formats
from paceline.text.formats import NOTHING, plain, seconds, setting
from paceline.workers.bystander import STALL

_EXPERIMENT = "bystander"
_HERE, _APART = "here", "apart"
_BLOCKED, _STARVED, _UNKNOWN = "blocked", "starved", "unknown"
_LATE = {"median": "median", "99 %": "p99", "worst": "worst"}  # what a column is called, and the figure in it

KINDS = {
    "waiting": "Items that wait",
    "holding": "Items that compute and hold the GIL",
    "releasing": "Items that compute and release the GIL",
    "mixed": "Items that wait and compute",
}
"""The kinds of work, and the titles of their panels."""

_PAIRS = (("waiting", "holding"), ("releasing", "mixed"))  # beside each other, as their tables are wide


def _kind(cell: Cell) -> str:
    if cell.workload == "Mixed":
        return "mixed"
    if cell.kernel is None:
        return "waiting"
    return "holding" if cell.kernel == "squares" else "releasing"


def _cells(column: Column, kind: str | None = None) -> list[Cell]:
    """Return those of one kind of work, or of any, whose bystander has a place on the chart."""
    placed = (cell for cell in column.of(_EXPERIMENT) if cell.items and above_zero(cell.lateness(_HERE).get("worst")))
    return [cell for cell in placed if kind in (None, _kind(cell))]


def _panel(columns: Sequence[Column], kind: str, column: Column) -> Panel | None:
    own = _cells(column, kind)
    if not own:
        return None
    every = [_cells(other, kind) for other in columns]
    rates = span([_rate(cell) for cell in chain(*every)])
    heights = span([STALL, *(_worst(cell) for other in columns for cell in _cells(other))], room=1.4)
    beside = distinguishing(every)
    names = [label(cell, beside) for cell in own]
    return column.panel(
        own,
        key=f"freezing-{kind}",
        title=KINDS[kind],
        says=_says(own, names),
        chart=_chart(own, rates, heights, column.order),
        table=_table(own, names),
    )


def _rate(cell: Cell) -> float:
    return cell.items / cell.median


def _worst(cell: Cell) -> float:
    return number(cell.lateness(_HERE).get("worst")) or 0


def _cause(late: Mapping[str, Any]) -> str:
    """Name the cause of the worst tick; nothing where there was no stall."""
    known = late.get("worst_why")
    if known in (_BLOCKED, _STARVED):
        return str(known)
    return _UNKNOWN if any(above_zero(late.get(cause)) for cause in (_BLOCKED, _STARVED, _UNKNOWN)) else NOTHING


def _chart(own: Sequence[Cell], rates: Sequence[float], heights: Sequence[float], order: Sequence[str]) -> Chart:
    hue, mark = charts.by_strategy(order, own)
    across = charts.across(rates, "items per second", "rate", charts.COUNTS)
    up = charts.up(heights, "late at worst", "worst")
    shown = tooltip("items/s", "late at worst", "cause")
    rule = alt.Chart(named("stall")).mark_rule(strokeDash=[6, 4], color=charts.PACE, strokeWidth=2).encode(up)
    layers = [
        alt.Chart(named(name))
        .mark_point(size=80, filled=filled, strokeWidth=2, opacity=1)
        .encode(across, up, hue, mark, tooltip=shown)
        for name, filled in ((_BLOCKED, True), ("others", False))
    ]
    rows = [_row(cell) for cell in own]
    data = {
        "stall": [{"worst": STALL}],
        _BLOCKED: [one for one in rows if one["cause"] == _BLOCKED],
        "others": [one for one in rows if one["cause"] != _BLOCKED],
    }
    return chart(alt.layer(rule, *layers).properties(height=charts.HEIGHT), data)


def _row(cell: Cell) -> Row:
    words = {"items/s": _rate_in_words(cell), "late at worst": seconds(_worst(cell))}
    return row(cell, rate=_rate(cell), worst=_worst(cell), cause=_cause(cell.lateness(_HERE)), **words)


def _rate_in_words(cell: Cell) -> str:
    return formats.named("", _rate(cell))


def _table(own: Sequence[Cell], names: Sequence[str]) -> Table:
    words = {
        "strategy": names,
        "here as": [_as(cell) for cell in own],
        "items/s": list(map(_rate_in_words, own)),
    }
    for place in (_HERE, _APART):
        late = [cell.lateness(place) for cell in own]
        for name, figure in _LATE.items():
            words[f"{place}, {name}"] = [seconds(number(each.get(figure))) for each in late]
        words[f"{place}, cause"] = list(map(_cause, late))
    return cell_table((*words, "marks"), own, words)


def _as(cell: Cell) -> str:
    bystander = cell.extra.get("bystander")
    return plain(bystander.get("kind", NOTHING)) if isinstance(bystander, Mapping) else NOTHING


def _says(own: Sequence[Cell], names: Sequence[str]) -> str:
    fastest = max(range(len(own)), key=lambda place: _rate(own[place]))
    calmest, *_, latest = sorted([*range(len(own)), fastest], key=lambda place: _worst(own[place]))
    said = (
        f"Beside the fastest, {names[fastest]} ({_rate_in_words(own[fastest])} items/s), the bystander was "
        f"late by up to {_in_words(own[fastest])}"
    )
    if len(own) > 1:
        said += (
            f"; by least beside {names[calmest]}, {_in_words(own[calmest])}, "
            f"by most beside {names[latest]}, {_in_words(own[latest])}"
        )
    apart = max(number(cell.lateness(_APART).get("worst")) or 0 for cell in own)
    return f"{said}. In a process of its own it was never late by more than {seconds(apart)}." if apart else f"{said}."


def _in_words(cell: Cell) -> str:
    """Write how late a cell's worst tick was, and why: "84.0 ms (blocked)"."""
    cause = {NOTHING: "", _UNKNOWN: " (cause unknown)"}
    why = _cause(cell.lateness(_HERE))
    return f"{seconds(_worst(cell))}{cause.get(why, f' ({why})')}"


_LEAD = (
    "Beside each strategy a bystander wants to run every millisecond: here, in the measuring process, and apart, in a "
    "process of its own. Here it is a task on the strategy's event loop where that is one of ours in this process, "
    "else a thread. The height is how late it was at worst here, so the best place is far to the right and low: fast, "
    f"and nobody freezes. Above the dashed line, {setting(STALL)}, it was a stall. Filled marks: it was blocked, as "
    "the loop or the GIL was held. Hollow ones: it was starved, runnable without a CPU, or the cause is unknown, or it "
    "was no stall. Both axes are logarithmic."
)


def section(columns: Sequence[Column]) -> Section:
    """Make the part on who freezes; an empty one where no bystander was measured."""
    rows = [side_by_side(columns, [partial(_panel, columns, kind) for kind in pair]) for pair in _PAIRS]
    return Section(key="freezing", title="Who freezes meanwhile", lead=_LEAD, rows=tuple(chain(*rows)))
