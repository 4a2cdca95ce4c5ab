"""The way of a cell that moved, through the runs of a history."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

import altair as alt

from paceline.report.page import look
from paceline.report.page.drawing import Row, chart, named, span
from paceline.report.page.given import Move, Point, Track
from paceline.report.page.model import Chart, Figure, Table
from paceline.report.page.sections.along import LINE, across, called, hover, places
from paceline.text.formats import between, change, plain, seconds

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
    axis = alt.Axis(labelExpr=look.SECONDS, tickCount=5)
    points, levels, moves = (alt.Chart(named(name)) for name in ("points", "levels", "moves"))
    return alt.layer(
        moves.mark_rule(color=_STEP, strokeDash=[6, 4], strokeWidth=2).encode(across("at")),
        moves.mark_text(color=_STEP, fontWeight="bold", baseline="bottom").encode(
            across("at"), y=alt.value(-3), text="said:N"
        ),
        levels.mark_rule(color=look.PACE, strokeWidth=2).encode(
            across("start"), alt.Y("level:Q").scale(scale).title("median time of a round").axis(axis), alt.X2("end")
        ),
        points.mark_rule(color=LINE, strokeWidth=1.5, opacity=0.7).encode(
            across("run"), alt.Y("low:Q").scale(scale), alt.Y2("high")
        ),
        points.mark_point(color=LINE, size=40, filled=True, opacity=1).encode(
            across("run"), alt.Y("median:Q").scale(scale), tooltip=hover("name", "when", "shown")
        ),
    ).properties(height=look.HEIGHT - 60)


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
