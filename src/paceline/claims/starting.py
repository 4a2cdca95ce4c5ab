"""The claim about starting workers: against threads, and against the clock."""

from collections.abc import Iterator, Sequence

from paceline.claims.counts import present
from paceline.claims.evidence import Evidence, Replicate, added, median, ratios, values
from paceline.claims.finding import Figure, Finding, Part, combine
from paceline.claims.judging import above, figure

METHODS = {"pool-fork": "fork", "pool-forkserver": "forkserver", "pool-spawn": "spawn"}
BESIDE = ("processes", "interpreters", "asyncio")
"""Other ways to have workers, whose figures a reader wants beside those that decide."""

ENGINES = ("loky", "trio", "gevent", "dask", "ray")
"""The same, of libraries that not everybody has: where they were measured."""

MANY = 8
LONGER_TO_START = 2.0
NOTICED = 0.1

_FIRST = next(iter(METHODS))


def start_cost(evidence: Evidence) -> Finding:
    """Judge each start method twice: against threads, and against the clock.

    "A lot" is no number. Beside threads anything is a lot; what starts in less time than a person notices is not.
    """
    longer = [longer_to_start(evidence, strategy) for strategy in METHODS]
    return combine([*longer, *(_noticed(evidence, strategy) for strategy in METHODS)], _unstarted(evidence))


def longer_to_start(evidence: Evidence, strategy: str) -> Part:
    """Judge whether the workers of a strategy take longer to start than as many threads."""
    ready, threads = (starting(evidence, each) for each in (strategy, "threads"))
    with_threads = strategy == _FIRST  # once is enough for a reader
    return above(
        f"{MANY} processes by {METHODS[strategy]} take longer to start than {MANY} threads",
        figure(f"{strategy}: time until all are ready / that of threads", ratios(ready, threads, median)),
        LONGER_TO_START,
        "less than twice the time of a thread would be a matter of this machine and day, not of what processes are",
        "starting",
        beside=present([*_in_seconds(strategy, ready), *(_in_seconds("threads", threads) if with_threads else ())]),
    )


def _noticed(evidence: Evidence, strategy: str) -> Part:
    others = (
        figure(f"{other}: time until {MANY} are ready", values(cells, median), "s")
        for other in (*BESIDE, *ENGINES)
        if (cells := starting(evidence, other))
    )
    return above(
        f"creating {MANY} processes by {METHODS[strategy]} costs a lot",
        figure(f"{strategy}: time until {MANY} are ready", values(starting(evidence, strategy), median), "s"),
        NOTICED,
        "a wait below a tenth of a second seems to be none (R. B. Miller, Response Time in Man-Computer Conversational "
        "Transactions, 1968)",
        "starting",
        beside=list(others) if strategy == _FIRST else [],
    )


def starting(evidence: Evidence, strategy: str) -> list[Replicate]:
    """Find the cells in which many workers of a strategy were started; their time is that until all are ready."""
    return evidence.cells("starting", "test_starting", strategy=strategy, workers=MANY)


def _in_seconds(strategy: str, cells: Sequence[Replicate]) -> Iterator[Figure]:
    yield figure(f"{strategy}: time until {MANY} are ready", values(cells, median), "s")
    for name, what in (
        ("cold_first_seconds", "time until the first is ready"),
        ("cold_item_seconds", "time until the first item is done"),
        ("warm_ready_seconds", f"time until {MANY} are ready, started once more"),
    ):
        yield figure(f"{strategy}: {what}", values(cells, added(name)), "s")
    yield figure(f"{strategy}: time until {MANY} are gone", values(cells, lambda cell: cell.stop_seconds), "s")


def _unstarted(evidence: Evidence) -> list[str]:
    lacking = [strategy for strategy in BESIDE if not starting(evidence, strategy)]
    return [f"missing: no figures of {', '.join(lacking)}"] if lacking else []
