"""Claims about what workers cost: to start, in memory, on which system, and what is the lighter way."""

import math
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise

from paceline.claims import judging
from paceline.claims.evidence import Evidence, Replicate, Sample, added, common, median, quotient, ratios, values
from paceline.claims.judging import Figure, Finding, Part, claim, combine, figure, present
from paceline.history import Run

METHODS = {"pool-fork": "fork", "pool-forkserver": "forkserver", "pool-spawn": "spawn"}
BESIDE = ("processes", "interpreters", "asyncio")
"""Other ways to have workers, whose figures a reader wants beside those that decide."""

ENGINES = ("loky", "trio", "gevent", "dask", "ray")
"""The same, of libraries that not everybody has: where they were measured."""

MANY = 8
LONGER_TO_START = 2.0
NOTICED = 0.1

_FIRST = next(iter(METHODS))


@claim("start-cost", "Creating processes costs a lot; starting them takes longer than starting threads", "starting")
def start_cost(evidence: Evidence) -> Finding:
    """Judge each start method twice: against threads, and against the clock.

    "A lot" is no number. Beside threads anything is a lot; what starts in less time than a person notices is not.
    """
    parts = [judge(evidence, strategy) for judge in (_longer_to_start, _noticed) for strategy in METHODS]
    return combine(parts, judging.unmeasured([strategy for strategy in BESIDE if not _starting(evidence, strategy)]))


def _longer_to_start(evidence: Evidence, strategy: str) -> Part:
    ready, threads = (_starting(evidence, each) for each in (strategy, "threads"))
    with_threads = strategy == _FIRST  # once is enough for a reader
    return judging.above(
        f"{MANY} processes by {METHODS[strategy]} take longer to start than {MANY} threads",
        figure(f"{strategy}: time until all are ready / that of threads", ratios(ready, threads, median)),
        LONGER_TO_START,
        "less than twice the time of a thread would be a matter of this machine and day, not of what processes are",
        "starting",
        beside=present([*_in_seconds(strategy, ready), *(_in_seconds("threads", threads) if with_threads else ())]),
    )


def _noticed(evidence: Evidence, strategy: str) -> Part:
    others = [_ready(other, cells) for other in (*BESIDE, *ENGINES) if (cells := _starting(evidence, other))]
    return judging.above(
        f"creating {MANY} processes by {METHODS[strategy]} costs a lot",
        _ready(strategy, _starting(evidence, strategy)),
        NOTICED,
        "a wait below a tenth of a second seems to be none (R. B. Miller, Response Time in Man-Computer Conversational "
        "Transactions, 1968)",
        "starting",
        beside=others if strategy == _FIRST else [],
    )


def _starting(evidence: Evidence, strategy: str) -> list[Replicate]:
    """Find the cells in which many workers of a strategy were started; their time is that until all are ready."""
    return evidence.cells("starting", "test_starting", strategy=strategy, workers=MANY)


def _ready(strategy: str, cells: Sequence[Replicate]) -> Figure:
    return figure(f"{strategy}: time until {MANY} are ready", values(cells, median), "s")


def _in_seconds(strategy: str, cells: Sequence[Replicate]) -> Iterator[Figure]:
    yield _ready(strategy, cells)
    for name, what in (
        ("cold_first_seconds", "time until the first is ready"),
        ("cold_item_seconds", "time until the first item is done"),
        ("warm_ready_seconds", f"time until {MANY} are ready, started once more"),
    ):
        yield figure(f"{strategy}: {what}", values(cells, name), "s")
    yield figure(f"{strategy}: time until {MANY} are gone", values(cells, lambda cell: cell.stop_seconds), "s")


HALF = 2.0
"""What is light costs half as much or less, at an item as at the start."""

AS_GOOD = 1.05
"""The overhead of processes shows where they take longer than threads by more than this, and is lost elsewhere."""

_SHORT, _LONG = 10e-6, 100e-3
_PAYLOADS = {0: "no payload", 64 * 2**10: "64 KiB in and out", 2**20: "1024 KiB in and out"}


@claim("threads-light", "Threads are the lightweight way round the overhead of processes", "starting", "break_even")
def threads_light(evidence: Evidence) -> Finding:
    """Judge by the overhead of the lightest processes there are, forked ones: at the start, and at each item.

    If it is overhead that makes processes slow, it shows at short items and is lost in long ones. That threads may then
    be the slower ones, since the GIL lets one at a time compute, is another claim's; where that begins stands beside.
    """
    return combine([_longer_to_start(evidence, "pool-fork"), _lighter_per_item(evidence), _caught_up(evidence)])


