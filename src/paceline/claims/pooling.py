"""The claims about what a pool does by itself: how many processes it starts, and how often it calls the initializer."""

from collections.abc import Sequence

from paceline.claims.counts import equal, same
from paceline.claims.evidence import Evidence, Replicate, added, values
from paceline.claims.finding import Finding, Part, combine
from paceline.claims.judging import always, checked, figure, untold
from paceline.history import Cell

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
