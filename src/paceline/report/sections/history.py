"""A machine's history: how cells moved from run to run, and where for good."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import TypeVar

import altair as alt

from paceline.report import charts
from paceline.report.charts import Row, chart, named, span
from paceline.report.decisions import Decisions, Drift, Move, Past, Point, Track
from paceline.report.model import Chart, Figure, Section, Table
from paceline.report.sections.comparisons import decided
from paceline.text.formats import between, change, many, plain, seconds

LINE = "#2a8ad0"
"""Of what was measured; it reads by day and by night."""

_Placed = TypeVar("_Placed", Point, Drift)


def across(field: str) -> alt.X:
    """Place a field of rows by runs."""
    axis = alt.Axis(format="d", tickMinStep=1, grid=False)
    return alt.X(f"{field}:Q").scale(zero=False, nice=False, padding=12).title("run of this history").axis(axis)


def places(points: Sequence[_Placed]) -> dict[_Placed, int]:
    """Place each on the axis: by the numbers of the runs, or where these don't ascend by how many came before."""
    numbers = [point.run for point in points]
    known = [number for number in numbers if number is not None]
    ascending = len(known) == len(numbers) and all(one < other for one, other in pairwise(known))
    return dict(zip(points, known if ascending else range(1, len(points) + 1), strict=True))


def called(one: Point | Drift) -> str:
    """Name a run."""
    return f"run {one.run}" if one.run is not None else f"the run of {one.when:%Y-%m-%d %H:%M} UTC"


def hover(*names: str) -> list[alt.Tooltip]:
    """Return what hovering over a run shows."""
    titles = {"name": "run", "when": "saved", "shown": "median"}
    return [alt.Tooltip(f"{name}:N", title=titles.get(name, name)) for name in names]


def drifted(drift: Sequence[Drift], column: str) -> Figure:
    """Draw where all cells of a history stand in each run.

    Args:
        drift: n at least 1.
        column: the history's label.
    """
    quickest, slowest = min(drift, key=lambda one: one.middle), max(drift, key=lambda one: one.middle)
    says = (
        f"The middle cell lies between {change(quickest.middle)} ({called(quickest)}) and {change(slowest.middle)} "
        f"({called(slowest)}) from its own median over all runs. The band holds the middle half of the cells: where "
        f"all of it moves, it may be the machine."
    )
    rows = tuple((called(one), str(one.cells), *map(change, (one.low, one.middle, one.high))) for one in drift)
    return Figure(
        key="history-all",
        title="All cells, run by run",
        says=says,
        column=column,
        chart=_drift(drift),
        table=Table(("run", "cells", "a quarter below", "half below", "three quarters below"), rows),
    )


def _drift(drift: Sequence[Drift]) -> Chart:
    at = places(drift)
    rows = [
        {"run": at[one], "low": one.low, "middle": one.middle, "high": one.high, "name": called(one),
         "when": f"{one.when:%Y-%m-%d %H:%M} UTC", "cells": one.cells, "shown": change(one.middle)}
        for one in drift
    ]  # fmt: skip
    ends = [end for one in drift for end in (one.low, one.high)]
    scale = alt.Scale(type="log", domain=span([*ends, 1.0], room=1.02), nice=False)
    axis = alt.Axis(labelExpr=charts.CHANGE, tickCount=5)
    every = alt.Chart(named("runs"))
    layers = alt.layer(
        every.mark_area(color=LINE, opacity=0.25).encode(
            across("run"), alt.Y("low:Q").scale(scale).title("against its own middle").axis(axis), alt.Y2("high")
        ),
        every.mark_line(color=LINE).encode(across("run"), alt.Y("middle:Q").scale(scale)),
        every.mark_point(color=LINE, size=40, filled=True, opacity=1).encode(
            across("run"), alt.Y("middle:Q").scale(scale), tooltip=hover("name", "when", "shown", "cells")
        ),
    )
    return chart(layers.properties(height=charts.HEIGHT - 100), {"runs": rows})