def _lighter_per_item(evidence: Evidence) -> Part:
    processes, threads = _break_even(evidence, _SHORT)
    return judging.above(
        "at items of 10 us, threads take half the time of processes that are there already",
        figure("pool-fork: time / that of threads, items of 10 us", ratios(processes, threads, median)),
        HALF,
        "light is who costs half as much or less, at an item as at the start",
        "break_even",
        beside=present(
            figure(f"{strategy}: time per item of 10 us", values(cells, lambda cell: cell.median / cell.items), "s")
            for strategy, cells in (("pool-fork", processes), ("threads", threads))
        ),
    )


def _caught_up(evidence: Evidence) -> Part:
    processes, threads = _break_even(evidence, _LONG)
    return judging.below(
        "at items of 100 ms, the overhead of processes no longer shows",
        figure("pool-fork: time / that of threads, items of 100 ms", ratios(processes, threads, median)),
        AS_GOOD,
        "within 5 % of each other two strategies are as good as the same, as in a race",
        "break_even",
        beside=present(
            figure(f"length of an item from which processes are faster, {payload}", _crossing(evidence, size), "s")
            for size, payload in _PAYLOADS.items()
        ),
    )


def _break_even(evidence: Evidence, seconds: float) -> list[list[Replicate]]:
    """Find the cells of items without payload, of a pool and of threads; those measured to decide, where there are."""
    return [
        _items(evidence, "test_short_and_long", strategy, seconds, 0)
        or _items(evidence, "test_break_even", strategy, seconds, 0)
        for strategy in ("pool-fork", "threads")
    ]


def _items(evidence: Evidence, function: str, strategy: str, seconds: float, size: int) -> list[Replicate]:
    return evidence.cells("break_even", function, strategy=strategy, item_cpu_seconds=seconds, size=size)


def _crossing(evidence: Evidence, size: int) -> Sample:
    """Return the length of an item at which a pool catches up with threads, between two lengths on log scales."""
    found = evidence.cells("break_even", "test_break_even", strategy="pool-fork", size=size)
    lengths = sorted(seconds for seconds in {added("item_cpu_seconds")(one.cell) for one in found} if seconds)
    pool, threads = (
        {seconds: _items(evidence, "test_break_even", strategy, seconds, size) for seconds in lengths}
        for strategy in ("pool-fork", "threads")
    )
    curves = {seconds: ratios(pool[seconds], threads[seconds], median).values for seconds in lengths}
    keys = sorted({key for curve in curves.values() for key in curve})
    met = {key: _first_crossing([(at, curve[key]) for at, curve in curves.items() if key in curve]) for key in keys}
    known = {key: at for key, at in met.items() if at is not None}
    never = f"no crossing: in {len(keys) - len(known)} of {len(keys)} processes the two do not change places"
    return Sample(known, (never,) if len(known) < len(keys) else ())


def _first_crossing(curve: Sequence[tuple[float, float]]) -> float | None:
    for (short, slower), (long, faster) in pairwise(curve):
        if slower > 1 >= faster:
            way = math.log(slower) / (math.log(slower) - math.log(faster))
            return math.exp(math.log(short) + way * (math.log(long) - math.log(short)))
    return None


ANOTHER_SYSTEM = 1.25

Reader = Callable[[Evidence], Sample]
"""Reads what two systems are compared by."""

_BECAUSE_SYSTEMS = "apart by less than a quarter, either way, two days of one system may be as well"


@claim("os-differs", "Process start and scheduling differ between operating systems", "starting", "computing")
def os_differs(evidence: Evidence) -> Finding:
    """Judge by runs of two systems on the same machine with the same Python.

    Another machine or Python starts processes at another speed whatever its system is, so such runs are given and not
    judged. Spawned processes decide, as every system has them; the others stand beside.
    """
    there = _elsewhere(evidence)
    starts: dict[str, Reader] = {
        f"time until {MANY} processes by {METHODS[strategy]} are ready": partial(_time_to_start, strategy)
        for strategy in ("pool-spawn", "pool-fork", "pool-forkserver")
    }
    scheduling: dict[str, Reader] = {"context switches of a pool per item of computing": _switches}
    return combine(
        [
            _differs("processes start at another speed on another system", evidence, there, "starting", starts),
            _differs("processes are scheduled otherwise on another system", evidence, there, "computing", scheduling),
        ]
    )


def _differs(part: str, here: Evidence, there: Evidence | None, run: str, by: Mapping[str, Reader]) -> Part:
    stated = f"above {judging.margin_text(ANOTHER_SYSTEM, 'x')}: {_BECAUSE_SYSTEMS}"
    if there is None:
        return judging.undecided(
            part, stated, f"the same run on another system, given beside this one: {judging.command(run)}"
        )
    decides, *others = (_apart(what, read, here, there) for what, read in by.items())
    beside = present(others)
    if unlike := _unlike(here.first, there.first):
        lacking = f"runs of two systems that do not differ in {' and '.join(unlike)} too"
        return judging.undecided(part, stated, lacking, [decides, *beside])
    return judging.above(part, decides, ANOTHER_SYSTEM, _BECAUSE_SYSTEMS, run, beside=beside)


