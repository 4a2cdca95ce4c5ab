"""What several claims measure: computing, downloads, speedups, busy CPUs, and the margins that go with them."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import replace

from paceline.claims.evidence import Evidence, Replicate, Sample, median, ratios, values
from paceline.claims.judging import LEAST_PROCESSES, Part, figure, undecided
from paceline.history import Cell

GAIN = 1.25
"""
From this factor on, something is faster. A second CPU used in full would be a factor of 2; cells that do the same work
in the same process differ by up to a tenth, so with three processes an interval around 1 ends below it.
"""

BUSY = 1.15
"""CPU seconds per second above which more than one thread computes at a time; it hardly scatters, as load cancels."""

BASELINE = "sequential"
PROCESSES = ("pool-fork", "processes")
"""What stands for processes: the lesson's pool, and the executor."""

HOLDS, RELEASES = "squares", "hash"
"""Kernels, by what they do with the GIL."""

CODE = {HOLDS: "Python code that holds the GIL", RELEASES: "code that releases the GIL"}
"""What each kernel stands for, in words."""

NO_GAIN = f"a second CPU in full use would gain a factor near 2, and what is below {GAIN}x may be noise"
"""Why `GAIN` is the margin of what should gain nothing."""

OVER_LOOP = "speedup_over_loop"
_CLIENTS = ("requests", "aiohttp", "raw")  # what a strategy's downloads are made with, the usual one first


def computing(evidence: Evidence, strategy: str, kernel: str) -> list[Replicate]:
    """Find the cells that compute with one worker for each CPU, or with one alone under `sequential`."""
    workers = 1 if strategy == BASELINE else evidence.cpus
    return evidence.cells("computing", "test_computing", strategy=strategy, kernel=kernel, workers=workers)


def downloads(evidence: Evidence, strategy: str) -> list[Replicate]:
    """Find the cells that download, with the client that is usual for the strategy."""
    found = (evidence.cells("downloads", "test_downloads", strategy=strategy, client=client) for client in _CLIENTS)
    return next((cells for cells in found if cells), [])


def speedup(sequential: Sequence[Replicate], cells: Sequence[Replicate]) -> Sample:
    """Return how many times as fast as `sequential` cells are, paired by process."""
    return ratios(sequential, cells, median)


def computing_speedup(evidence: Evidence, strategy: str, kernel: str) -> Sample:
    """Return the speedup of a strategy that computes with one worker for each CPU: over the plain loops that took turns
    with its rounds, where there were any, else over `sequential`.
    """
    cells = computing(evidence, strategy, kernel)
    over_loops = values(cells, OVER_LOOP)
    return over_loops if len(over_loops) else speedup(computing(evidence, BASELINE, kernel), cells)


def busy(cells: Sequence[Replicate]) -> Sample:
    """Return how many CPUs were busy: CPU seconds of all processes over wall-clock seconds."""
    return values(cells, _busy)


def _busy(cell: Cell) -> float | None:
    return None if cell.cpu_seconds is None else cell.cpu_seconds / statistics.fmean(cell.rounds)


def common(samples: Iterable[Sample]) -> list[tuple[int, int]]:
    """Return the processes that all samples have, in order."""
    return sorted(set.intersection(*(set(sample.values) for sample in samples)))


def halfway(cpus: int | None) -> float:
    """Return the speedup that uses half of what the CPUs beyond the first could add."""
    return 1 + ((cpus or 1) - 1) / 2


def over_limit(cell: Cell) -> float | None:
    """Return the median over the limit, 1 being as fast as can be; None where there is no limit."""
    return 1 / cell.efficiency if cell.efficiency else None


def one_cpu(evidence: Evidence, part: str) -> Part | None:
    """Leave a statement open on a machine where nothing can compute beside anything; None where something can."""
    if evidence.cpus is not None and evidence.cpus > 1:
        return None
    because = "on one CPU nothing computes beside anything, with a GIL or without"
    return undecided(part, because, "a machine with at least 2 usable CPUs, or a run that says how many there are")


def unless_crowded(evidence: Evidence, judged: Part) -> Part:
    """Take back what was refuted on a machine that had no CPUs to give: there, not even threads whose code releases the
    GIL keep them busy, and processes that computed at once would look as if they had taken turns.
    """
    if judged.verdict != "refuted":
        return judged
    control = figure(
        "control: CPU seconds over seconds, threads without the GIL", busy(computing(evidence, "threads", RELEASES))
    )
    judged = replace(judged, figures=(*judged.figures, control))
    if control.processes >= LEAST_PROCESSES and control.value > halfway(evidence.cpus):
        return judged
    missing = "a machine that is otherwise idle: no threads were seen that kept most CPUs busy without the GIL either"
    return replace(judged, verdict="unknown", missing=missing)
