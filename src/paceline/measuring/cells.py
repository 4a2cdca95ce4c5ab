"""A measured cell: what it is of, its figures, and the doubts that go with them."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import singledispatch
from typing import Any
from urllib.parse import urlsplit

from paceline import machine
from paceline.contracts import Flavour, Item
from paceline.measuring.rounds import Rounds
from paceline.server.service import Service
from paceline.stats import samples
from paceline.stats.samples import is_noisy, spread
from paceline.strategies import Strategy
from paceline.workers import tracers
from paceline.workers.metered import Usage
from paceline.workloads import Call, Carry, Compute, Fetch, Mixed

STEP_SECONDS = 1e-6  # of a computation, where it is slow
UNKNOWN_SECONDS = 1.0  # of an item of which nothing is known


@singledispatch
def workload_facts(workload: object, flavour: Flavour) -> dict[str, Any]:
    """Return what tells a workload's cells apart: client, kernel, steps, latency, size, share, function, item length;
    nothing of a foreign one.
    """
    del workload, flavour
    return {}


@workload_facts.register
def _(workload: Compute, flavour: Flavour) -> dict[str, Any]:
    del flavour
    return {"kernel": workload.kernel, "n": workload.n}


@workload_facts.register
def _(workload: Call, flavour: Flavour) -> dict[str, Any]:
    del flavour
    return {"function": workload.function}


@workload_facts.register
def _(workload: Carry, flavour: Flavour) -> dict[str, Any]:
    del flavour
    return {"size": workload.size, "item_cpu_seconds": workload.cpu_seconds, "steps": workload.steps}


@workload_facts.register
def _(workload: Fetch, flavour: Flavour) -> dict[str, Any]:
    return {"client": workload.client_for(flavour), "latency": _service(workload).latency, "size": workload.size}


@workload_facts.register
def _(workload: Mixed, flavour: Flavour) -> dict[str, Any]:
    figures = workload_facts(workload.fetch, flavour)
    whole = figures["latency"] + workload.cpu_seconds
    return {**figures, "share": workload.cpu_seconds / whole if whole else 0.0}


@singledispatch
def limit(
    workload: object, items: Sequence[Item], workers: int, cpu_seconds: float, bandwidth: float | None
) -> float | None:
    """Return the least time in which a workload could be done for all items, seconds.

    Args:
        workload: one that `described` knows; for any other there is no limit.
        items: shape (n,).
        workers: 1 or more.
        cpu_seconds: CPU time that one worker took to find the expected answers of all items.
        bandwidth: bytes per second of the instrument's link, or None.

    Returns:
        Seconds, or None where nothing known bounds it.
    """
    del workload, items, workers, cpu_seconds, bandwidth
    return None


@limit.register
def _(
    workload: Compute | Carry, items: Sequence[Item], workers: int, cpu_seconds: float, bandwidth: float | None
) -> float | None:
    del workload, items, bandwidth
    return samples.computing(cpu_seconds, workers, machine.usable_cpus())


@limit.register
def _(
    workload: Fetch, items: Sequence[Item], workers: int, cpu_seconds: float, bandwidth: float | None
) -> float | None:
    del cpu_seconds
    waits = samples.waiting(_waits(workload, items), workers)
    return max(waits, samples.carrying(workload.size * len(items), bandwidth))


@limit.register
def _(
    workload: Mixed, items: Sequence[Item], workers: int, cpu_seconds: float, bandwidth: float | None
) -> float | None:
    del cpu_seconds  # that of looking up the expected answers, which here are the download's
    whole = [wait + workload.cpu_seconds for wait in _waits(workload.fetch, items)]
    computing = samples.computing(workload.cpu_seconds * len(items), workers, machine.usable_cpus())
    carrying = samples.carrying(workload.fetch.size * len(items), bandwidth)
    return max(samples.waiting(whole, workers), computing, carrying)


@singledispatch
def cpu_seconds(workload: object) -> float:
    """Return the CPU time that one item may take, seconds: guessed high, for a time-out and never for a figure."""
    del workload
    return UNKNOWN_SECONDS


@cpu_seconds.register
def _(workload: Compute) -> float:
    return workload.n * STEP_SECONDS


@cpu_seconds.register
def _(workload: Carry) -> float:
    return workload.cpu_seconds


def _waits(workload: Fetch, items: Sequence[Item]) -> list[float]:
    service = _service(workload)
    return [service.seconds(item) for item in items]


def _service(workload: Fetch) -> Service:
    return Service.parse(urlsplit(workload.url).query)


@dataclass
class Cell:
    """What an experiment gets back, and what a saved run keeps of it beside pytest-benchmark's own figures.

    `median`, `efficiency` and `overhead` are None when nothing was timed (`--benchmark-disable`, plain `pytest`).
    Times in seconds; `cpu_seconds` and `context_switches` are per round. `process` says which of the fresh processes
    measured it, from 1; None is the session's own. `added` holds what a paired or watched cell has beside these.
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
    sessions: int | None = None
    process: int | None = None
    warnings: list[str] = field(default_factory=list)
    added: dict[str, Any] = field(default_factory=dict)


