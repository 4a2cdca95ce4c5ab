"""What saved runs hold for a judge: replicated cells by what they measured, and figures paired by process."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, NamedTuple, TypeAlias

from paceline.history import Cell, Run
from paceline.text.numbers import is_number

Key: TypeAlias = tuple[int, int]
"""Which run, from 0, and which process of it, from 1: cells with the same key are neighbours in time."""

Reading: TypeAlias = Callable[[Cell], float | None]
"""Reads a figure off a cell; None where the cell does not have it."""


BASELINE = "sequential"
PROCESSES = ("pool-fork", "processes")
"""What stands for processes: the lesson's pool, and the executor."""

ONE_INTERPRETER = ("threads", "asyncio")
"""What stands for strategies that share one interpreter, and so its GIL."""

HOLDS, RELEASES = "squares", "hash"
"""Kernels, by what they do with the GIL."""

CODE = {HOLDS: "Python code that holds the GIL", RELEASES: "code that releases the GIL"}
"""What each kernel stands for, in words."""

_CLIENTS = ("requests", "aiohttp", "raw")  # what a strategy's downloads are made with, the usual one first


class Replicate(NamedTuple):
    """A cell, and when it was measured."""

    key: Key
    cell: Cell


@dataclass(frozen=True)
class Sample:
    """One figure as each process measured it.

    Attributes:
        values: by process, only where the cell has the figure.
        warnings: the marks of the cells, and how many cells lack the figure.
    """

    values: Mapping[Key, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.values)


