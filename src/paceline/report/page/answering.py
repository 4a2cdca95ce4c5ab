"""Which strategy a kind of work should use, by what was measured: the rule, without words."""

from collections.abc import Sequence
from dataclasses import dataclass

from paceline.history import Cell
from paceline.report.page.columns import Column
from paceline.stats import samples
from paceline.tables.rows import BASELINE, test

LATITUDE = 1.05
"""Whoever is less than this many times as slow as the fastest is as good: other things weigh more."""

LEVEL = 0.95
"""How often the interval of a median should hold the true one; few rounds give less."""

CONTROL = "raw"
"""The client that is a control, not an answer."""

KINDS = (
    ("Downloads", "downloads", None),
    ("Computing that holds the GIL", "computing", "squares"),
    ("Computing that releases the GIL", "computing", "hash"),
)
"""What a kind of work is called, the experiment that measures it, and its kernel."""


@dataclass(frozen=True)
class Choice:
    """What a kind of work should use.

    Attributes:
        chosen: the simplest of those that are behind none and gain on a plain loop, as far as can be told.
        fastest: the one with the shortest median.
        alike: the others that can't be told to be behind, in the order of tables.
        behind: the rest, the fastest of them first.
    """

    chosen: Cell
    fastest: Cell
    alike: tuple[Cell, ...]
    behind: tuple[Cell, ...]


def choose(cells: Sequence[Cell]) -> Choice:
    """Choose among cells that do the same work: the simplest of those that are behind none, and before which a plain
    loop is behind, where it is behind any.

    Args:
        cells: from the simplest to the least simple, n at least 1.
    """
    level = [cell for cell in cells if not any(is_behind(cell, other) for other in cells)]
    loop = next((cell for cell in cells if cell.strategy == BASELINE and cell not in level), None)
    chosen = next(cell for cell in level if loop is None or is_behind(loop, cell))
    alike = tuple(cell for cell in level if cell is not chosen)
    behind = sorted((cell for cell in cells if cell not in level), key=lambda cell: cell.median)
    return Choice(chosen, min(cells, key=lambda cell: cell.median), alike, tuple(behind))


def is_behind(cell: Cell, other: Cell) -> bool:
    """Whether a cell is told to be slower than another: its interval lies beyond `LATITUDE` times all of the other's,
    or the interval that leaves odd rounds out does by far.
    """
    likely, others = (samples.median_interval(each.rounds, samples.LIKELY) for each in (cell, other))
    return (
        interval(cell).low > LATITUDE * interval(other).high or likely.low > LATITUDE * (1 + samples.FAR) * others.high
    )


def comparable(cells: Sequence[Cell]) -> bool:
    """Whether there is more than one strategy to choose from."""
    return len({cell.strategy for cell in cells}) > 1


def interval(cell: Cell) -> samples.Between:
    """Return where the true median of a cell's rounds lies."""
    return samples.median_interval(cell.rounds, LEVEL)


def contenders(cells: Sequence[Cell]) -> list[Cell]:
    """Leave out what was measured with the control's client, unless there is nothing else."""
    return [cell for cell in cells if cell.client != CONTROL] or list(cells)


def works(column: Column) -> list[tuple[str, list[Cell]]]:
    """Find the cells of each kind of work, in the order of tables; at several scales, each scale is a work of its own.

    Returns:
        What the work is called, and its cells, shape (n,), n at least 1.
    """
    found: dict[tuple[object, ...], list[Cell]] = {}
    for name, experiment, kernel in KINDS:
        for cell in column.of(experiment):
            if cell.kernel == kernel:
                found.setdefault((name, *_scale(cell)), []).append(cell)
    return [(str(key[0]), cells) for key, cells in found.items()]


def _scale(cell: Cell) -> tuple[object, ...]:
    return (test(cell), cell.workload, cell.items, cell.latency, cell.size, cell.share)
