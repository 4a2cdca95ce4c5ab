"""The figures that a cell's rounds come to, and the doubts that travel with them."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from paceline.measuring.cell import Cell
from paceline.measuring.rounds import Rounds
from paceline.stats import limits
from paceline.stats.samples import is_noisy, spread
from paceline.workers import tracers
from paceline.workers.metered import Usage

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
    cell.efficiency = limits.efficiency(cell.limit, median)
    cell.overhead = limits.overhead(cell.limit, median, cell.items)
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