class Evidence:
    """The replicated cells of runs of one machine and Python.

    Args:
        runs: n at least 1; those that have another fingerprint than the first stand apart, in `elsewhere`. One that
            comes twice, as a copy may, counts once.

    Raises:
        ValueError: there are no runs.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        if not runs:
            raise ValueError("evidence comes from one run at least")
        self.first = runs[0]
        each = _each_once(runs)
        self.runs = tuple(run for run in each if run.fingerprint == self.first.fingerprint)
        self.elsewhere = tuple(run for run in each if run.fingerprint != self.first.fingerprint)
        self.replicates = tuple(
            Replicate((place, cell.process), cell)
            for place, run in enumerate(self.runs)
            for cell in run.cells
            if cell.process is not None
        )

    @property
    def system(self) -> str | None:
        """The operating system: "Linux"; None if the run does not say."""
        system = self.first.machine_info.get("system")
        return str(system) if system else None

    @property
    def cpus(self) -> int | None:
        """The usable CPUs that can be kept busy all the time, at least 1; None if the run does not say."""
        count = self.first.usable_cpus
        return None if count is None else max(1, int(count))

    @property
    def version(self) -> tuple[int, ...]:
        """The version of Python as numbers, (3, 14, 10); empty if the run does not say."""
        return tuple(map(int, re.findall(r"\d+", str(self.first.machine_info.get("python_version", "")))))[:3]

    @property
    def gil(self) -> bool:
        """Whether the GIL was on when the run ended."""
        return self.first.facts.get("gil") != "off"

    def cells(self, experiment: str, function: str | None = None, **wanted: object) -> list[Replicate]:
        """Find the cells measured in processes of their own that fit.

        Args:
            experiment: its name.
            function: the test function that measured them; any if not given.
            wanted: fields of a cell (strategy, workers, client, kernel, latency, size, items, ...), and for any other
                name what the experiment added. None fits any value.
        """
        fitting = {name: value for name, value in wanted.items() if value is not None}
        return [
            one
            for one in self.replicates
            if one.cell.experiment == experiment
            and function in (None, one.cell.name.partition("[")[0])
            and all(_value(one.cell, name) == value for name, value in fitting.items())
        ]

    def workers(self, experiment: str, function: str | None = None, **wanted: object) -> list[int]:
        """Return the numbers of workers that were measured, from the least."""
        return sorted({one.cell.workers for one in self.cells(experiment, function, **wanted)})


def downloads(evidence: Evidence, strategy: str) -> list[Replicate]:
    """Find the cells that download, with the client that is usual for the strategy."""
    found = (evidence.cells("downloads", "test_downloads", strategy=strategy, client=client) for client in _CLIENTS)
    return next((cells for cells in found if cells), [])


def values(cells: Iterable[Replicate], what: Reading | str) -> Sample:
    """Return a figure of each process, where the cell has it.

    A cell without the figure is counted in the warnings. Where several cells of one process fit, as a run at an unusual
    scale may have them, none of that process counts, and a warning says so.

    Args:
        what: how the figure is read, or the name under which the experiment added it.
    """
    found, read = list(cells), added(what) if isinstance(what, str) else what
    counts = Counter(one.key for one in found)
    several = [key for key, count in counts.items() if count > 1]
    single = {one.key: read(one.cell) for one in found if counts[one.key] == 1}
    known = {key: float(value) for key, value in single.items() if value is not None}
    doubts = _marks(found)
    if len(single) > len(known):
        doubts.append(f"missing: {len(single) - len(known)} of {len(single)} cells lack a figure that this needs")
    if several:
        some = f"{len(several)} of {len(counts)}"
        doubts.append(f"ambiguous: {some} processes measured more than one cell that fits, none was taken")
    return Sample(known, tuple(doubts))


def ratios(numerator: Iterable[Replicate], denominator: Iterable[Replicate], what: Reading | str) -> Sample:
    """Divide a figure of one cell by that of another, paired by process, so that drift of the machine cancels."""
    return quotient(values(numerator, what), values(denominator, what))


def quotient(above: Sample, below: Sample) -> Sample:
    """Divide one sample by another, for each process that has both, where the second is not 0."""
    every = above.values.keys() | below.values.keys()
    both = above.values.keys() & below.values.keys()
    lost = len(every) - len(both) if above.values and below.values else 0
    unpaired = (f"unpaired: {lost} of {len(every)} processes have only one of the two figures",) if lost else ()
    doubts = dict.fromkeys([*above.warnings, *below.warnings, *unpaired])
    keys = sorted(key for key in both if below.values[key])
    return Sample({key: above.values[key] / below.values[key] for key in keys}, tuple(doubts))


def common(samples: Iterable[Sample]) -> list[Key]:
    """Return the processes that all samples have, in order."""
    return sorted(set.intersection(*(set(sample.values) for sample in samples)))


def computing(evidence: Evidence, strategy: str, kernel: str) -> list[Replicate]:
    """Find the cells that compute with one worker for each CPU, or with one alone under `sequential`."""
    workers = 1 if strategy == BASELINE else evidence.cpus
    return evidence.cells("computing", "test_computing", strategy=strategy, kernel=kernel, workers=workers)


def speedup(sequential: Sequence[Replicate], cells: Sequence[Replicate]) -> Sample:
    """Return how many times as fast as `sequential` cells are, paired by process."""
    return ratios(sequential, cells, median)


def computing_speedup(evidence: Evidence, strategy: str, kernel: str) -> Sample:
    """Return the speedup of a strategy that computes with one worker for each CPU: over the plain loops that took turns
    with its rounds, where there were any, else over `sequential`.
    """
    cells = computing(evidence, strategy, kernel)
    over_loops = values(cells, over_loop)
    return over_loops if len(over_loops) else speedup(computing(evidence, BASELINE, kernel), cells)


def busy(cells: Sequence[Replicate]) -> Sample:
    """Return how many CPUs were busy: CPU seconds of all processes over wall-clock seconds."""
    return values(cells, lambda cell: None if cell.cpu_seconds is None else cell.cpu_seconds / fmean(cell.rounds))


def over_limit(cell: Cell) -> float | None:
    """Return the median over the limit, 1 being as fast as can be; None where there is no limit."""
    return 1 / cell.efficiency if cell.efficiency else None


def median(cell: Cell) -> float:
    """Return the middle of a cell's rounds, seconds: the usual figure."""
    return cell.median


def over_loop(cell: Cell) -> float | None:
    """Return how many times as fast a cell was as the plain loops that took turns with its rounds."""
    return cell.over_loop


def added(name: str) -> Reading:
    """Make the function that reads the number an experiment added under `name`."""
    return lambda cell: cell.figure(name)


def counted(name: str) -> Reading:
    """Make the function that reads a number of the server's ledger."""
    return lambda cell: _number((cell.ledger or {}).get(name))


def late(name: str) -> Reading:
    """Make the function that reads how late the bystander in the measuring process was, "median", "p99" or "worst",
    seconds, or a count of its ticks.
    """
    return lambda cell: _number(cell.lateness("here").get(name))


def _number(value: object) -> float | None:
    return float(value) if is_number(value) else None


def _value(cell: Cell, name: str) -> Any:
    return getattr(cell, name) if name in _FIELDS else cell.extra.get(name)


_FIELDS = {*Cell.__dataclass_fields__, "median"}


def _each_once(runs: Sequence[Run]) -> list[Run]:
    known = [(run.fingerprint, run.datetime, run.cells) for run in runs]
    return [run for place, run in enumerate(runs) if known[place] not in known[:place]]


def _marks(cells: Sequence[Replicate]) -> list[str]:
    counts = Counter(mark for one in cells for mark in one.cell.marks)
    return [f"{mark}: {count} of {len(cells)} cells" for mark, count in counts.items()]
