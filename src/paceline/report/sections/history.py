"""A machine's history: how cells moved from run to run, and where for good."""

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import altair as alt

from paceline.history import Cell, Run
from paceline.report import charts
from paceline.report.charts import Row, chart, hovering, logarithmic, named, span
from paceline.report.model import Chart, Panel, Section, Table, ends, moment
from paceline.report.sections.comparisons import Decisions, decided
from paceline.stats import variation
from paceline.tables.verdicts import short
from paceline.text.formats import between, change, many, plain, seconds
from paceline.trends import baselines
from paceline.trends.baselines import Measured
from paceline.trends.judging import LEAST_CELLS
from paceline.trends.trend import Moved, Trend, circumstances, find_trend


@dataclass(frozen=True)
class Past:
    """A machine's history.

    Args:
        trend: what moved in it.
        runs: its whole runs that no tracer slowed, in order.
        traced: how many others a tracer slowed.
    """

    trend: Trend
    runs: tuple[Measured, ...]
    traced: int = 0


@dataclass(frozen=True)
class Track:
    """One cell's way through a history in which it moved.

    Args:
        name: the cell's, as a reader tells it from others.
        points: the runs that have it, in order, each with the cell.
        moved: at least one, in the order of the runs.
    """

    name: str
    points: tuple[tuple[Run, Cell], ...]
    moved: tuple[Moved, ...]


@dataclass(frozen=True)
class Drift:
    """Where all cells of a history stand in one run, each as a factor to its own middle over all runs.

    Args:
        run: which.
        low: a quarter of the cells lie below it.
        middle: half of them do.
        high: three quarters of them do.
        cells: how many there are in this run.
    """

    run: Run
    low: float
    middle: float
    high: float
    cells: int


def past(fingerprint: str, runs: Sequence[Run]) -> Past:
    """Find what moved in a history.

    Args:
        fingerprint: whose it is.
        runs: in order; those of others, incomplete ones and those measured beside a tracer don't count.
    """
    own = [run for run in runs if run.fingerprint == fingerprint and run.complete and run.cells]
    kept = tuple(baselines.measured(run) for run in own if not run.tracer)
    return Past(find_trend(fingerprint, kept), kept, len(own) - len(kept))


def tracks(past: Past) -> list[Track]:
    """Return the cells that moved, those that moved most first."""
    moved: dict[str, list[Moved]] = {}
    for one in past.trend.moved:
        moved.setdefault(one.fullname, []).append(one)
    largest = sorted(moved, key=lambda name: (-max(abs(math.log(one.point.ratio)) for one in moved[name]), name))
    return [
        Track(
            plain(name),
            tuple((one.run, one.cells[fullname]) for one in past.runs if fullname in one.cells),
            tuple(moved[fullname]),
        )
        for fullname, name in zip(largest, short(largest), strict=True)
    ]


def drift(past: Past) -> list[Drift]:
    """Return where all cells that were looked at stand in each run that has one of them."""
    middles = {
        name: statistics.median(one.cells[name].median for one in past.runs if name in one.cells)
        for name in past.trend.looked_at
    }
    found = []
    for one in past.runs:
        factors = [one.cells[name].median / middle for name, middle in middles.items() if name in one.cells]
        if factors:
            several = factors * 2 if len(factors) == 1 else factors
            low, middle, high = statistics.quantiles(several, n=4, method="inclusive")
            found.append(Drift(one.run, low, middle, high, len(factors)))
    return found


def _together(trend: Trend) -> Iterator[str]:
    """Name the places where so many cells moved at once that it may be the machine."""
    for _, group in groupby(trend.moved, key=lambda one: (one.before.path, one.after.path)):
        moved = list(group)
        if 2 * len(moved) >= len(trend.looked_at) >= LEAST_CELLS:
            where = plain(baselines.called(moved[0].after))
            yield f"HALF OF ALL CELLS OR MORE moved at {where}: it may be the machine that moved, and not the code"


_LINE = "#2a8ad0"  # of what was measured; it reads by day and by night
_STEP = "#d9601a"


def _across(field: str) -> alt.X:
    axis = alt.Axis(format="d", tickMinStep=1, grid=False)
    return alt.X(f"{field}:Q").scale(zero=False, nice=False, padding=12).title("run of this history").axis(axis)


def _places(runs: Sequence[Run]) -> list[int]:
    """Place runs on the axis: by their numbers, or where these don't ascend by how many came before."""
    known = [run.number for run in runs if run.number is not None]
    ascending = len(known) == len(runs) and all(one < other for one, other in pairwise(known))
    return known if ascending else list(range(1, len(runs) + 1))


def _called(run: Run) -> str:
    return f"run {run.number}" if run.number is not None else f"the run of {moment(run)}"


_HOVER = {"name": "run", "when": "saved", "shown": "median"}


