"""The answer on top: which strategy for which kind of work, and how much it gains."""

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import altair as alt

from paceline.claims.cost import memory_of_one_more
from paceline.claims.evidence import Evidence
from paceline.history import Cell
from paceline.report import charts
from paceline.report.charts import Row, chart, named, rounds, row, span, tooltip
from paceline.report.model import Chart, Column
from paceline.stats import samples
from paceline.stats.samples import LEVEL
from paceline.tables.rows import BASELINE, in_full, speedup, test, varying
from paceline.text import formats

LATITUDE = 1.05
"""Whoever is less than this many times as slow as the fastest is as good: other things weigh more."""

CONTROL = "raw"
"""The client that is a control, not an answer."""

KINDS = (
    ("Downloads", "downloads", None),
    ("Computing that holds the GIL", "computing", "squares"),
    ("Computing that releases the GIL", "computing", "hash"),
)
"""What a kind of work is called, the experiment that measures it, and its kernel."""


@dataclass(frozen=True)
class Choice:
    """What a kind of work should use.

    Attributes:
        chosen: the simplest of those that are behind none and gain on a plain loop, as far as can be told.
        fastest: the one with the shortest median.
        alike: the others that can't be told to be behind, in the order of tables.
        behind: the rest, the fastest of them first.
    """

    chosen: Cell
    fastest: Cell
    alike: tuple[Cell, ...]
    behind: tuple[Cell, ...]


def choose(cells: Sequence[Cell]) -> Choice:
    """Choose among cells that do the same work: the simplest of those that are behind none, and before which a plain
    loop is behind, where it is behind any.

    Args:
        cells: from the simplest to the least simple, n at least 1.
    """
    level = [cell for cell in cells if not any(is_behind(cell, other) for other in cells)]
    loop = next((cell for cell in cells if cell.strategy == BASELINE and cell not in level), None)
    chosen = next(cell for cell in level if loop is None or is_behind(loop, cell))
    alike = tuple(cell for cell in level if cell is not chosen)
    behind = sorted((cell for cell in cells if cell not in level), key=lambda cell: cell.median)
    return Choice(chosen, min(cells, key=lambda cell: cell.median), alike, tuple(behind))


def is_behind(cell: Cell, other: Cell) -> bool:
    """Whether a cell is told to be slower than another: its interval lies beyond `LATITUDE` times all of the other's,
    or the interval that leaves odd rounds out does by far.
    """
    likely, others = (samples.median_interval(each.rounds, samples.LIKELY) for each in (cell, other))
    return (
        interval(cell).low > LATITUDE * interval(other).high or likely.low > LATITUDE * (1 + samples.FAR) * others.high
    )


def comparable(cells: Sequence[Cell]) -> bool:
    """Whether there is more than one strategy to choose from."""
    return len({cell.strategy for cell in cells}) > 1


def interval(cell: Cell) -> samples.Between:
    """Return where the true median of a cell's rounds lies."""
    return samples.median_interval(cell.rounds)


def contenders(cells: Sequence[Cell]) -> list[Cell]:
    """Leave out what was measured with the control's client, unless there is nothing else."""
    return [cell for cell in cells if cell.client != CONTROL] or list(cells)


def works(column: Column) -> list[tuple[str, list[Cell]]]:
    """Find the cells of each kind of work, in the order of tables; at several scales, each scale is a work of its own.

    Returns:
        What the work is called, and its cells, shape (n,), n at least 1.
    """
    found: dict[tuple[object, ...], list[Cell]] = {}
    for name, experiment, kernel in KINDS:
        for cell in column.of(experiment):
            if cell.kernel == kernel:
                found.setdefault((name, *_scale(cell)), []).append(cell)
    return [(str(key[0]), cells) for key, cells in found.items()]


def _scale(cell: Cell) -> tuple[object, ...]:
    return (test(cell), cell.workload, cell.items, cell.latency, cell.size, cell.share)