_STEP = "#d9601a"


def moved(track: Track, rank: int, column: str) -> Figure:
    """Draw one cell that moved.

    Args:
        track: the cell's.
        rank: its place among those that moved, from 1; it names the picture.
        column: the history's label.
    """
    return Figure(
        key=f"history-moved-{rank}",
        title=plain(track.name),
        says=" ".join(_sentence(track, move) for move in track.moved),
        column=column,
        chart=_track(track),
        table=_points(track),
    )


def beside(move: Move) -> str:
    """Return what else is not the same in the runs on either side of a change point."""
    return "; ".join(map(plain, move.beside))


def where(track: Track, move: Move) -> str:
    """Name the run at which a cell moved."""
    return called(track.points[move.place])


def _sentence(track: Track, move: Move) -> str:
    before, after = (median(point.median for point in points) for points in _sides(track, move))
    told = f"From {where(track, move)} on it takes {seconds(after)} in place of {seconds(before)}: {change(move.ratio)}"
    level = f" ({between(move.low, move.high)} with 95 %)" if move.low is not None else ""
    return f"{told}{level}, p = {move.p:.2g}; {beside(move)}."


def _sides(track: Track, move: Move) -> tuple[Sequence[Point], Sequence[Point]]:
    parts = _parts(track)
    at = next(place for place, part in enumerate(parts) if part[0] is track.points[move.place])
    return parts[at - 1], parts[at]


def _parts(track: Track) -> list[Sequence[Point]]:
    """Divide a cell's way where it moved."""
    ends = [0, *(move.place for move in track.moved), len(track.points)]
    return [track.points[start:end] for start, end in pairwise(ends)]


def _track(track: Track) -> Chart:
    at = places(track.points)
    ways = [(at[part[0]], at[part[-1]], median(point.median for point in part)) for part in _parts(track)]
    data: dict[str, list[Row]] = {
        "points": [_dot(point, at[point]) for point in track.points],
        "levels": [{"start": start, "end": end, "level": level, "said": seconds(level)} for start, end, level in ways],
        "moves": [
            {"at": (at[track.points[one.place - 1]] + at[track.points[one.place]]) / 2, "said": change(one.ratio)}
            for one in track.moved
        ],
    }
    return chart(_drawn(track), data)


def _drawn(track: Track) -> alt.TopLevelMixin:
    ends = [end for point in track.points for end in (point.low, point.high, point.median)]
    scale = alt.Scale(type="log", domain=span(ends, room=1.05), nice=False)
    axis = alt.Axis(labelExpr=charts.SECONDS, tickCount=5)
    points, levels, moves = (alt.Chart(named(name)) for name in ("points", "levels", "moves"))
    return alt.layer(
        moves.mark_rule(color=_STEP, strokeDash=[6, 4], strokeWidth=2).encode(across("at")),
        moves.mark_text(color=_STEP, fontWeight="bold", baseline="bottom").encode(
            across("at"), y=alt.value(-3), text="said:N"
        ),
        levels.mark_rule(color=charts.PACE, strokeWidth=2).encode(
            across("start"), alt.Y("level:Q").scale(scale).title("median time of a round").axis(axis), alt.X2("end")
        ),
        points.mark_rule(color=LINE, strokeWidth=1.5, opacity=0.7).encode(
            across("run"), alt.Y("low:Q").scale(scale), alt.Y2("high")
        ),
        points.mark_point(color=LINE, size=40, filled=True, opacity=1).encode(
            across("run"), alt.Y("median:Q").scale(scale), tooltip=hover("name", "when", "shown")
        ),
    ).properties(height=charts.HEIGHT - 60)


def _dot(point: Point, at: int) -> Row:
    return {
        "run": at,
        "low": point.low,
        "high": point.high,
        "median": point.median,
        "name": called(point),
        "when": f"{point.when:%Y-%m-%d %H:%M} UTC",
        "shown": _shown(point),
    }