def all_cells(drift: Sequence[Drift], column: str) -> Panel:
    """Show where all cells of a history stand in each run, of n at least 1."""
    quickest, slowest = min(drift, key=lambda one: one.middle), max(drift, key=lambda one: one.middle)
    rows = tuple((_called(one.run), str(one.cells), *map(change, (one.low, one.middle, one.high))) for one in drift)
    return Panel(
        key="history-all",
        title="All cells, run by run",
        says=(
            f"The middle cell lies between {change(quickest.middle)} ({_called(quickest.run)}) and "
            f"{change(slowest.middle)} ({_called(slowest.run)}) from its own median over all runs. The band holds the "
            f"middle half of the cells: where all of it moves, it may be the machine."
        ),
        column=column,
        chart=_drift_chart(drift),
        table=Table(("run", "cells", "a quarter below", "half below", "three quarters below"), rows),
    )


def _drift_chart(drift: Sequence[Drift]) -> Chart:
    rows = [
        {"run": place, "low": one.low, "middle": one.middle, "high": one.high, "name": _called(one.run),
         "when": moment(one.run), "cells": one.cells, "shown": change(one.middle)}
        for one, place in zip(drift, _places([one.run for one in drift]), strict=True)
    ]  # fmt: skip
    scale = logarithmic(span([end for one in drift for end in (one.low, one.high)] + [1.0], room=1.02))
    axis = alt.Axis(labelExpr=charts.CHANGE, tickCount=5)
    every, middle = alt.Chart(named("runs")), alt.Y("middle:Q").scale(scale)
    layers = alt.layer(
        every.mark_area(color=_LINE, opacity=0.25).encode(
            _across("run"), alt.Y("low:Q").scale(scale).title("against its own middle").axis(axis), alt.Y2("high")
        ),
        every.mark_line(color=_LINE).encode(_across("run"), middle),
        every.mark_point(color=_LINE, size=40, filled=True, opacity=1).encode(
            _across("run"), middle, tooltip=hovering({**_HOVER, "cells": "cells"})
        ),
    )
    return chart(layers.properties(height=charts.HEIGHT - 100), {"runs": rows})


def moved(track: Track, rank: int, column: str) -> Panel:
    """Show one cell that moved; its rank among those, from 1, names the panel."""
    return Panel(
        key=f"history-moved-{rank}",
        title=track.name,
        says=" ".join(_sentences(track)),
        column=column,
        chart=_track_chart(track),
        table=_points(track),
    )


def _sentences(track: Track) -> Iterator[str]:
    """Return of each move what lies before it and after it, each up to the next move."""
    levels = [level for _, _, level in _levels(track)]
    for one, (before, after) in zip(track.moved, pairwise(levels), strict=True):
        point = one.point
        interval = f" ({between(point.low, point.high)} with 95 %)" if point.low is not None else ""
        took = f"it takes {seconds(after)} in place of {seconds(before)}: {change(point.ratio)}{interval}"
        yield f"From {_called(one.after)} on {took}, p = {point.p:.2g}; {_beside(one)}."


def _beside(one: Moved) -> str:
    """Return what else is not the same in the runs on either side of a change point."""
    commits = " -> ".join(dict.fromkeys([one.before.short_commit, one.after.short_commit]))
    return "; ".join(map(plain, (f"commit {commits}", *circumstances(one.before, one.after))))


def _levels(track: Track) -> list[tuple[int, int, float]]:
    """Return the first point and the last one between two moves, and the median of all between, seconds."""
    bounds = [0, *(one.point.index for one in track.moved), len(track.points)]
    medians = [cell.median for _, cell in track.points]
    return [(start, end - 1, statistics.median(medians[start:end])) for start, end in pairwise(bounds)]


def _track_chart(track: Track) -> Chart:
    at = _places([run for run, _ in track.points])
    steps = [(one.point.index, change(one.point.ratio)) for one in track.moved]
    data: dict[str, list[Row]] = {
        "points": [_dot(run, cell, place) for (run, cell), place in zip(track.points, at, strict=True)],
        "levels": [
            {"start": at[start], "end": at[end], "level": level, "said": seconds(level)}
            for start, end, level in _levels(track)
        ],
        "moves": [{"at": (at[index - 1] + at[index]) / 2, "said": ratio} for index, ratio in steps],
    }
    return chart(_track_drawn(track), data)


def _track_drawn(track: Track) -> alt.TopLevelMixin:
    scale = logarithmic(span([end for _, cell in track.points for end in (*ends(cell), cell.median)], room=1.05))
    axis = alt.Axis(labelExpr=charts.SECONDS, tickCount=5)
    points, levels, moves = (alt.Chart(named(name)) for name in ("points", "levels", "moves"))
    return alt.layer(
        moves.mark_rule(color=_STEP, strokeDash=[6, 4], strokeWidth=2).encode(_across("at")),
        moves.mark_text(color=_STEP, fontWeight="bold", baseline="bottom").encode(
            _across("at"), y=alt.value(-3), text="said:N"
        ),
        levels.mark_rule(color=charts.PACE, strokeWidth=2).encode(
            _across("start"), alt.Y("level:Q").scale(scale).title("median time of a round").axis(axis), alt.X2("end")
        ),
        points.mark_rule(color=_LINE, strokeWidth=1.5, opacity=0.7).encode(
            _across("run"), alt.Y("low:Q").scale(scale), alt.Y2("high")
        ),
        points.mark_point(color=_LINE, size=40, filled=True, opacity=1).encode(
            _across("run"), alt.Y("median:Q").scale(scale), tooltip=hovering(_HOVER)
        ),
    ).properties(height=charts.HEIGHT - 60)


