"""What a report shows that comes from elsewhere than a run's own cells: histories with their change points,
comparisons.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["slower", "faster", "same", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Point:
    """A cell in one run of a history.

    Args:
        run: the run's number; None for one that has none.
        when: when the run was saved, in UTC.
        median: seconds.
        low: the lower end of the interval in which the true median lies, seconds.
        high: the upper end.
    """

    run: int | None
    when: dt.datetime
    median: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Move:
    """A change point.

    Args:
        place: of the first point that lies elsewhere, at least 1.
        ratio: after / before, 1.05 for five per cent slower.
        low: the lower end of its 95 % interval; None where the neighbours are too few for one.
        high: the upper end; None as `low`.
        p: of the test, corrected over all cells.
        beside: what else is not the same in the runs before and after: "commit 1a2b -> 3c4d", "uvloop 0.22 -> 0.23".
    """

    place: int
    ratio: float
    low: float | None
    high: float | None
    p: float
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Track:
    """One cell's way through a history in which it moved.

    Args:
        name: the cell's, as a reader tells it from others.
        points: shape (n,), in the order of the runs.
        moved: at least one, in the order of the runs.
    """

    name: str
    points: tuple[Point, ...]
    moved: tuple[Move, ...]


@dataclass(frozen=True, kw_only=True)
class Drift:
    """Where all cells of a history stand in one run, each as a factor to its own middle over all runs.

    Args:
        run: the run's number; None for one that has none.
        when: when the run was saved, in UTC.
        low: a quarter of the cells lie below it.
        middle: half of them do.
        high: three quarters of them do.
        cells: how many there are in this run.
    """

    run: int | None
    when: dt.datetime
    low: float
    middle: float
    high: float
    cells: int


@dataclass(frozen=True, kw_only=True)
class Past:
    """A machine's history.

    Args:
        fingerprint: whose it is.
        runs: how many complete runs it has.
        least: how many runs a cell must be in before anybody looks for change points.
        looked_at: how many cells are in that many.
        too_few: how many are in fewer.
        traced: how many runs were measured beside a tracer, and are left out.
        sides: how many runs on either side let a change show at all, with so many cells looked at.
        tracks: the cells that moved, those that moved most first.
        drift: where all cells that were looked at stand, in the order of the runs.
        notes: what whoever reads it has to know, one sentence each.
    """

    fingerprint: str
    runs: int
    least: int
    looked_at: int = 0
    too_few: int = 0
    traced: int = 0
    sides: int = 0
    tracks: tuple[Track, ...] = ()
    drift: tuple[Drift, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a comparison says of one cell.

    Args:
        name: the cell's, as a reader tells it from others.
        verdict: in a word.
        why: in a sentence.
        ratio: candidate / baseline in the main phase, 1.05 for five per cent slower.
        low: the lower end of its interval, at the level of its look; None with too few pairs for one.
        high: the upper end; None as `low`.
        fresh: the change in fresh pairs with its interval, in words; "" where nothing was under suspicion.
        pairs: how many pairs of processes it rests on, in words: "14", "14+14" with fresh ones.
        baseline: median, seconds.
        candidate: median, seconds.
    """

    name: str
    verdict: Verdict
    why: str
    ratio: float
    low: float | None
    high: float | None
    fresh: str = ""
    pairs: str
    baseline: float
    candidate: float


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A saved A/B comparison, judged again.

    Args:
        label: which one: "comparison 3".
        when: it began, in words.
        sides: what was compared with what, in words.
        held: where, and with how many pairs, in words.
        tolerance: the largest change that counts as none, a fraction; as a factor it is 1 + tolerance either way.
        cells: in the order of their names.
        canary: what no change of ours can move; it moves with the machine.
        verdict: on all of it: "slower", "faster", "not slower", "unknown", "not comparable".
        conclusion: the same in a sentence, and what to do.
        notes: what whoever reads it has to know, one sentence each.
    """

    label: str
    when: str
    sides: str
    held: str
    tolerance: float
    cells: tuple[Change, ...]
    canary: Change
    verdict: str
    conclusion: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """The saved comparisons that a report shows.

    Args:
        found: the newest first.
        unread: a sentence for each file that can't be read or judged, or the folder that can't be listed.
        older: how many are there beside them.
    """

    found: tuple[Decision, ...] = ()
    unread: tuple[str, ...] = ()
    older: int = 0