_LITTLE = 0.1 * 2**20  # bytes; what a worker takes below this is lost in the noise of the measurement


@dataclass(frozen=True)
class Answer:
    """What one kind of work should use.

    Attributes:
        work: what the kind is called.
        sentence: the answer, with its numbers.
        cells: all that was measured of it, in the order of tables.
    """

    work: str
    sentence: str
    cells: tuple[Cell, ...]


def answers(column: Column) -> list[Answer]:
    """Answer for each kind of work that was measured."""
    return [Answer(work, _sentence(column, cells), tuple(cells)) for work, cells in works(column)]


def names(cells: Sequence[Cell]) -> list[str]:
    """Name cells by their strategies, with what is needed where two are of the same one, shape (n,)."""
    own = [formats.plain(cell.strategy) for cell in cells]
    rest = varying(cells)
    return [f"{name} ({more})" if own.count(name) > 1 else name for name, more in zip(own, rest, strict=True)]


def _sentence(column: Column, measured: Sequence[Cell]) -> str:
    cells = contenders(measured)
    called = dict(zip(map(id, cells), names(cells), strict=True))
    choice = choose(cells)
    if comparable(cells):
        parts = [_use(choice, cells), _cost(column, choice.chosen), *_others(choice, called), *_level(cells)]
    else:
        parts = [_alone(choice.fastest)]
    return " ".join(filter(None, [*parts, *_control(measured, cells), _gil(column, cells)]))


def _alone(cell: Cell) -> str:
    taken = f"{_with_doubts(cell, formats.plain(cell.strategy))}, which took {_took(cell)}"
    return f"Only one strategy was measured, so nothing can be compared: {taken}."


def _use(choice: Choice, cells: Sequence[Cell]) -> str:
    chosen = choice.chosen
    if chosen.strategy == BASELINE:
        loop = _with_doubts(chosen, "a plain loop")
        return f"Use {loop}: {_took(chosen)}{_efficiency(chosen)}; nothing is told to be 5 % faster."
    gain = speedup(chosen, cells)
    faster = "" if gain is None else f", {formats.times(gain)} as fast as a plain loop"
    workers = f" with {formats.many(chosen.workers, 'worker')}"
    named = _with_doubts(chosen, formats.plain(chosen.strategy))
    return f"Use {named}: {_took(chosen)}{workers}{faster}{_efficiency(chosen)}."


def _took(cell: Cell) -> str:
    return f"{formats.seconds(cell.median)} for {formats.many(cell.items, 'item')}"


def _efficiency(cell: Cell) -> str:
    return "" if cell.efficiency is None else f", an efficiency of {formats.percent(cell.efficiency)}"


def _with_doubts(cell: Cell, name: str) -> str:
    return f"{name} ({in_full(cell.marks)})" if cell.marks else name


def _cost(column: Column, cell: Cell) -> str:
    """Return what the chosen one costs, as far as that was measured; a plain loop costs nothing."""
    if cell.strategy == BASELINE:
        return ""
    start = None if cell.start_seconds is None else f"takes {formats.seconds(cell.start_seconds)} to start"
    memory = memory_per_worker(column, cell.strategy)
    each = None if memory is None else f"{_memory(memory)} of memory for each further worker"
    said = [part for part in (start, each and (each if start else f"takes {each}")) if part]
    return f"It {' and '.join(said)}." if said else ""


def memory_per_worker(column: Column, strategy: str) -> float | None:
    """Return the memory that one more worker takes, bytes, the median over processes; None where it was not measured
    in processes of their own with enough numbers of workers.
    """
    run = column.sources.get("memory")
    slopes = list(memory_of_one_more(Evidence([run]), strategy).values.values()) if run else []
    return statistics.median(slopes) if slopes else None


def _memory(slope: float) -> str:
    return formats.named("bytes", slope) if slope >= _LITTLE else "less than 0.1 MiB"


