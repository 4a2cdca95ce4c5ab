"""
One cell, measured: start, warm-up, timed rounds, stop, and the checks without which none of it would count.
"""

import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from paceline.contracts import Item, Workload
from paceline.observed import Metered, Usage
from paceline.plugin import descriptors, facts
from paceline.plugin.rounds import Reference, Rounds
from paceline.server.process import Instrument
from paceline.stats import limits
from paceline.stats.samples import is_noisy, spread
from paceline.strategies import Strategy

MOST_SERVER_SHARE = 0.5  # of a core: beyond it the server may be what is measured


@dataclass
class Cell:
    """
    What an experiment gets back, and what a saved run keeps of it beside pytest-benchmark's own figures.

    `median`, `efficiency` and `overhead` are None when nothing was timed (`--benchmark-disable`, plain `pytest`).
    Times in seconds; `cpu_seconds` and `context_switches` are per round.
    """

    experiment: str
    strategy: str
    options: dict[str, Any]
    workload: str
    client: str | None
    kernel: str | None
    items: int
    workers: int
    latency: float | None
    size: int | None
    share: float | None
    limit: float | None = None
    median: float | None = None
    efficiency: float | None = None
    overhead: float | None = None
    ledger: dict[str, Any] | None = None
    start_seconds: float = 0.0
    stop_seconds: float = 0.0
    cpu_seconds: float | None = None
    context_switches: int | None = None
    server_share: float | None = None
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Bench:
    """
    What the cell stands on: pytest-benchmark's fixture and the choices of this session.
    """

    benchmark: Any
    timer: Callable[[], float]
    rounds: int
    experiment: str
    instrument: Instrument | None = None
    bandwidth: float | None = None  # bytes per second of the instrument's link


def measure(bench: Bench, strategy: Strategy, items: Sequence[Item], extra: dict[str, Any]) -> Cell:
    """
    Measure one cell: `strategy` over `items`, started and stopped apart from the warm rounds.

    Raises:
        ItemError: for a wrong answer.
        NotAMeasurement: for a round that the server's ledger doesn't bear out.
        TooFewDescriptors: before anything has started, if there can't be a connection for each worker.
    """
    workload = strategy.workload
    timed = bench.benchmark.enabled
    reference = Reference(workload, items, shares=bench.rounds + 1 if timed else 1)
    rounds = Rounds(strategy, items, reference, bench.instrument)
    cell = _described(bench, strategy, workload, items)
    if cell.client:
        descriptors.provide(cell.workers)
    with tempfile.TemporaryDirectory(prefix="paceline-") as folder:
        metered = strategy.workload = Metered(workload, Path(folder, "usage"), os.getpid())
        with _spoiling(bench.benchmark):
            _pass(bench, strategy, rounds, cell)
            rounds.check_results()
        workers_used = metered.used()
    cell.limit = facts.limit(workload, items, cell.workers, reference.cpu_seconds, bench.bandwidth)
    if timed:
        _add_figures(cell, bench, rounds, workers_used)
    figures = asdict(cell)
    del figures["median"]  # pytest-benchmark's own to save
    bench.benchmark.extra_info.update({**facts.described(workload, strategy.face), **extra, **figures})
    return cell


def _pass(bench: Bench, strategy: Strategy, rounds: Rounds, cell: Cell) -> None:
    """
    Start, measure, stop; the three times apart.
    """
    begun = bench.timer()
    with _main_hidden():
        strategy.__enter__()
    cell.start_seconds = bench.timer() - begun
    with _left(strategy):
        bench.benchmark.pedantic(rounds.run, setup=rounds.setup, rounds=bench.rounds, warmup_rounds=1)
        rounds.finish_round()
        begun = bench.timer()
    cell.stop_seconds = bench.timer() - begun


@contextmanager
def _spoiling(benchmark: Any) -> Iterator[None]:
    """
    Keep a cell that failed a check or was interrupted out of what pytest-benchmark writes; it does so for errors only.
    """
    try:
        yield
    except BaseException:
        benchmark.has_error = True
        raise


@contextmanager
def _left(strategy: Strategy) -> Iterator[None]:
    """
    Leave a strategy that was entered before, as a `with` would.
    """
    try:
        yield
    except BaseException:
        strategy.__exit__(*sys.exc_info())
        raise
    strategy.__exit__(None, None, None)


@contextmanager
def _main_hidden() -> Iterator[None]:
    """
    Hide pytest's main module: each spawned process would import it again, and the start would be pytest's, not its own.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _described(bench: Bench, strategy: Strategy, workload: Workload, items: Sequence[Item]) -> Cell:
    figures = facts.described(workload, strategy.face)
    return Cell(
        experiment=bench.experiment,
        strategy=strategy.name,
        options=strategy.options,
        workload=type(workload).__name__,
        client=figures.get("client"),
        kernel=figures.get("kernel"),
        items=len(items),
        workers=strategy.workers,
        latency=figures.get("latency"),
        size=figures.get("size"),
        share=figures.get("share"),
    )


def _add_figures(cell: Cell, bench: Bench, rounds: Rounds, workers_used: Usage) -> None:
    times = bench.benchmark.stats.stats.data
    median = statistics.median(times)
    cell.median = median
    cell.efficiency = limits.efficiency(cell.limit, median)
    cell.overhead = limits.overhead(cell.limit, median, cell.items)
    calls = len(rounds.used)  # the warm-up round as well
    own = sum(rounds.used[-len(times) :], Usage())
    cell.cpu_seconds = own.cpu_seconds / len(times) + workers_used.cpu_seconds / calls
    cell.context_switches = round(own.context_switches / len(times) + workers_used.context_switches / calls)
    ledgers = [ledger for ledger in rounds.ledgers[-len(times) :] if ledger]
    if ledgers:
        cell.ledger = asdict(ledgers[_middle(times)])
        cell.server_share = statistics.median(
            ledger.cpu_seconds / seconds for ledger, seconds in zip(ledgers, times, strict=True)
        )
    cell.warnings = list(_warnings(cell, times, unproven=bench.instrument is not None and not ledgers))


def _middle(times: Sequence[float]) -> int:
    """
    The index of the round whose time is the (lower) median.
    """
    return times.index(statistics.median_low(times))


def _warnings(cell: Cell, times: Sequence[float], *, unproven: bool) -> Iterator[str]:
    """
    The doubts that travel with a figure; each begins with the mark that stands beside it.
    """
    if unproven:
        yield "unproven: the server keeps no ledger, so nothing shows how many items were in flight"
    if cell.server_share is not None and cell.server_share > MOST_SERVER_SHARE:
        yield f"server-bound: the server used {cell.server_share:.0%} of a core"
    due = min(cell.workers, cell.items)
    if cell.ledger is not None and cell.latency and cell.ledger["max_in_flight"] < due:
        yield f"client-bound: at most {cell.ledger['max_in_flight']} of {due} items were in flight"
    if is_noisy(times):
        yield f"noisy: half of the rounds lie within {spread(times):.0%} of the median"
    if cell.efficiency is not None and cell.efficiency > 1:
        yield f"limit: efficiency {cell.efficiency:.3f} is above 1, so the limit of {cell.limit:.6g} s is wrong"
