"""Claims about what workers cost: the time to start them, their memory, and what is the lighter way."""

import statistics
from collections.abc import Mapping, Sequence

from paceline.claims.claim import Claim
from paceline.claims.counts import present
from paceline.claims.evidence import Evidence, Key, Sample, added, values
from paceline.claims.finding import Figure, Finding, Part, combine
from paceline.claims.judging import above, figure
from paceline.claims.light import threads_light
from paceline.claims.starting import BESIDE, ENGINES, METHODS, start_cost
from paceline.claims.systems import os_differs
from paceline.history import Cell

MORE_MEMORY = 2.0**20

_SWEEP = 3


def memory_cost(evidence: Evidence) -> Finding:
    """Judge by the memory that one more worker takes: the slope of the tree's memory over 1, 2, 4 and 8 workers.

    The difference of two slopes decides, not their ratio: a thread takes so little that its slope may be nil or below,
    and a ratio to that says nothing.
    """
    parts = [_more_memory(evidence, strategy) for strategy in METHODS]
    return combine(parts, _without_pss(evidence))


def _more_memory(evidence: Evidence, strategy: str) -> Part:
    own, threads = memory_of_one_more(evidence, strategy), memory_of_one_more(evidence, "threads")
    others = (*BESIDE, *ENGINES) if strategy == "pool-fork" else ()
    return above(
        f"a process by {METHODS[strategy]} needs more memory than a thread",
        figure(f"{strategy}: memory of one more worker, less that of a thread", _difference(own, threads), "bytes"),
        MORE_MEMORY,
        "that is 1 MiB: with less, a hundred workers would differ by less than a small program needs to run at all",
        "memory",
        beside=present(
            _slope_figure(each, memory_of_one_more(evidence, each)) for each in (strategy, "threads", *others)
        ),
    )


def _slope_figure(strategy: str, slope: Sample) -> Figure:
    return figure(f"{strategy}: memory of one more worker", slope, "bytes")


def memory_of_one_more(evidence: Evidence, strategy: str) -> Sample:
    """Return the slope of memory over workers by ordinary least squares, within each process that measured all of the
    sweep.
    """
    by_workers = {
        workers: values(evidence.cells("memory", "test_memory", strategy=strategy, workers=workers), _memory)
        for workers in evidence.workers("memory", "test_memory", strategy=strategy)
    }
    doubts = tuple(dict.fromkeys(doubt for sample in by_workers.values() for doubt in sample.warnings))
    if len(by_workers) < _SWEEP:
        return Sample({}, doubts)
    return Sample({key: _fitted(by_workers, key) for key in _common(list(by_workers.values()))}, doubts)


def _fitted(by_workers: Mapping[int, Sample], key: Key) -> float:
    sizes = [sample.values[key] for sample in by_workers.values()]
    return statistics.linear_regression(list(by_workers), sizes).slope


def _common(samples: Sequence[Sample]) -> list[Key]:
    return sorted(set.intersection(*(set(sample.values) for sample in samples)))


def _difference(left: Sample, right: Sample) -> Sample:
    doubts = dict.fromkeys([*left.warnings, *right.warnings])
    return Sample({key: left.values[key] - right.values[key] for key in _common([left, right])}, tuple(doubts))


def _memory(cell: Cell) -> float | None:
    pss = added("pss_bytes")(cell)
    return added("uss_bytes")(cell) if pss is None else pss


def _without_pss(evidence: Evidence) -> list[str]:
    found = evidence.cells("memory", "test_memory")
    if all(added("pss_bytes")(one.cell) is not None for one in found):
        return []
    return ["USS: this system does not share out what processes share, so each worker is counted without it"]


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "start-cost",
        "Creating processes costs a lot; starting them takes longer than starting threads",
        ("starting",),
        start_cost,
    ),
    Claim(
        "memory-cost",
        "Processes need more memory than threads",
        ("memory",),
        memory_cost,
    ),
    Claim(
        "threads-light",
        "Threads are the lightweight way round the overhead of processes",
        ("starting", "break_even"),
        threads_light,
    ),
    Claim(
        "os-differs",
        "Process start and scheduling differ between operating systems",
        ("starting", "computing"),
        os_differs,
    ),
)
