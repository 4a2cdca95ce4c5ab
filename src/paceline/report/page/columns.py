"""What a report is about: one column for each machine and Python, side by side."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from paceline.history import Cell, Run, told_apart
from paceline.tables.rows import merged, ordered, test
from paceline.text.formats import plain


@dataclass(frozen=True)
class Column:
    """One run, and from older ones of its history the experiments that it lacks.

    Args:
        label: tells it from the other columns.
        run: the run it is about.
        cells: those of all its experiments; several processes of a cell put together, in the order of tables.
        sources: experiment -> the run its cells come from.
        order: the names of strategies as they stand in every table; each that occurs is among them.
    """

    label: str
    run: Run
    cells: tuple[Cell, ...]
    sources: Mapping[str, Run]
    order: tuple[str, ...]

    def of(self, experiment: str, function: str | None = None) -> list[Cell]:
        """Return the cells of an experiment, or only those of one of its test functions."""
        own = [cell for cell in self.cells if cell.experiment == experiment]
        return own if function is None else [cell for cell in own if test(cell) == function]

    def source(self, cells: Iterable[Cell]) -> str:
        """Name the runs that cells come from, where these are not the column's own; "" where they are."""
        others = dict.fromkeys(called(self.sources[cell.experiment]) for cell in cells if self._is_older(cell))
        return ", ".join(others)

    def _is_older(self, cell: Cell) -> bool:
        return self.sources[cell.experiment] is not self.run


def columns(runs: Sequence[Run], older: Mapping[str, Sequence[Run]], strategies: Sequence[str]) -> tuple[Column, ...]:
    """Make a column of each run.

    Args:
        runs: what the report is about, in order.
        older: fingerprint -> complete runs that may lend experiments, the newest last.
        strategies: their order in tables.
    """
    every = told_apart([*runs, *chain(*older.values())])
    runs, lenders = every[: len(runs)], every[len(runs) :]
    lending = [
        {**_newest(other for other in lenders if other.fingerprint == run.fingerprint), **_newest([run])}
        for run in runs
    ]
    found = [name for own in lending for run in own.values() for name in (cell.strategy for cell in run.cells)]
    order = tuple(dict.fromkeys([*strategies, *found]))
    return tuple(
        Column(label, run, tuple(_cells(sources, order)), sources, order)
        for label, run, sources in zip(_labels(runs), runs, lending, strict=True)
    )


def called(run: Run) -> str:
    """Name a run in a few words: "run 12 of 2026-11-22 04:05 UTC"."""
    number = f"run {run.number}" if run.number is not None else plain(run.path or "a run that is not saved")
    return f"{number} of {run.datetime:%Y-%m-%d %H:%M} UTC"


def _newest(runs: Iterable[Run]) -> dict[str, Run]:
    return {cell.experiment: run for run in runs for cell in run.cells}


def _cells(sources: Mapping[str, Run], order: Sequence[str]) -> list[Cell]:
    cells = [cell for experiment, run in sources.items() for cell in run.cells if cell.experiment == experiment]
    return ordered(merged(cells), order)


def _labels(runs: Sequence[Run]) -> list[str]:
    """Label runs by what differs most: their Pythons, else their machines, else their numbers."""
    namings: list[Callable[[Run], str]] = [
        lambda run: plain(run.python),
        lambda run: plain(run.fingerprint),
        lambda run: f"{plain(run.python)}, {called(run)}",
        lambda run: f"{called(run)}, {plain(run.path)}",
    ]
    for naming in namings:
        labels = [naming(run) for run in runs]
        if len(set(labels)) == len(labels):
            return labels
    seen: Counter[str] = Counter()
    for place, label in enumerate(labels):
        seen[label] += 1
        labels[place] = f"{label} ({seen[label]})" if seen[label] > 1 else label
    return labels
