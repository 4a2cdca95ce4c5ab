"""The claim that shared memory needs a lock: updates lost without one, and with one, and what it costs."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from paceline.claims.counts import present
from paceline.claims.evidence import Evidence, Replicate, Sample, added, ratios, values
from paceline.claims.finding import Figure, Finding, Part, combine
from paceline.claims.judging import LEAST_PROCESSES, always, checked, command, figure, untold

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
