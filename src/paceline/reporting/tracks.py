"""From a machine's history to what a report shows of it."""

import math
import statistics
from collections.abc import Iterator, Sequence
from itertools import groupby

from paceline.history import Run
from paceline.report.page.given import Drift, Move, Past, Point, Track
from paceline.stats import samples, variation
from paceline.tables.verdicts import short
from paceline.trends.baselines import Measured, called, measured
from paceline.trends.judging import LEAST_CELLS
from paceline.trends.trend import Moved, Trend, circumstances, find_trend

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