def _others(choice: Choice, called: dict[int, str]) -> list[str]:
    said = []
    if choice.alike:
        listed = ", ".join(_listed(cell, choice, called) for cell in choice.alike)
        said.append(f"Can't be told to be slower: {listed}.")
    if choice.behind:
        after = choice.behind[0]
        late = formats.percent(after.median / choice.fastest.median - 1)
        next_one = _with_doubts(after, called[id(after)])
        said.append(f"Next comes {next_one} with {formats.seconds(after.median)}, {late} behind the fastest.")
    return said


def _listed(cell: Cell, choice: Choice, called: dict[int, str]) -> str:
    shortest = f" (the shortest median, {formats.seconds(cell.median)})" if cell is choice.fastest else ""
    return called[id(cell)] + shortest


def _level(cells: Sequence[Cell]) -> list[str]:
    least = min(interval(cell).level for cell in cells)
    if least >= LEVEL:
        return []
    if least == 0:
        return ["Some have a single round, which says nothing about chance."]
    return [f"For want of rounds the intervals hold the true medians with {formats.percent(least)} at least."]


def _gil(column: Column, cells: Sequence[Cell]) -> str:
    """Return where computing that holds the GIL had none to hold."""
    off = column.sources[cells[0].experiment].facts.get("gil") == "off"
    return "The GIL was off." if off and cells[0].kernel else ""


def _control(measured: Sequence[Cell], cells: Sequence[Cell]) -> list[str]:
    if all(cell.client == CONTROL for cell in cells):
        return ["Only the raw client was measured, which is a control: real clients cost more."]
    taking_part = {cell.strategy for cell in cells}
    left = dict.fromkeys(formats.plain(cell.strategy) for cell in measured if cell.strategy not in taking_part)
    return [f"Left out, with the raw client only: {', '.join(left)}."] if left else []


_STEP = 26  # pixels of a strategy
_FAR = 20  # times; where the slowest is so far behind, the axis is logarithmic
_ROOM = 1.15  # beyond the outermost rounds
_WORDS = 0.2  # of the axis; how far a time beside a mark reaches
_RIGHT = 0.55  # of the axis; words beside a mark right of it stand on its left


def ranking(cells: Sequence[Cell], every: Sequence[Cell], order: Sequence[str]) -> Chart:
    """Draw cells that do the same work.

    Args:
        cells: in the order of tables, shape (n,), n at least 1.
        every: those of all columns, which share the axis.
        order: the names of all strategies.
    """
    ends = _ends(every)
    return chart(_drawn(cells, ends, order), _data(cells, ends))


def _drawn(cells: Sequence[Cell], ends: Sequence[float], order: Sequence[str]) -> alt.TopLevelMixin:
    rows = names(cells)
    chosen = rows[cells.index(choose(cells).chosen)] if comparable(cells) else ""
    hue, mark = charts.colour(order, cells).legend(None), charts.shape(order, cells).legend(None)
    up, across = _up(rows, chosen), partial(_across, ends)
    medians = alt.Chart(named("cells"))
    return alt.layer(
        medians.transform_filter("datum.is_chosen").mark_rect(color=charts.PACE, opacity=0.22).encode(up),
        medians.transform_filter("isValid(datum.limit)")
        .mark_point(shape="stroke", angle=90, size=_STEP**2, strokeDash=[5, 3], strokeWidth=2, color=charts.PACE)
        .encode(across("limit"), up),
        medians.transform_filter("datum.is_chosen && isValid(datum.limit)")
        .mark_text(baseline="bottom", dy=-2, fontStyle="italic", color=charts.PACE)
        .encode(across("limit"), y=alt.value(0), text=alt.value("limit")),
        alt.Chart(named("rounds")).mark_circle(size=16, opacity=0.3).encode(across("seconds"), up, hue),
        medians.mark_rule(strokeWidth=2).encode(across("low"), alt.X2("high"), up, hue),
        medians.mark_point(size=80, filled=True, opacity=1).encode(
            across("median"), up, hue, mark, tooltip=tooltip("speedup", "efficiency", "start", "verdict")
        ),
        _words(across, up),
    ).properties(height=_STEP * len(rows))