def _apart(what: str, read: Reader, here: Evidence, there: Evidence) -> Figure:
    """Return how many times as much the system with more has; processes of two runs are paired as they come."""
    more, less = (here, read(here)), (there, read(there))
    if figure("", quotient(more[1], less[1])).value < 1:
        more, less = less, more
    return figure(f"{what}: {more[0].system} / {less[0].system}", quotient(more[1], less[1]))


def _elsewhere(evidence: Evidence) -> Evidence | None:
    """Find the run of another system that is most like the first in all else."""
    systems = (evidence.system, None)
    others = [run for run in evidence.elsewhere if run.machine_info.get("system") not in systems]
    if evidence.system is None or not others:
        return None
    nearest = min(others, key=lambda run: len(_unlike(evidence.first, run)))
    return Evidence([nearest, *(run for run in others if run is not nearest)])


def _time_to_start(strategy: str, side: Evidence) -> Sample:
    return values(_starting(side, strategy), median)


def _unlike(here: Run, there: Run) -> list[str]:
    alike: dict[str, Callable[[Run], object]] = {"CPU": lambda run: run.machine_info.get("cpu"), "Python": _version}
    return [name for name, of in alike.items() if of(here) != of(there)]


def _version(run: Run) -> tuple[str, bool]:
    feature = ".".join(run.python.split(".")[:2])  # "CPython 3.11": patch releases do not start processes otherwise
    return feature, bool(run.machine_info.get("free_threaded"))


def _switches(side: Evidence) -> Sample:
    cells = side.cells("computing", "test_computing", strategy="pool-fork", kernel="squares")
    return values(cells, lambda cell: None if cell.context_switches is None else cell.context_switches / cell.items)


MORE_MEMORY = 2.0**20

_SWEEP = 3


@claim("memory-cost", "Processes need more memory than threads", "memory")
def memory_cost(evidence: Evidence) -> Finding:
    """Judge by the memory that one more worker takes: the slope of the tree's memory over 1, 2, 4 and 8 workers.

    The difference of two slopes decides, not their ratio: a thread takes so little that its slope may be nil or below,
    and a ratio to that says nothing.
    """
    return combine([_more_memory(evidence, strategy) for strategy in METHODS], _without_pss(evidence))


def _more_memory(evidence: Evidence, strategy: str) -> Part:
    others = (*BESIDE, *ENGINES) if strategy == _FIRST else ()
    slopes = {each: memory_of_one_more(evidence, each) for each in (strategy, "threads", *others)}
    more = _difference(slopes[strategy], slopes["threads"])
    return judging.above(
        f"a process by {METHODS[strategy]} needs more memory than a thread",
        figure(f"{strategy}: memory of one more worker, less that of a thread", more, "bytes"),
        MORE_MEMORY,
        "that is 1 MiB: with less, a hundred workers would differ by less than a small program needs to run at all",
        "memory",
        beside=present(figure(f"{each}: memory of one more worker", slope, "bytes") for each, slope in slopes.items()),
    )


def memory_of_one_more(evidence: Evidence, strategy: str) -> Sample:
    """Return the least-squares slope of memory over workers, of each process that measured all of the sweep."""
    by_workers = {
        workers: values(
            evidence.cells("memory", "test_memory", strategy=strategy, workers=workers), lambda cell: cell.memory
        )
        for workers in evidence.workers("memory", "test_memory", strategy=strategy)
    }
    doubts = tuple(dict.fromkeys(doubt for sample in by_workers.values() for doubt in sample.warnings))
    if len(by_workers) < _SWEEP:
        return Sample({}, doubts)
    sizes = {key: [sample.values[key] for sample in by_workers.values()] for key in common(by_workers.values())}
    slopes = {key: statistics.linear_regression(list(by_workers), each).slope for key, each in sizes.items()}
    return Sample(slopes, doubts)


def _difference(left: Sample, right: Sample) -> Sample:
    doubts = dict.fromkeys([*left.warnings, *right.warnings])
    return Sample({key: left.values[key] - right.values[key] for key in common([left, right])}, tuple(doubts))


def _without_pss(evidence: Evidence) -> list[str]:
    found = evidence.cells("memory", "test_memory")
    if all(added("pss_bytes")(one.cell) is not None for one in found):
        return []
    return ["USS: this system does not share out what processes share, so each worker is counted without it"]
