"""Claims about what processes have of their own, what they share, and what a pool does by itself."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from paceline.claims.evidence import Evidence, Replicate, Sample, added, counted, median, ratios, values
from paceline.claims.judging import (
    LEAST_PROCESSES,
    Claim,
    Figure,
    Finding,
    Part,
    always,
    checked,
    combine,
    command,
    figure,
    untold,
)
from paceline.claims.measures import PROCESSES, equal, present, same
from paceline.history import Cell

COUNTERS_OF_THREADS = ("Value", "attribute", "attribute += 1")

_TWO_CPUS = 2
_BECAUSE = "in one process at least, an update is lost: one shows the race, and it takes no more than luck to lose none"


def locks_needed(evidence: Evidence) -> Finding:
    """Judge by the updates lost in memory that processes share.

    The claim is made of such memory, so the threads decide nothing: what they lose depends on where the GIL may change
    hands, which the language promises nowhere. Their figures stand beside, and a warning where they lose none.
    """
    return combine([_raced(evidence), _guarded(evidence)], _lucky(evidence))


def _raced(evidence: Evidence) -> Part:
    part = "without a lock, memory that processes share is raced"
    bare = _counters(evidence, "processes", "without lock")
    lost = values(bare, added("lost_updates"))
    raced = any(lost.values.values())
    figures = [_lost("processes without lock", bare), *_beside(evidence)]
    if not raced and len(lost) < LEAST_PROCESSES:
        return untold(part, _BECAUSE, command("locks"), figures)
    if not raced and evidence.cpus is not None and evidence.cpus < _TWO_CPUS:
        return untold(part, _BECAUSE, "a machine with two usable CPUs or more: on one, workers take turns", figures)
    return replace(always(part, [raced] * len(lost), _BECAUSE, "locks", figures), margin=_BECAUSE)


def _guarded(evidence: Evidence) -> Part:
    bare, locked = (_counters(evidence, "processes", lock) for lock in ("without lock", "with lock"))
    lost = values(locked, added("lost_updates"))
    cost = ratios(locked, bare, added("seconds_per_update"))
    return always(
        "with a lock, memory that processes share is not raced",
        checked(lost, lambda updates: updates == 0),
        "no update is lost: a lock that loses one is none",
        "locks",
        [
            figure("processes with lock: updates lost", lost, "count"),
            *present(
                [
                    figure("processes: time of an update with lock / without", cost),
                    figure("processes with lock: time of an update", _seconds(locked), "s"),
                    figure("processes without lock: time of an update", _seconds(bare), "s"),
                ]
            ),
        ],
    )


def _beside(evidence: Evidence) -> list[Figure]:
    each = _lost("processes, each access locked", _counters(evidence, "processes", "each access locked"))
    return present([each, *_of_threads(evidence)])


def _of_threads(evidence: Evidence) -> Iterator[Figure]:
    for counter in COUNTERS_OF_THREADS:
        yield _lost(f"threads without lock, {counter}", _counters(evidence, "threads", "without lock", counter))


def _lucky(evidence: Evidence) -> list[str]:
    return [
        f"no promise: {one.what}: none here, which is how this Python happens to work"
        for one in _of_threads(evidence)
        if one.processes and not any(one.values)
    ]


def _lost(who: str, cells: Sequence[Replicate]) -> Figure:
    return figure(f"{who}: updates lost", values(cells, added("lost_share")), "share")


def _seconds(cells: Sequence[Replicate]) -> Sample:
    return values(cells, added("seconds_per_update"))


def _counters(evidence: Evidence, strategy: str, lock: str, counter: str = "Value") -> list[Replicate]:
    return evidence.cells("locks", strategy=strategy, lock=lock, counter=counter)


CONSTRUCTS = (
    "queue",
    "simple-queue",
    "pipe",
    "value",
    "array",
    "shared-memory",
    "manager-queue",
    "interpreter-queue",
    "thread-queue",
)
LARGE = 64 * 2**20


def no_sharing(evidence: Evidence) -> Finding:
    """Judge by what the parent sees of a child's change: in an ordinary list, and in a block of shared memory.

    `Value` and `Array` are themselves memory that processes share, as `SharedMemory` is. So "no memory at all" is a
    statement of its own; what each construct carries stands beside it.
    """
    return combine([_no_objects(evidence), _no_memory(evidence)], _unmeasured(evidence))


def _no_objects(evidence: Evidence) -> Part:
    seen = _seen(evidence, "global-list")
    return always(
        "processes share no ordinary objects",
        checked(seen, lambda changes: changes == 0),
        "what a process appends to a module's list, its parent never sees",
        "talking",
        [figure("changes of a module's list that the parent saw", seen, "count")],
    )


def _no_memory(evidence: Evidence) -> Part:
    seen = _seen(evidence, "shared-memory")
    return always(
        "processes share no memory at all, so they have to talk",
        checked(seen, lambda changes: changes == 0),
        "what a process writes into a SharedMemory block, its parent does not find there",
        "talking",
        [
            figure("changes of a SharedMemory block that the parent saw", seen, "count"),
            *(one for construct in CONSTRUCTS for one in _carried(evidence, construct)),
        ],
    )


def _seen(evidence: Evidence, strategy: str) -> Sample:
    return values(evidence.cells("talking", "test_ordinary_objects", strategy=strategy), added("seen_by_parent"))


def _carried(evidence: Evidence, construct: str) -> Iterator[Figure]:
    cells = evidence.cells("talking", "test_round_trips", strategy=construct)
    if small := _smallest(cells):
        yield figure(f"{construct}: round trip of {small[0].cell.size} bytes", values(small, median), "s")
    if large := [one for one in cells if one.cell.size == LARGE]:
        yield figure(f"{construct}: payload of 64 MiB, both ways", values(large, added("bytes_per_second")), "bytes/s")


def _smallest(cells: Sequence[Replicate]) -> list[Replicate]:
    least = min((one.cell.size for one in cells if one.cell.size is not None), default=None)
    return [one for one in cells if least is not None and one.cell.size == least]


def _unmeasured(evidence: Evidence) -> list[str]:
    lacking = [each for each in CONSTRUCTS if not evidence.cells("talking", "test_round_trips", strategy=each)]
    return [f"missing: no figures of {', '.join(lacking)}"] if lacking else []


_SIZE = added("default_workers")


def default_size(evidence: Evidence) -> Finding:
    """Judge by the processes of a pool that is told no number: with all CPUs, with one, and under a quota if there is
    any.
    """
    every, one = (_pools(evidence, affinity) for affinity in ("all CPUs", "one CPU"))
    limited = [replicate for replicate in every if _has_quota(replicate.cell)]
    parts = [_per_cpu_online(every), _per_cpu_usable(one)]
    if limited:
        return combine([*parts, _per_cpu_paid(limited)])
    return combine(parts, ["no quota: nothing here limits the CPU time, so nobody saw what a pool makes of that"])


def initializer_once(evidence: Evidence) -> Finding:
    """Judge by counting the calls: where workers stay, and where they are replaced."""
    return combine([_initialized(evidence, replaced) for replaced in ("never", "after 5 items")])


def _per_cpu_online(cells: Sequence[Replicate]) -> Part:
    part, because = "a pool has one process per CPU of the machine", "as many processes as CPUs online"
    size, online, usable = (values(cells, what) for what in (_SIZE, added("cpus_online"), added("cpus_usable")))
    figures = [
        figure("processes of a pool that is told no number", size, "count"),
        figure("CPUs online", online, "count"),
    ]
    checks = equal(size, online)
    if any(not as_many and usable.values.get(key, 0) < online.values[key] for key, as_many in checks.items()):
        missing = "a session that may use every CPU of the machine: this one may not, and its pools may go by that"
        return untold(part, f"in every process: {because}", missing, figures)
    return always(part, checks, because, "pools", figures)


def _per_cpu_usable(cells: Sequence[Replicate]) -> Part:
    return same(
        "a pool that may use one CPU has one process",
        cells,
        ("processes of a pool that may use one CPU", _SIZE),
        ("CPUs that it may use", added("cpus_usable")),
        "as many processes as CPUs that it may use, as more of them could only take turns",
        "pools",
    )


def _per_cpu_paid(cells: Sequence[Replicate]) -> Part:
    return same(
        "a pool under a quota has one process per CPU that the quota pays for",
        cells,
        ("processes of a pool under a quota", _SIZE),
        ("CPUs that the quota keeps busy all the time", _paid),
        "as many processes as CPUs that the quota pays for, as more of them could only take turns",
        "pools",
    )


def _initialized(evidence: Evidence, replaced: str) -> Part:
    cells = evidence.cells("pools", "test_initializer", strategy="pool-fork", replaced=replaced)
    names = ("most_calls_in_one_process", "initializer_calls", "workers_started")
    most, calls, started = (values(cells, added(name)) for name in names)
    once, none_without = checked(most, lambda count: count == 1), equal(calls, started)
    return always(
        f"workers replaced {replaced}: the initializer runs once per process",
        {key: once[key] and none_without[key] for key in once.keys() & none_without.keys()},
        "one call in the process with the most, and as many calls as processes were started, so that none goes without",
        "pools",
        [
            figure(f"replaced {replaced}: most calls in one process", most, "count"),
            figure(f"replaced {replaced}: calls", calls, "count"),
            figure(f"replaced {replaced}: processes started", started, "count"),
        ],
    )


def _pools(evidence: Evidence, affinity: str) -> list[Replicate]:
    return evidence.cells("pools", "test_default_size", strategy="pool-fork", affinity=affinity)


def _has_quota(cell: Cell) -> bool:
    quota, usable = added("cpus_quota")(cell), added("cpus_usable")(cell)
    return quota is not None and usable is not None and quota < usable


def _paid(cell: Cell) -> float | None:
    quota = added("cpus_quota")(cell)
    return None if quota is None else float(max(1, int(quota)))


def own_session(evidence: Evidence) -> Finding:
    """Judge by two witnesses: the workers count the sessions that they open, the server counts connections."""
    return combine([*(part for strategy in PROCESSES for part in _own(evidence, strategy)), _needed(evidence)])


def _needed(evidence: Evidence) -> Part:
    """What becomes of a session that several processes were given."""
    failed = values(evidence.cells("sessions", opened="before the fork"), added("failed_downloads"))
    own = values(evidence.cells("sessions", opened="in each process"), added("failed_downloads"))
    return always(
        "a session that was opened before the fork fails its processes",
        checked(failed, lambda downloads: downloads > 0),
        "a download is lost or comes back wrong: else one session would do",
        "sessions",
        [
            figure("one session for all: failed downloads", failed, "count"),
            *present([figure("a session each: failed downloads", own, "count")]),
        ],
    )


def _own(evidence: Evidence, strategy: str) -> Iterator[Part]:
    cells = evidence.cells("downloads", "test_downloads", strategy=strategy, client="requests")
    processes = (f"{strategy}: processes", _processes)
    yield same(
        f"{strategy}: each process opens a session of its own",
        cells,
        (f"{strategy}: sessions opened", lambda cell: cell.sessions),
        processes,
        "as many sessions are opened as there are processes: with fewer some would share one",
        "downloads",
    )
    yield same(
        f"{strategy}: no two processes share a connection",
        cells,
        (f"{strategy}: connections that the server saw", counted("connections")),
        processes,
        "the server, which knows nothing of sessions, sees as many connections as there are processes",
        "downloads",
    )


def _processes(cell: Cell) -> float:
    return float(cell.workers)


CLAIMS: tuple[Claim, ...] = (
    Claim("own-session", "Each process needs its own session", ("downloads", "sessions"), own_session),
    Claim("default-size", "A pool has one process per CPU unless told otherwise", ("pools",), default_size),
    Claim("initializer-once", "The initializer runs once per process", ("pools",), initializer_once),
    Claim(
        "no-sharing",
        "Processes share no memory, so they talk through Queue, Pipe, Value, Array",
        ("talking",),
        no_sharing,
    ),
    Claim("locks-needed", "Without a lock, shared memory is raced; with one it isn't", ("locks",), locks_needed),
)
