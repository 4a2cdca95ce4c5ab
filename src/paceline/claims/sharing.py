"""Claims about what processes have of their own, what they share, and what a pool does by itself."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from paceline.claims import judging
from paceline.claims.evidence import PROCESSES, Evidence, Replicate, added, counted, median, ratios, values
from paceline.claims.judging import Figure, Finding, Part, claim, combine, figure, present
from paceline.history import Cell

COUNTERS_OF_THREADS = ("Value", "attribute", "attribute += 1")

_TWO_CPUS = 2
_BECAUSE = "in one process at least, an update is lost: one shows the race, and it takes no more than luck to lose none"


@claim("locks-needed", "Without a lock, shared memory is raced; with one it isn't", "locks")
def locks_needed(evidence: Evidence) -> Finding:
    """Judge by the updates lost in memory that processes share.

    The claim is made of such memory, so the threads decide nothing: what they lose depends on where the GIL may change
    hands, which the language promises nowhere. Their figures stand beside, and a warning where they lose none.
    """
    threads = [
        _lost(f"threads without lock, {counter}", _counters(evidence, "threads", "without lock", counter))
        for counter in COUNTERS_OF_THREADS
    ]
    lucky = [
        f"no promise: {one.what}: none here, which is how this Python happens to work"
        for one in threads
        if one.processes and not any(one.values)
    ]
    return combine([_raced(evidence, threads), _guarded(evidence)], lucky)


def _raced(evidence: Evidence, threads: Sequence[Figure]) -> Part:
    part = "without a lock, memory that processes share is raced"
    bare = _counters(evidence, "processes", "without lock")
    lost = values(bare, "lost_updates")
    raced = any(lost.values.values())
    each = _lost("processes, each access locked", _counters(evidence, "processes", "each access locked"))
    figures = [_lost("processes without lock", bare), *present([each, *threads])]
    if not raced and len(lost) < judging.LEAST_PROCESSES:
        return judging.undecided(part, _BECAUSE, judging.command("locks"), figures)
    if not raced and evidence.cpus is not None and evidence.cpus < _TWO_CPUS:
        return judging.undecided(
            part, _BECAUSE, "a machine with two usable CPUs or more: on one, workers take turns", figures
        )
    return replace(judging.always(part, [raced] * len(lost), _BECAUSE, "locks", figures), margin=_BECAUSE)


def _guarded(evidence: Evidence) -> Part:
    bare, locked = (_counters(evidence, "processes", lock) for lock in ("without lock", "with lock"))
    lost, seconds = values(locked, "lost_updates"), "seconds_per_update"
    return judging.always(
        "with a lock, memory that processes share is not raced",
        judging.checked(lost, lambda updates: updates == 0),
        "no update is lost: a lock that loses one is none",
        "locks",
        [
            figure("processes with lock: updates lost", lost, "count"),
            *present(
                [
                    figure("processes: time of an update with lock / without", ratios(locked, bare, seconds)),
                    figure("processes with lock: time of an update", values(locked, seconds), "s"),
                    figure("processes without lock: time of an update", values(bare, seconds), "s"),
                ]
            ),
        ],
    )


def _lost(who: str, cells: Sequence[Replicate]) -> Figure:
    return figure(f"{who}: updates lost", values(cells, "lost_share"), "share")


def _counters(evidence: Evidence, strategy: str, lock: str, counter: str = "Value") -> list[Replicate]:
    return evidence.cells("locks", strategy=strategy, lock=lock, counter=counter)


CONSTRUCTS = (
    *("queue", "simple-queue", "pipe", "value", "array", "shared-memory"),
    *("manager-queue", "interpreter-queue", "thread-queue"),
)
LARGE = 64 * 2**20


@claim("no-sharing", "Processes share no memory, so they talk through Queue, Pipe, Value, Array", "talking")
def no_sharing(evidence: Evidence) -> Finding:
    """Judge by what the parent sees of a child's change: in an ordinary list, and in a block of shared memory.

    `Value` and `Array` are themselves memory that processes share, as `SharedMemory` is. So "no memory at all" is a
    statement of its own; what each construct carries stands beside it.
    """
    trips = {each: evidence.cells("talking", "test_round_trips", strategy=each) for each in CONSTRUCTS}
    lacking = [construct for construct, cells in trips.items() if not cells]
    objects = _unseen(
        "processes share no ordinary objects",
        "a module's list",
        evidence.cells("talking", "test_ordinary_objects", strategy="global-list"),
        "what a process appends to a module's list, its parent never sees",
        [],
    )
    memory = _unseen(
        "processes share no memory at all, so they have to talk",
        "a SharedMemory block",
        evidence.cells("talking", "test_ordinary_objects", strategy="shared-memory"),
        "what a process writes into a SharedMemory block, its parent does not find there",
        [one for construct, cells in trips.items() for one in _carried(construct, cells)],
    )
    return combine([objects, memory], judging.unmeasured(lacking))


def _unseen(part: str, what: str, cells: Sequence[Replicate], because: str, beside: Sequence[Figure]) -> Part:
    seen = values(cells, "seen_by_parent")
    changes = figure(f"changes of {what} that the parent saw", seen, "count")
    return judging.always(part, judging.checked(seen, lambda count: count == 0), because, "talking", [changes, *beside])


def _carried(construct: str, cells: Sequence[Replicate]) -> Iterator[Figure]:
    least = min((one.cell.size for one in cells if one.cell.size is not None), default=None)
    if small := [one for one in cells if least is not None and one.cell.size == least]:
        yield figure(f"{construct}: round trip of {least} bytes", values(small, median), "s")
    if large := [one for one in cells if one.cell.size == LARGE]:
        yield figure(f"{construct}: payload of 64 MiB, both ways", values(large, "bytes_per_second"), "bytes/s")


@claim("default-size", "A pool has one process per CPU unless told otherwise", "pools")
def default_size(evidence: Evidence) -> Finding:
    """Judge by the processes of a pool that is told no number: with all CPUs, with one, and under a quota."""
    every, one = (
        evidence.cells("pools", "test_default_size", strategy="pool-fork", affinity=affinity)
        for affinity in ("all CPUs", "one CPU")
    )
    limited = [replicate for replicate in every if _has_quota(replicate.cell)]
    usable = judging.same(
        "a pool that may use one CPU has one process",
        one,
        {"processes of a pool that may use one CPU": "default_workers", "CPUs that it may use": "cpus_usable"},
        "as many processes as CPUs that it may use, as more of them could only take turns",
        "pools",
    )
    if not limited:
        no_quota = "no quota: nothing here limits the CPU time, so nobody saw what a pool makes of that"
        return combine([_per_cpu_online(every), usable], [no_quota])
    paid = judging.same(
        "a pool under a quota has one process per CPU that the quota pays for",
        limited,
        {"processes of a pool under a quota": "default_workers", "CPUs that the quota keeps busy all the time": _paid},
        "as many processes as CPUs that the quota pays for, as more of them could only take turns",
        "pools",
    )
    return combine([_per_cpu_online(every), usable, paid])


def _per_cpu_online(cells: Sequence[Replicate]) -> Part:
    part, because = "a pool has one process per CPU of the machine", "as many processes as CPUs online"
    size, online, usable = (values(cells, name) for name in ("default_workers", "cpus_online", "cpus_usable"))
    figures = [
        figure("processes of a pool that is told no number", size, "count"),
        figure("CPUs online", online, "count"),
    ]
    checks = judging.equal(size, online)
    if any(not as_many and usable.values.get(key, 0) < online.values[key] for key, as_many in checks.items()):
        missing = "a session that may use every CPU of the machine: this one may not, and its pools may go by that"
        return judging.undecided(part, f"in every process: {because}", missing, figures)
    return judging.always(part, checks, because, "pools", figures)


def _has_quota(cell: Cell) -> bool:
    quota, usable = added("cpus_quota")(cell), added("cpus_usable")(cell)
    return quota is not None and usable is not None and quota < usable


def _paid(cell: Cell) -> float | None:
    quota = added("cpus_quota")(cell)
    return None if quota is None else float(max(1, int(quota)))


@claim("initializer-once", "The initializer runs once per process", "pools")
def initializer_once(evidence: Evidence) -> Finding:
    """Judge by counting the calls: where workers stay, and where they are replaced."""
    return combine([_initialized(evidence, replaced) for replaced in ("never", "after 5 items")])


def _initialized(evidence: Evidence, replaced: str) -> Part:
    cells = evidence.cells("pools", "test_initializer", strategy="pool-fork", replaced=replaced)
    names = ("most_calls_in_one_process", "initializer_calls", "workers_started")
    most, calls, started = (values(cells, name) for name in names)
    once, none_without = judging.checked(most, lambda count: count == 1), judging.equal(calls, started)
    return judging.always(
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


@claim("own-session", "Each process needs its own session", "downloads", "sessions")
def own_session(evidence: Evidence) -> Finding:
    """Judge by two witnesses: the workers count the sessions that they open, the server counts connections."""
    return combine([*(part for strategy in PROCESSES for part in _own(evidence, strategy)), _needed(evidence)])


def _own(evidence: Evidence, strategy: str) -> Iterator[Part]:
    cells = evidence.cells("downloads", "test_downloads", strategy=strategy, client="requests")
    processes = {f"{strategy}: processes": lambda cell: cell.workers}
    yield judging.same(
        f"{strategy}: each process opens a session of its own",
        cells,
        {f"{strategy}: sessions opened": lambda cell: cell.sessions, **processes},
        "as many sessions are opened as there are processes: with fewer some would share one",
        "downloads",
    )
    yield judging.same(
        f"{strategy}: no two processes share a connection",
        cells,
        {f"{strategy}: connections that the server saw": counted("connections"), **processes},
        "the server, which knows nothing of sessions, sees as many connections as there are processes",
        "downloads",
    )


def _needed(evidence: Evidence) -> Part:
    """Judge what becomes of a session that several processes were given."""
    failed, own = (
        values(evidence.cells("sessions", opened=when), "failed_downloads")
        for when in ("before the fork", "in each process")
    )
    return judging.always(
        "a session that was opened before the fork fails its processes",
        judging.checked(failed, lambda downloads: downloads > 0),
        "a download is lost or comes back wrong: else one session would do",
        "sessions",
        [
            figure("one session for all: failed downloads", failed, "count"),
            *present([figure("a session each: failed downloads", own, "count")]),
        ],
    )