def described(experiment: str, strategy: Strategy, items: Sequence[Item]) -> Cell:
    """Begin a cell with what is known before it is measured."""
    figures = workload_facts(strategy.workload, strategy.flavour)
    return Cell(
        experiment=experiment,
        strategy=strategy.name,
        options=strategy.options,
        workload=type(strategy.workload).__name__,
        client=figures.get("client"),
        kernel=figures.get("kernel"),
        items=len(items),
        workers=strategy.workers,
        latency=figures.get("latency"),
        size=figures.get("size"),
        share=figures.get("share"),
    )


def saved(cell: Cell) -> dict[str, Any]:
    """Return what a saved run keeps: the median is pytest-benchmark's own to save."""
    figures = asdict(cell)
    added = figures.pop("added")
    del figures["median"]
    return {**added, **figures}


MOST_SERVER_SHARE = 0.5  # of a core: beyond it the server may be what is measured


def add(cell: Cell, times: Sequence[float], rounds: Rounds, workers_used: Usage, *, unproven: bool) -> None:
    """Add the figures of a cell's rounds.

    Args:
        cell: with its limit.
        times: seconds of each timed round, shape (n,).
        rounds: what was taken beside them.
        workers_used: by all worker processes, the warm-up round as well.
        unproven: there was a server, and it keeps no ledger.
    """
    median = statistics.median(times)
    cell.median = median
    cell.efficiency = samples.efficiency(cell.limit, median)
    cell.overhead = samples.overhead(cell.limit, median, cell.items)
    calls = len(rounds.used)  # the warm-up round as well, and the one under `--benchmark-cprofile`
    timed = slice(1, 1 + len(times))
    own = sum(rounds.used[timed], Usage())
    cell.cpu_seconds = own.cpu_seconds / len(times) + workers_used.cpu_seconds / calls
    cell.context_switches = round(own.context_switches / len(times) + workers_used.context_switches / calls)
    ledgers = [ledger for ledger in rounds.ledgers[timed] if ledger]
    if ledgers:
        cell.ledger = asdict(ledgers[_middle(times)])
        cell.server_share = statistics.median(
            ledger.cpu_seconds / seconds for ledger, seconds in zip(ledgers, times, strict=True)
        )
    cell.warnings = [*doubts_here(), *_warnings(cell, times, unproven=unproven)]


def doubts_here() -> list[str]:
    """Return the doubts that what else is on in this process casts on every figure, each beginning with its mark."""
    on = tracers.running()
    return [f"tracer: {tracers.doubt(on)}"] if on else []


def of_pairs(loops: Sequence[float], times: Sequence[float]) -> dict[str, float]:
    """Compare each round with the plain loop right before it.

    Args:
        loops: seconds, shape (n,).
        times: seconds of each round, shape (n,).

    Returns:
        loop_seconds: the median loop; speedup_over_loop: the median over the pairs of loop / round.
    """
    ratios = [loop / seconds for loop, seconds in zip(loops, times, strict=True)]
    return {"loop_seconds": statistics.median(loops), "speedup_over_loop": statistics.median(ratios)}


def _middle(times: Sequence[float]) -> int:
    """The index of the round whose time is the (lower) median."""
    return list(times).index(statistics.median_low(times))


def _warnings(cell: Cell, times: Sequence[float], *, unproven: bool) -> Iterator[str]:
    """The doubts that travel with a figure; each begins with the mark that stands beside it."""
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
