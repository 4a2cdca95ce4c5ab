"""From which length of an item on a strategy pays, and what it gains."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

import altair as alt

from paceline.history import Cell
from paceline.report import plots
from paceline.report.charts import chart
from paceline.report.model import Column, Figure, Table, doubts, number, side_by_side, slug, telling
from paceline.tables.rows import BASELINE, described, in_full, shared, test, wording
from paceline.text import formats

_PAIRED = "speedup_over_loop"
_Key = tuple[object, ...]


@dataclass(frozen=True)
class Gain:
    """The speedup of a cell.

    Args:
        cell: with its processes put together.
        each: that of each process; none where no plain loop was measured beside it.
    """

    cell: Cell
    each: tuple[float, ...]

    @property
    def factor(self) -> float | None:
        """The median of the processes; None if there are none."""
        return median(self.each) if self.each else None


def speedups(column: Column, experiment: str, function: str) -> list[Gain]:
    """Return the speedup of each cell of an experiment but those of the plain loop.

    A cell that took turns with a plain loop knows its own; another is held against the one plain loop that did the same
    work in the same process.
    """
    merged = [cell for cell in column.of(experiment, function) if cell.strategy != BASELINE]
    if not merged:
        return []
    run = column.sources[experiment]
    single = [cell for cell in run.cells if cell.experiment == experiment and test(cell) == function]
    loops = _grouped([cell for cell in single if cell.strategy == BASELINE], of=_work)
    processes = _grouped(single, of=_identity)
    return [
        Gain(cell, tuple(gain for one in processes.get(_identity(cell), ()) if (gain := _gain(one, loops) or 0) > 0))
        for cell in merged
    ]


def _gain(cell: Cell, loops: dict[_Key, list[Cell]]) -> float | None:
    own = number(cell.extra.get(_PAIRED))
    if own is not None:
        return own
    same = [loop for loop in loops.get(_work(cell), ()) if loop.process == cell.process]
    return same[0].median / cell.median if len(same) == 1 else None


def length(cell: Cell) -> float | None:
    """Return how long an item of a cell computes, seconds; None if it does not say."""
    return number(cell.extra.get("item_cpu_seconds"))


def _grouped(cells: Sequence[Cell], of: Callable[[Cell], _Key]) -> dict[_Key, list[Cell]]:
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
    found = [gain for function in _FUNCTIONS for gain in speedups(column, "break_even", function)]
    return [gain for gain in found if length(gain.cell) is not None]


def rows(columns: Sequence[Column]) -> tuple[tuple[Figure, ...], ...]:
    """Make a map for each strategy that was held against a plain loop."""
    found = {column.label: gains(column) for column in columns}
    order = dict.fromkeys(name for column in columns for name in column.order)
    present = {gain.cell.strategy for own in found.values() for gain in own}
    return side_by_side(columns, [partial(_figure, found, name) for name in order if name in present])


def _figure(found: dict[str, list[Gain]], strategy: str, column: Column) -> Figure | None:
    own = [gain for gain in found[column.label] if gain.cell.strategy == strategy]
    if not own:
        return None
    cells = [gain.cell for gain in own]
    every = [gain for gains in found.values() for gain in gains]
    names = telling([[gain.cell for gain in gains] for gains in found.values()], lambda cell: (length(cell), cell.size))
    fields = [_field(gain, names, _end(every)) for gain in own]
    return Figure(
        key=slug("break-even", strategy),
        title=f"Break-even of {formats.plain(strategy)}",
        says=_says(own, strategy),
        column=column.label,
        setting=wording(shared(cells)),
        chart=chart(_drawn(every, names), plots.heat_data(fields, "speedup")),
        table=_table(own, names),
        doubts=doubts(cells),
        source=column.source(cells),
    )


def _field(gain: Gain, names: Sequence[str], end: float) -> plots.Field:
    pale = gain.factor is None or abs(math.log(gain.factor)) < _PALE * math.log(end)
    return plots.Field(gain.cell, _carries(gain), _computes(gain, names), gain.factor, _times(gain.factor), pale)


def _drawn(every: Sequence[Gain], names: Sequence[str]) -> alt.TopLevelMixin:
    xs = dict.fromkeys(_carries(gain) for gain in sorted(every, key=lambda gain: gain.cell.size or 0))
    ys = dict.fromkeys(_computes(gain, names) for gain in sorted(every, key=lambda gain: length(gain.cell) or 0))
    end = _end(every)
    scale = alt.Scale(type="log", scheme="blueorange", reverse=True, domain=[1 / end, end], clamp=True)
    legend = alt.Legend(
        title="times as fast as a plain loop",
        titleLimit=300,
        orient="bottom",
        gradientLength=200,
        gradientThickness=10,
        values=[1 / end, 1, end],
        labelExpr="format(datum.value, '.2~f') + 'x'",
    )
    colour = alt.Color("value:Q").scale(scale).legend(legend)
    return plots.heat_drawn(
        list(xs), list(ys), colour, figure="speedup", titles=("an item carries, there and back", "an item computes")
    )


def _end(every: Sequence[Gain]) -> float:
    """Return the factor at which the colours end, the same above and below 1: the greatest speedup there is."""
    return max([_LEAST_END, *(gain.factor or 0 for gain in every)])


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
        return f"No plain loop was measured beside {formats.plain(strategy)}, so there is no speedup."
    worst, best = known[0], known[-1]
    faster = sum((gain.factor or 0) > 1 for gain in known)
    return (
        f"{formats.plain(strategy)} is faster than a plain loop in {faster} of {len(known)} cells: at best "
        f"{_times(best.factor)} ({_where(best)}), at worst {_times(worst.factor)} ({_where(worst)})."
    )


def _where(gain: Gain) -> str:
    return f"items of {_computes(gain, ())} that carry {_carries(gain)}"


def _table(own: Sequence[Gain], names: Sequence[str]) -> Table:
    lines = [
        (
            _computes(gain, names),
            _carries(gain),
            _times(gain.factor),
            f"{_times(min(gain.each))} to {_times(max(gain.each))}" if gain.each else formats.NOTHING,
            str(len(gain.each)),
            formats.seconds(gain.cell.median),
            in_full(gain.cell.marks),
        )
        for gain in own
    ]
    heads = ("an item computes", "carries", "speedup", "least to greatest", "processes", "median", "marks")
    return Table(heads, tuple(lines), left=2)