def _dot(run: Run, cell: Cell, place: int) -> Row:
    low, high = ends(cell)
    interval = f" ({seconds(low)} to {seconds(high)})" if low != high else ""
    return {
        "run": place,
        "low": low,
        "high": high,
        "median": cell.median,
        "name": _called(run),
        "when": moment(run),
        "shown": f"{seconds(cell.median)}{interval}",
    }


def _points(track: Track) -> Table:
    steps = {one.point.index: change(one.point.ratio) for one in track.moved}
    rows = tuple(
        (
            _called(run),
            f"{run.datetime:%Y-%m-%d %H:%M}",
            *map(seconds, (cell.median, *ends(cell))),
            steps.get(place, ""),
        )
        for place, (run, cell) in enumerate(track.points)
    )
    return Table(("run", "saved", "median", "from", "to", "moved"), rows, left=2)


MOST = 8
"""How many cells of a history are drawn; the rest stand in a table."""

_LEAD = (
    "A dot is a cell's median in one run, with the interval in which the true median lies; grey lines are its levels. "
    "A dashed line is a change point: the place from which on its runs lie elsewhere, by a test of ranks corrected "
    "over all cells. Runs should vary independently: slow drift of a machine can look like a step. In an A/B "
    "comparison both sides ran in turns; a change counts where it is beyond the tolerance, and fresh pairs bear it out."
)
_MEASURE = "pytest --benchmark-only"
_COMPARE = "paceline ab --baseline SIDE --candidate SIDE"


def section(kept: Sequence[Past], decisions: Decisions) -> Section:
    """Make the part on histories, one of each machine and Python, and on the saved A/B comparisons."""
    rows = [_panels(past, plain(past.trend.fingerprint) if len(kept) > 1 else "") for past in kept]
    rows += [(decided(decision, rank),) for rank, decision in enumerate(decisions.found, 1)]
    shown = tuple(row for row in rows if row)
    return Section(
        key="history",
        title="History and decisions",
        lead=_LEAD if shown else "",
        rows=shown,
        missing=(*(sentence for past in kept for sentence in _missing(past)), *_unseen(decisions)),
    )


def _panels(past: Past, column: str) -> tuple[Panel, ...]:
    way, found = drift(past), tracks(past)
    every = [all_cells(way, column)] if len(way) > 1 else []
    moves = [moved(track, rank, column) for rank, track in enumerate(found[:MOST], 1)]
    return (*every, *moves, *([_every_move(past, found, column)] if found else []))


def _every_move(past: Past, found: Sequence[Track], column: str) -> Panel:
    rows = tuple(
        (
            track.name,
            _called(one.after),
            change(one.point.ratio),
            between(one.point.low, one.point.high),
            f"{one.point.p:.2g}",
            _beside(one),
        )
        for track in found
        for one in track.moved
    )
    drawn = min(MOST, len(found))
    return Panel(
        key="history-moves",
        title="Every change point",
        says=(
            f"{many(len(rows), 'change point')} in {len(found)} of {many(len(past.trend.looked_at), 'cell')} that were "
            f"looked at; the {many(drawn, 'cell')} that moved most {'is' if drawn == 1 else 'are'} drawn."
        ),
        column=column,
        table=Table(("cell", "from", "change", "95 % interval", "p", "beside it"), rows, left=2),
        doubts=tuple(_together(past.trend)),
    )


def _missing(past: Past) -> Iterator[str]:
    trend, least = past.trend, variation.LEAST_CHANGE_RUNS
    named, looked_at = plain(trend.fingerprint), len(trend.looked_at)
    if past.traced:
        yield f"{named}: {many(past.traced, 'run')} beside a tracer left out."
    if not looked_at:
        runs = f"{named} has {many(trend.runs, 'whole run')}"
        yield f"{runs}; change points need {least} that have the same cells; measure more: {_MEASURE}"
        return
    if not trend.moved:
        yield (
            f"{named}: no change point shows in {many(looked_at, 'cell')} over {many(trend.runs, 'whole run')}; with "
            f"so many cells a change shows with {variation.least_neighbours(looked_at)} runs on either side of it."
        )
    if trend.too_few:
        few = many(len(trend.too_few), "cell")
        yield f"{named}: {few} in fewer than {least} whole runs: unknown, not looked at."


def _unseen(decisions: Decisions) -> Iterator[str]:
    yield from (f"Passed over {plain(sentence)}" for sentence in decisions.unread)
    if decisions.older:
        yield f"{many(decisions.older, 'older comparison')} not shown; see one: paceline ab --read NUMBER"
    if not decisions.found:
        yield f"No A/B comparison is shown; hold one: {_COMPARE}"
