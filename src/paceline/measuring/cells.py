"""A measured cell: what it is of, its figures, and the doubts that go with them."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

from paceline import machine
from paceline.contracts import Flavour, Item
from paceline.measuring import gil
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


def workload_facts(workload: object, flavour: Flavour) -> dict[str, Any]:
    """Return what tells a workload's cells apart: client, kernel, steps ...; nothing of a foreign workload."""
    match workload:
        case Compute():
            return {"kernel": workload.kernel, "n": workload.n}
        case Call():
            return {"function": workload.function}
        case Carry():
            return {"size": workload.size, "item_cpu_seconds": workload.cpu_seconds, "steps": workload.steps}
        case Fetch():
            client = workload.client_for(flavour)
            return {"client": client, "latency": _service(workload).latency, "size": workload.size}
        case Mixed():
            download = workload_facts(workload.fetch, flavour)
            whole = download["latency"] + workload.cpu_seconds
            return {**download, "share": workload.cpu_seconds / whole if whole else 0.0}
    return {}


def limit(
    workload: object, items: Sequence[Item], workers: int, cpu_seconds: float, bandwidth: float | None
) -> float | None:
    """Return the least time in which a workload could be done for all items, seconds.

    `cpu_seconds` is what one worker took to find the expected answers of all items, `bandwidth` that of the
    instrument's link, bytes per second. It is None where nothing known bounds the work.
    """
    cpus = machine.usable_cpus()
    match workload:
        case Compute() | Carry():
            return samples.computing(cpu_seconds, workers, cpus)
        case Fetch():
            waiting = samples.waiting(_waits(workload, items), workers)
            return max(waiting, samples.carrying(workload.size * len(items), bandwidth))
        case Mixed():  # whose expected answers are the download's: finding them says nothing of the computing
            waiting = samples.waiting([wait + workload.cpu_seconds for wait in _waits(workload.fetch, items)], workers)
            computing = samples.computing(workload.cpu_seconds * len(items), workers, cpus)
            return max(waiting, computing, samples.carrying(workload.fetch.size * len(items), bandwidth))
    return None


def cpu_seconds(workload: object) -> float:
    """Return the CPU time that one item may take, seconds: guessed high, for a time-out and never for a figure."""
    match workload:
        case Compute():
            return workload.n * STEP_SECONDS
        case Carry():
            return workload.cpu_seconds
    return UNKNOWN_SECONDS


def _waits(workload: Fetch, items: Sequence[Item]) -> list[float]:
    service = _service(workload)
    return [service.seconds(item) for item in items]


def _service(workload: Fetch) -> Service:
    return Service.parse(urlsplit(workload.url).query)


@dataclass
class Cell:
    """What an experiment gets back, and what a saved run keeps of it beside pytest-benchmark's own figures.

    `median`, `efficiency` and `overhead` are None when nothing was timed (`--benchmark-disable`, plain `pytest`).
    Times in seconds; `cpu_seconds` and `context_switches` are per round. `process` says which of the new processes
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
    facts = workload_facts(strategy.workload, strategy.flavour)
    known: dict[str, Any] = {name: facts.get(name) for name in ("client", "kernel", "latency", "size", "share")}
    return Cell(
        experiment=experiment,
        strategy=strategy.name,
        options=strategy.options,
        workload=type(strategy.workload).__name__,
        items=len(items),
        workers=strategy.workers,
        **known,
    )


def saved(cell: Cell) -> dict[str, Any]:
    """Return what a saved run keeps: the median is pytest-benchmark's own to save."""
    known = asdict(cell)
    del known["median"]
    return {**known.pop("added"), **known}


MOST_SERVER_SHARE = 0.5  # of a core: beyond it the server may be what is measured


def add(
    cell: Cell,
    times: Sequence[float],
    rounds: Rounds,
    workers_used: Usage,
    *,
    unproven: bool,
    modules: Sequence[str] = (),
) -> None:
    """Add the figures of a cell's rounds to it.

    Args:
        cell: with its limit.
        times: seconds of each timed round, shape (n,).
        rounds: what was taken beside them.
        workers_used: by all worker processes, the warm-up round as well.
        unproven: there was a server, and it keeps no ledger.
        modules: the compiled ones of a worker in which one of them switched the GIL on.
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
    cell.warnings = [*doubts_here(modules), *_warnings(cell, times, unproven=unproven)]


def doubts_here(modules: Sequence[str] = ()) -> list[str]:
    """Return the doubts that this process casts on every figure, each beginning with its mark.

    Args:
        modules: as for `add`.
    """
    on, switched = tracers.running(), gil.doubt(modules)
    return [*([f"tracer: {tracers.doubt(on)}"] if on else []), *([f"gil: {switched}"] if switched else [])]


def of_pairs(loops: Sequence[float], times: Sequence[float]) -> dict[str, float]:
    """Compare each round with the plain loop right before it, both in seconds.

    Returns:
        loop_seconds: the median loop; speedup_over_loop: the median over the pairs of loop / round.
    """
    ratios = [loop / seconds for loop, seconds in zip(loops, times, strict=True)]
    return {"loop_seconds": statistics.median(loops), "speedup_over_loop": statistics.median(ratios)}


def _middle(times: Sequence[float]) -> int:
    """Return the index of the round whose time is the (lower) median."""
    return list(times).index(statistics.median_low(times))


def _warnings(cell: Cell, times: Sequence[float], *, unproven: bool) -> Iterator[str]:
    """Yield the doubts that travel with a figure; each begins with the mark that stands beside it."""
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
