"""What a page shows of histories and of saved comparisons: the decisions of the gate, made again."""

import datetime as dt
import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal

from paceline.ab import output
from paceline.ab import record as storing
from paceline.ab.judging import Judged, Outcome, judged
from paceline.ab.output import conclusion
from paceline.ab.record import CANARY, FOLDER, Comparison, NoComparison
from paceline.history import HistoryError, Run
from paceline.stats import samples, variation
from paceline.tables.verdicts import short, some
from paceline.text.formats import between, change
from paceline.trends.baselines import Measured, called, measured
from paceline.trends.judging import LEAST_CELLS
from paceline.trends.trend import Moved, Trend, circumstances, find_trend

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


_LEAST_FOR_QUARTILES = 2


def tracks(fingerprint: str, runs: Sequence[Run]) -> Past:
    """Find what moved in a history.

    Args:
        fingerprint: whose it is.
        runs: in order; those of others, those that are not complete or were measured beside a tracer, don't count.
    """
    own = [run for run in runs if run.fingerprint == fingerprint and run.complete and run.cells]
    history = [measured(run) for run in own if not run.tracer]
    found = find_trend(fingerprint, history)
    return Past(
        fingerprint=fingerprint,
        runs=len(history),
        least=variation.LEAST_CHANGE_RUNS,
        looked_at=len(found.looked_at),
        too_few=len(found.too_few),
        traced=len(own) - len(history),
        sides=variation.least_neighbours(len(found.looked_at)),
        tracks=_tracks(found, history),
        drift=_drift(found, history),
        notes=tuple(_together(found)),
    )


def _tracks(found: Trend, history: Sequence[Measured]) -> tuple[Track, ...]:
    points = {name: [one for one in found.moved if one.fullname == name] for name in {m.fullname for m in found.moved}}
    largest = sorted(points, key=lambda name: (-max(abs(math.log(one.point.ratio)) for one in points[name]), name))
    return tuple(
        Track(name=name, points=tuple(_points(fullname, history)), moved=tuple(map(_move, points[fullname])))
        for fullname, name in zip(largest, short(largest), strict=True)
    )


def _points(fullname: str, history: Sequence[Measured]) -> Iterator[Point]:
    for one in history:
        if cell := one.cells.get(fullname):
            between = samples.median_interval(cell.rounds)
            run = one.run
            yield Point(run=run.number, when=run.datetime, median=cell.median, low=between.low, high=between.high)


def _move(one: Moved) -> Move:
    point = one.point
    return Move(
        place=point.index, ratio=point.ratio, low=point.low, high=point.high, p=point.p, beside=tuple(_beside(one))
    )


def _beside(one: Moved) -> Iterator[str]:
    yield f"commit {' -> '.join(dict.fromkeys([one.before.short_commit, one.after.short_commit]))}"
    yield from circumstances(one.before, one.after)


def _drift(found: Trend, history: Sequence[Measured]) -> tuple[Drift, ...]:
    middles = {
        name: statistics.median(one.cells[name].median for one in history if name in one.cells)
        for name in found.looked_at
    }
    return tuple(drift for one in history if (drift := _drifted(one, middles)))


def _drifted(one: Measured, middles: dict[str, float]) -> Drift | None:
    factors = [one.cells[name].median / middle for name, middle in middles.items() if name in one.cells]
    if not factors:
        return None
    if len(factors) < _LEAST_FOR_QUARTILES:
        factors *= _LEAST_FOR_QUARTILES
    low, middle, high = statistics.quantiles(factors, n=4, method="inclusive")
    cells = sum(name in one.cells for name in middles)
    return Drift(run=one.run.number, when=one.run.datetime, low=low, middle=middle, high=high, cells=cells)


def _together(found: Trend) -> Iterator[str]:
    """Name the places where so many cells moved at once that it may be the machine."""
    for _, group in groupby(found.moved, key=lambda one: (one.before.path, one.after.path)):
        moved = list(group)
        if 2 * len(moved) >= len(found.looked_at) >= LEAST_CELLS:
            yield (
                f"HALF OF ALL CELLS OR MORE moved at {called(moved[0].after)}: it may be the machine that moved, and "
                f"not the code"
            )


MOST = 5
"""How many comparisons a report shows."""

_NAMED = 3  # cells that a sentence names


def decisions(results: Path, most: int = MOST) -> Decisions:
    """Judge the newest saved comparisons again.

    Args:
        results: where they are kept, in a folder of their own; there may be none.
        most: how many to show, at least 1.
    """
    folder, unread = results / FOLDER, list[str]()
    try:
        paths = storing.saved(folder)[::-1]
    except OSError as error:
        return Decisions(unread=(f"{folder} can't be listed ({error.strerror or error}); make it a folder to be read",))
    found: list[Decision] = []
    for place, path in enumerate(paths):
        if len(found) == most:
            return Decisions(found=tuple(found), unread=tuple(unread), older=len(paths) - place)
        try:
            found.append(_decision(storing.load(path), path))
        except NoComparison:
            continue  # in a folder that was somebody's before
        except HistoryError as error:
            unread.append(str(error))
        except ValueError as error:
            unread.append(f"{path} can't be judged: {error}")
    return Decisions(found=tuple(found), unread=tuple(unread))


def _decision(comparison: Comparison, path: Path) -> Decision:
    outcome = judged(comparison)
    return Decision(
        label=f"comparison {path.stem.partition('_')[0].lstrip('0') or '0'}",
        when=comparison.datetime,
        sides=output.sides(comparison),
        held=output.measured(comparison),
        tolerance=comparison.tolerance,
        cells=tuple(_changes(outcome.cells)),
        canary=_change(outcome.canary, CANARY),
        verdict=outcome.verdict,
        conclusion=conclusion(outcome),
        notes=tuple(_notes(comparison, outcome)),
    )


def _changes(cells: Sequence[Judged]) -> Iterator[Change]:
    for cell, name in zip(cells, short([cell.fullname for cell in cells]), strict=True):
        yield _change(cell, name)


def _change(cell: Judged, name: str) -> Change:
    fresh = cell.fresh
    return Change(
        name=name,
        verdict=cell.verdict,
        why=cell.why,
        ratio=cell.main.ratio,
        low=cell.main.low,
        high=cell.main.high,
        fresh=f"{change(fresh.ratio)} ({between(fresh.low, fresh.high)})" if fresh else "",
        pairs=f"{cell.main.pairs}+{fresh.pairs}" if fresh else str(cell.main.pairs),
        baseline=cell.baseline_seconds,
        candidate=cell.candidate_seconds,
    )


def _notes(comparison: Comparison, outcome: Outcome) -> Iterator[str]:
    moved, said = output.canary(outcome)
    if moved:
        yield said
    if different := output.libraries(comparison):
        yield different
    for why, names in output.by_reason(comparison.failed).items():
        yield f"fails on the candidate only: {some(names, _NAMED)} ({why})"
    for why, names in output.by_reason(comparison.left_out).items():
        yield f"left out: {some(names, _NAMED)} ({why})"
    yield from (f"{what} in {name}; compared exactly" for name, what in output.changed_counts(outcome.cells))
    yield from (f"{some(names, _NAMED)}: {remark}" for remark, names in output.remarks(outcome).items())
    yield from comparison.notes