def _shown(point: Point) -> str:
    if point.low == point.high:
        return seconds(point.median)
    return f"{seconds(point.median)} ({seconds(point.low)} to {seconds(point.high)})"


def _points(track: Track) -> Table:
    starts = {move.place: change(move.ratio) for move in track.moved}
    rows = tuple(
        (
            called(point),
            f"{point.when:%Y-%m-%d %H:%M}",
            seconds(point.median),
            seconds(point.low),
            seconds(point.high),
            starts.get(place, ""),
        )
        for place, point in enumerate(track.points)
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
_DRIFT = 2  # runs that have something to compare


def section(kept: Mapping[str, Past], decisions: Decisions) -> Section:
    """Make the part on histories.

    Args:
        kept: fingerprint -> what its history shows.
        decisions: the saved A/B comparisons.
    """
    several = len(kept) > 1
    rows = [_pictures(past, past.fingerprint if several else "") for past in kept.values()]
    rows += [(decided(decision, rank),) for rank, decision in enumerate(decisions.found, 1)]
    shown = tuple(row for row in rows if row)
    missing = [sentence for past in kept.values() for sentence in _missing(past)]
    return Section(
        key="history",
        title="History and decisions",
        lead=_LEAD if shown else "",
        rows=shown,
        missing=(*missing, *_unseen(decisions)),
    )


def _pictures(past: Past, label: str) -> tuple[Figure, ...]:
    column = plain(label)
    drift = [drifted(past.drift, column)] if len(past.drift) >= _DRIFT else []
    moves = [moved(track, rank, column) for rank, track in enumerate(past.tracks[:MOST], 1)]
    return (*drift, *moves, *([_every(past, column)] if past.tracks else []))


def _every(past: Past, column: str) -> Figure:
    rows = tuple(
        (
            plain(track.name),
            where(track, move),
            change(move.ratio),
            between(move.low, move.high),
            f"{move.p:.2g}",
            beside(move),
        )
        for track in past.tracks
        for move in track.moved
    )
    drawn = min(MOST, len(past.tracks))
    return Figure(
        key="history-moves",
        title="Every change point",
        says=(
            f"{many(len(rows), 'change point')} in {len(past.tracks)} of {many(past.looked_at, 'cell')} that were "
            f"looked at; the {many(drawn, 'cell')} that moved most {'is' if drawn == 1 else 'are'} drawn."
        ),
        column=column,
        table=Table(("cell", "from", "change", "95 % interval", "p", "beside it"), rows, left=2),
        doubts=tuple(map(plain, past.notes)),
    )


def _missing(past: Past) -> list[str]:
    named = plain(past.fingerprint)
    said = [f"{named}: {many(past.traced, 'run')} beside a tracer left out."] if past.traced else []
    if not past.looked_at:
        runs = f"{named} has {many(past.runs, 'whole run')}"
        return [*said, f"{runs}; change points need {past.least} that have the same cells; measure more: {_MEASURE}"]
    if not past.tracks:
        said.append(
            f"{named}: no change point shows in {many(past.looked_at, 'cell')} over {many(past.runs, 'whole run')}; "
            f"with so many cells a change shows with {past.sides} runs on either side of it."
        )
    if past.too_few:
        few = many(past.too_few, "cell")
        said.append(f"{named}: {few} in fewer than {past.least} whole runs: unknown, not looked at.")
    return said


def _unseen(decisions: Decisions) -> list[str]:
    said = [f"Passed over {plain(sentence)}" for sentence in decisions.unread]
    if decisions.older:
        said.append(f"{many(decisions.older, 'older comparison')} not shown; see one: paceline ab --read NUMBER")
    if not decisions.found:
        said.append(f"No A/B comparison is shown; hold one: {_COMPARE}")
    return said
