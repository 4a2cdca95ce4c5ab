"""How many times as fast as a plain loop, each pair of cells from the same process: drift of the machine cancels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from paceline.history import Cell
from paceline.report.page.columns import Column
from paceline.report.page.sections.figuring import number
from paceline.tables.rows import BASELINE, test

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


def gains(column: Column, experiment: str, function: str) -> list[Gain]:
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
