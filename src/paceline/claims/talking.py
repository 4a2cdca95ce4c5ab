"""The claim that processes share nothing: what the parent sees of a child's change, and what each way to talk
carries.
"""

from collections.abc import Iterator, Sequence

from paceline.claims.evidence import Evidence, Replicate, Sample, added, median, values
from paceline.claims.finding import Figure, Finding, Part, combine
from paceline.claims.judging import always, checked, figure

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
