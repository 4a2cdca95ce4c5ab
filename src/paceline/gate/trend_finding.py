"""
Where the cells of a history moved, and what else changed between the two runs on either side.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from paceline.gate.history_chosen import Measured
from paceline.history import Run
from paceline.stats import change_points
from paceline.stats.change_points import ChangePoint


@dataclass(frozen=True, kw_only=True)
class Moved:
    """
    One cell that moved, and between which runs.

    Args:
        fullname: the node id, without a process.
        point: where in the cell's own runs, by how much, and how sure that is.
        before: the last of the cell's runs before it moved.
        after: the first one that lies elsewhere.
    """

    fullname: str
    point: ChangePoint
    before: Run
    after: Run


@dataclass(frozen=True, kw_only=True)
class Trend:
    """
    What a history shows.

    Args:
        fingerprint: whose history it is.
        runs: how many complete runs it has.
        looked_at: full name -> in how many runs each cell was that was looked at.
        too_few: full name -> the same for those with too few runs.
        moved: the change points, in the order of the runs.
    """

    fingerprint: str
    runs: int
    looked_at: dict[str, int] = field(default_factory=dict)
    too_few: dict[str, int] = field(default_factory=dict)
    moved: tuple[Moved, ...] = ()


def trend(fingerprint: str, history: Sequence[Measured], wanted: str = "") -> Trend:
    """
    Find where each cell of a history moved.

    Args:
        fingerprint: whose history it is.
        history: its complete runs in order.
        wanted: only cells with this in their full name are looked at; all tests together are corrected for as many.
    """
    names = dict.fromkeys(name for one in history for name in one.cells if wanted in name)
    having = {name: [one for one in history if name in one.cells] for name in names}
    enough = {name: runs for name, runs in having.items() if len(runs) >= change_points.LEAST_RUNS}
    logs = {name: [math.log(one.cells[name].median) for one in runs] for name, runs in enough.items()}
    moved = [
        Moved(fullname=name, point=point, before=enough[name][point.index - 1].run, after=enough[name][point.index].run)
        for name, points in change_points.change_points(logs).items()
        for point in points
    ]
    places = {id(one.run): place for place, one in enumerate(history)}
    return Trend(
        fingerprint=fingerprint,
        runs=len(history),
        looked_at={name: len(runs) for name, runs in enough.items()},
        too_few={name: len(runs) for name, runs in having.items() if name not in enough},
        moved=tuple(sorted(moved, key=lambda one: (places[id(one.after)], places[id(one.before)]))),
    )


def changed_libraries(before: Run, after: Run) -> dict[str, tuple[str | None, str | None]]:
    """
    Give the libraries whose version is not the same in both runs, of those that both looked for.

    Returns:
        name -> its version before and after, None where a run didn't have it.
    """
    one, other = before.libraries, after.libraries
    return {name: (one[name], other[name]) for name in sorted(one.keys() & other) if one[name] != other[name]}


def circumstances(before: Run, after: Run) -> Iterator[str]:
    """
    Say what else is not the same in two runs: the Python, libraries.
    """
    if before.python != after.python:
        yield f"{before.python} -> {after.python}"
    for name, (old, new) in changed_libraries(before, after).items():
        yield f"{name} {old or 'missing'} -> {new or 'missing'}"
