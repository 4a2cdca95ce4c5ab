"""From which length of an item on a strategy pays, and what it gains."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from statistics import median

import altair as alt

from paceline.history import Cell
from paceline.report import plots
from paceline.report.model import (
    Chart,
    Column,
    Panel,
    Rows,
    Table,
    cell_table,
    distinguishing,
    number,
    side_by_side,
    slug,
)
from paceline.tables.rows import BASELINE, described, test, wording
from paceline.text import formats
from paceline.text.formats import NOTHING, plain

_EXPERIMENT = "break_even"
_Key = tuple[object, ...]


@dataclass(frozen=True)
class Gain:
    """The speedup of a cell, its processes put together, and that of each; none without a plain loop beside it."""

    cell: Cell
    each: tuple[float, ...]

    @property
    def factor(self) -> float | None:
        """The median of the processes."""
        return median(self.each) if self.each else None


def speedups(column: Column, function: str) -> list[Gain]:
    """Return the speedup of each cell of a test function, except those of the plain loop.

    A cell that took turns with a plain loop knows its own; another is held against the one plain loop that did the same
    work in the same process.
    """
    merged = [cell for cell in column.of(_EXPERIMENT, function) if cell.strategy != BASELINE]
    if not merged:
        return []
    run = column.sources[_EXPERIMENT]
    single = [cell for cell in run.cells if cell.experiment == _EXPERIMENT and test(cell) == function]
    loops = _grouped((cell for cell in single if cell.strategy == BASELINE), of=_work)
    processes = _grouped(single, of=_identity)
    return [
        Gain(cell, tuple(gain for one in processes.get(_identity(cell), ()) if (gain := _gain(one, loops) or 0) > 0))
        for cell in merged
    ]


def _gain(cell: Cell, loops: dict[_Key, list[Cell]]) -> float | None:
    if cell.over_loop is not None:
        return cell.over_loop
    same = [loop for loop in loops.get(_work(cell), ()) if loop.process == cell.process]
    return same[0].median / cell.median if len(same) == 1 else None


def length(cell: Cell) -> float | None:
    """Return how long an item of a cell computes, seconds; None if it does not say."""
    return number(cell.extra.get("item_cpu_seconds"))


def _grouped(cells: Iterable[Cell], of: Callable[[Cell], _Key]) -> dict[_Key, list[Cell]]:
    groups: dict[_Key, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(of(cell), []).append(cell)
    return groups


def _work(cell: Cell) -> _Key:
    return (cell.workload, cell.items, cell.size, cell.kernel, cell.latency, cell.share, length(cell))


def _identity(cell: Cell) -> _Key:
    return (cell.strategy, cell.workers, cell.client, *sorted(cell.options.items()), *_work(cell))


LEAD = (
    "A break-even map says how many times as fast as a plain loop a strategy is, by how long an item computes and how "
    "much it carries; below 1x it is slower. Both come from the same process, and the median of the processes counts. "
    "Colours end at the greatest speedup, and at its reciprocal; numbers go on."
)
"""How to read the maps."""

_FUNCTIONS = ("test_break_even", "test_engines")
_LEAST_END = 2.0  # the colours reach to this factor at least, so that scatter around 1 stays pale
_PALE = 0.8  # of the way from 1 to the end of the colours: from here on white is read better than black
_SMALL = 0.01  # below this, two decimals say nothing


def gains(column: Column) -> list[Gain]:
    """Return the speedups of the map of one column; nothing if there is none."""
    found = [gain for function in _FUNCTIONS for gain in speedups(column, function)]
    return [gain for gain in found if length(gain.cell) is not None]


def rows(columns: Sequence[Column]) -> Rows:
    """Make a map for each strategy that was held against a plain loop."""
    found = {column.label: gains(column) for column in columns}
    present = {gain.cell.strategy for own in found.values() for gain in own}
    return side_by_side(columns, [partial(_panel, found, name) for name in columns[0].order if name in present])


def _panel(found: dict[str, list[Gain]], strategy: str, column: Column) -> Panel | None:
    own = [gain for gain in found[column.label] if gain.cell.strategy == strategy]
    if not own:
        return None
    every = [[gain.cell for gain in gains] for gains in found.values()]
    names = distinguishing(every, lambda cell: (length(cell), cell.size))
    return column.panel(
        [gain.cell for gain in own],
        key=slug("break-even", strategy),
        title=f"Break-even of {plain(strategy)}",
        says=_says(own, strategy),
        chart=_chart(own, list(chain(*found.values())), names),
        table=_table(own, names),
    )


def _field(gain: Gain, names: Sequence[str], end: float) -> plots.Field:
    pale = gain.factor is None or abs(math.log(gain.factor)) < _PALE * math.log(end)
    return plots.Field(gain.cell, _carries(gain), _computes(gain, names), gain.factor, _times(gain.factor), pale)


def _chart(own: Sequence[Gain], every: Sequence[Gain], names: Sequence[str]) -> Chart:
    end = max([_LEAST_END, *(gain.factor or 0 for gain in every)])
    legend = alt.Legend(
        title="times as fast as a plain loop",
        titleLimit=300,
        orient="bottom",
        gradientLength=200,
        gradientThickness=10,
        values=[1 / end, 1, end],
        labelExpr="format(datum.value, '.2~f') + 'x'",
    )
    scale = alt.Scale(type="log", scheme="blueorange", reverse=True, domain=[1 / end, end], clamp=True)
    return plots.heat_map(
        [_field(gain, names, end) for gain in own],
        [_carries(gain) for gain in sorted(every, key=lambda gain: gain.cell.size or 0)],
        [_computes(gain, names) for gain in sorted(every, key=lambda gain: length(gain.cell) or 0)],
        alt.Color("value:Q").scale(scale).legend(legend),
        label="speedup",
        titles=("an item carries, there and back", "an item computes"),
    )


def _carries(gain: Gain) -> str:
    return formats.size(gain.cell.size) if gain.cell.size else "nothing"


def _computes(gain: Gain, names: Sequence[str]) -> str:
    words = described(gain.cell)
    beside = wording({name: words[name] for name in names if name in words})
    seconds = formats.setting(length(gain.cell) or 0)
    return f"{seconds}, {beside}" if beside else seconds


def _times(factor: float | None) -> str:
    return formats.times(factor) if factor is None or factor >= _SMALL else f"{factor:.1g}x"


def _says(own: Sequence[Gain], strategy: str) -> str:
    known = sorted((gain for gain in own if gain.factor), key=lambda gain: gain.factor or 0)
    if not known:
        return f"No plain loop was measured beside {plain(strategy)}, so there is no speedup."
    faster = sum((gain.factor or 0) > 1 for gain in known)
    worst, best = (
        f"{_times(gain.factor)} (items of {_computes(gain, ())} that carry {_carries(gain)})"
        for gain in (known[0], known[-1])
    )
    cells = f"{plain(strategy)} is faster than a plain loop in {faster} of {len(known)} cells"
    return f"{cells}: at best {best}, at worst {worst}."


def _table(own: Sequence[Gain], names: Sequence[str]) -> Table:
    words = {
        "an item computes": [_computes(gain, names) for gain in own],
        "carries": [_carries(gain) for gain in own],
        "speedup": [_times(gain.factor) for gain in own],
        "least to greatest": [
            " to ".join(map(_times, (min(gain.each), max(gain.each)))) if gain.each else NOTHING for gain in own
        ],
        "processes": [str(len(gain.each)) for gain in own],
    }
    return replace(cell_table((*words, "median", "marks"), [gain.cell for gain in own], words), left=2)