def _words(across: partial[alt.X], up: alt.Y) -> alt.Chart:
    """Write beside the rounds, on the side that has room: left of those that are far right."""
    bold = alt.expr("datum.is_chosen ? 'bold' : 'normal'")
    side, off = alt.expr("datum.far ? 'right' : 'left'"), alt.expr("datum.far ? -9 : 9")
    text = alt.Chart(named("cells")).mark_text(align=side, baseline="middle", dx=off, fontSize=12, fontWeight=bold)
    words: alt.Chart = text.encode(across("beside"), up, text="words:N")
    return words


def _across(ends: Sequence[float], field: str) -> alt.X:
    scale = alt.Scale(type="log" if ends[0] else "linear", domain=list(ends), nice=False)
    return (
        alt.X(f"{field}:Q")
        .scale(scale)
        .title("time of a round")
        .axis(labelExpr=charts.SECONDS, tickCount=5, labelOverlap=True, labelSeparation=8)
    )


def _ends(every: Sequence[Cell]) -> list[float]:
    """Return the ends of the axis, which begins at 0 unless the slowest is far behind."""
    seconds = [value for cell in every for value in (*cell.rounds, cell.limit or cell.median)]
    medians = [cell.median for cell in every]
    far = max(medians) > _FAR * min(medians)
    return span(seconds, room=_ROOM) if far else [0, max(seconds) * _ROOM]


def _up(rows: Sequence[str], chosen: str) -> alt.Y:
    test = f"datum.value === {json.dumps(chosen)}"
    bold = {"condition": {"test": test, "value": "bold"}, "value": "normal"}
    axis = alt.Axis(labelFontWeight=bold, labelLimit=200, grid=False)
    return alt.Y("row:N").scale(domain=list(rows)).sort(None).title(None).axis(axis)


def _data(cells: Sequence[Cell], ends: Sequence[float]) -> dict[str, list[Row]]:
    choice = choose(cells)
    called = list(zip(cells, names(cells), strict=True))
    return {
        "cells": [_row(cell, choice, cells, ends, name) for cell, name in called],
        "rounds": [dot for cell, name in called for dot in rounds(cell, row=name)],
    }


def _row(cell: Cell, choice: Choice, cells: Sequence[Cell], ends: Sequence[float], name: str) -> Row:
    verdict, word = _verdict(cell, choice) if comparable(cells) else (formats.NOTHING, "")
    far = _place(max(cell.rounds), ends) > _RIGHT
    return row(
        cell,
        row=name,
        limit=cell.limit or None,
        beside=_beside(cell, ends, far=far),
        far=far,
        is_chosen=cell is choice.chosen and comparable(cells),
        words=f"{formats.seconds(cell.median)}{word}",
        verdict=verdict,
        speedup=formats.times(speedup(cell, cells)),
        efficiency=formats.percent(cell.efficiency),
        start=formats.seconds(cell.start_seconds),
    )


def _beside(cell: Cell, ends: Sequence[float], *, far: bool) -> float:
    """Return the end of a cell's rounds beside which its words stand; beyond its limit, where that would be under
    them.
    """
    end = min(cell.rounds) if far else max(cell.rounds)
    beyond = (min if far else max)(end, cell.limit or end)
    return beyond if abs(_place(beyond, ends) - _place(end, ends)) < _WORDS else end


def _verdict(cell: Cell, choice: Choice) -> tuple[str, str]:
    """Return what a cell is beside the fastest, and the short form."""
    if cell is choice.chosen:
        return "the one to use: can't be told to be slower", ": use this"
    if cell in choice.alike:
        return "can't be told to be slower than the fastest", " as well"
    return "5 % or more behind the fastest", ""


def _place(seconds: float, ends: Sequence[float]) -> float:
    """Return where a time stands on the axis, 0 to 1."""
    first, last = ends
    return math.log(seconds / first) / math.log(last / first) if first else seconds / last
