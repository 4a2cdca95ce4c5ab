"""The answer on top: what each kind of work should use here, by how much, and at what cost."""

import json
import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import altair as alt

from paceline.claims.cost import memory_of_one_more
from paceline.claims.evidence import Evidence
from paceline.history import Cell
from paceline.report import charts
from paceline.report.charts import Row, chart, named, rounds, row, span, tooltip
from paceline.report.model import Chart, Column, Panel, Section, Table, cell_table, command, side_by_side, slug
from paceline.stats import samples
from paceline.tables.choice import (
    BEYOND,
    CONTROL,
    KINDS,
    LATITUDE,
    Choice,
    choose,
    comparable,
    contenders,
    interval,
    is_beyond,
    kinds,
    names,
    with_doubts,
)
from paceline.tables.rows import BASELINE, shared, speedup, wording
from paceline.text import formats
from paceline.text.formats import NOTHING, digits, many, percent, plain, seconds, times

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
    """Answer for each kind of work that was measured; each scale is a work of its own."""
    return [Answer(kind, _sentence(column, cells), tuple(cells)) for kind, cells in kinds(column.cells)]


def _sentence(column: Column, measured: Sequence[Cell]) -> str:
    cells = contenders(measured)
    choice = choose(cells)
    if comparable(cells):
        parts = [_use(choice, cells), _cost(column, choice.chosen), *_others(choice, cells), _level(cells)]
    else:
        only = f"{with_doubts(choice.fastest, plain(choice.fastest.strategy))}, which took {_took(choice.fastest)}"
        parts = [f"Only one strategy was measured, so nothing can be compared: {only}."]
    return " ".join(filter(None, [*parts, _control(measured, cells), _gil(column, cells)]))


def _use(choice: Choice, cells: Sequence[Cell]) -> str:
    chosen = choice.chosen
    efficiency = "" if chosen.efficiency is None else f", an efficiency of {percent(chosen.efficiency)}"
    if chosen.strategy == BASELINE:
        loop = with_doubts(chosen, "a plain loop")
        return f"Use {loop}: {_took(chosen)}{efficiency}; nothing is told to be 5 % faster."
    gain = speedup(chosen, cells)
    faster = "" if gain is None else f", {times(gain)} as fast as a plain loop"
    named = with_doubts(chosen, plain(chosen.strategy))
    return f"Use {named}: {_took(chosen)} with {many(chosen.workers, 'worker')}{faster}{efficiency}."


def _took(cell: Cell) -> str:
    return f"{seconds(cell.median)} for {many(cell.items, 'item')}"


def _cost(column: Column, cell: Cell) -> str:
    """Return what the chosen one costs, as far as that was measured; a plain loop costs nothing."""
    if cell.strategy == BASELINE:
        return ""
    costs = [] if cell.start_seconds is None else [f"{seconds(cell.start_seconds)} to start"]
    if (memory := memory_per_worker(column, cell.strategy)) is not None:
        words = formats.named("bytes", memory) if memory >= _LITTLE else "less than 0.1 MiB"
        costs.append(f"{words} of memory for each further worker")
    return f"It takes {' and '.join(costs)}." if costs else ""


def memory_per_worker(column: Column, strategy: str) -> float | None:
    """Return the memory that one more worker takes, bytes, the median over processes.

    None where it was not measured in processes of their own with enough numbers of workers.
    """
    run = column.sources.get("memory")
    slopes = list(memory_of_one_more(Evidence([run]), strategy).values.values()) if run else []
    return statistics.median(slopes) if slopes else None


def _others(choice: Choice, cells: Sequence[Cell]) -> Iterator[str]:
    called = dict(zip(map(id, cells), names(cells), strict=True))
    if choice.alike:
        shortest = f" (the shortest median, {seconds(choice.fastest.median)})"
        alike = ", ".join(called[id(cell)] + (shortest if cell is choice.fastest else "") for cell in choice.alike)
        yield f"Can't be told to be slower: {alike}."
    if choice.behind:
        after = choice.behind[0]
        late = percent(after.median / choice.fastest.median - 1)
        name = with_doubts(after, called[id(after)])
        yield f"Next comes {name} with {seconds(after.median)}, {late} behind the fastest."


def _level(cells: Sequence[Cell]) -> str:
    least = min(interval(cell).level for cell in cells)
    if least == 0:
        return "Some have a single round, which says nothing about chance."
    few = f"For want of rounds the intervals hold the true medians with {percent(least)} at least."
    return few if least < samples.LEVEL else ""


def _gil(column: Column, cells: Sequence[Cell]) -> str:
    off = column.sources[cells[0].experiment].facts.get("gil") == "off"
    return "The GIL was off." if off and cells[0].kernel else ""


def _control(measured: Sequence[Cell], cells: Sequence[Cell]) -> str:
    if all(cell.client == CONTROL for cell in cells):
        return "Only the raw client was measured, which is a control: real clients cost more."
    taking_part = {cell.strategy for cell in cells}
    left = dict.fromkeys(plain(cell.strategy) for cell in measured if cell.strategy not in taking_part)
    return f"Left out, with the raw client only: {', '.join(left)}." if left else ""


_LEAD = (
    "What to use here. The fastest is the strategy with the shortest median. One is told to be behind another only if "
    f"the {percent(samples.LEVEL)} interval of its median lies wholly above {LATITUDE} times the upper end of the "
    f"other's, or the {percent(samples.LIKELY)} interval, which leaves odd rounds out, above "
    f"{digits(LATITUDE * (1 + samples.FAR))} times. All that are behind none are as fast, as far as can be told. Of "
    "those that a plain loop is behind the simplest is named, in the order of the tables, and the loop if it is behind "
    "none. Faint dots are rounds, marks are medians with their intervals, and dashes are each strategy's limit: the "
    "least time in which the work could be done."
)


def section(columns: Sequence[Column]) -> Section:
    """Make the part that answers."""
    found = {id(column): _by_scale(column) for column in columns}
    works = [name for name, *_ in KINDS]
    scales = {scale for own in found.values() for scale in own}
    ranked = sorted(scales, key=lambda scale: (works.index(scale[0]), scale[1]))
    rows = side_by_side(columns, [partial(_panel, found, scale) for scale in ranked])
    missing = tuple(
        f"{name}: not measured; measure it with: {command(experiment)}"
        for name, experiment, _ in KINDS
        if (name, 0) not in scales
    )
    return Section(key="answer", title="The answer", lead=_LEAD if rows else "", rows=rows, missing=missing)


Scale = tuple[str, int]
"""A kind of work, and which of the scales at which a column measured it, from 0."""


def _by_scale(column: Column) -> dict[Scale, Answer]:
    found = answers(column)
    return {(one.work, sum(other.work == one.work for other in found[:place])): one for place, one in enumerate(found)}


def _panel(found: Mapping[int, Mapping[Scale, Answer]], scale: Scale, column: Column) -> Panel | None:
    """Show a column's answer for one scale, beside those of all columns, by their identities."""
    answer = found[id(column)].get(scale)
    if answer is None:
        return None
    cells = contenders(answer.cells)
    beside = [cell for own in found.values() if scale in own for cell in contenders(own[scale].cells)]
    made = column.panel(
        cells,
        key=slug("answer", answer.work),
        title=answer.work,
        says=answer.sentence,
        chart=_chart(cells, beside, column.order),
        table=_table(answer.cells),
    )
    setting = wording(shared([cell for cell in cells if cell.strategy != BASELINE] or cells))
    return replace(made, setting=setting, doubts=(*made.doubts, *_too_fast(cells)))


def _too_fast(cells: Sequence[Cell]) -> list[str]:
    """Name the cells that gain more over a plain loop than workers can bring."""
    beyond = [
        f"{name} ({times(speedup(cell, cells))} with {cell.workers})"
        for cell, name in zip(cells, names(cells), strict=True)
        if is_beyond(cell, cells)
    ]
    return [f"speedup: {BEYOND}: {', '.join(beyond)}"] if beyond else []


def _table(cells: Sequence[Cell]) -> Table:
    """Return the figures of all that was measured, the control too."""
    words = {
        "strategy": names(cells),
        "interval": [_interval(cell) for cell in cells],
        "speedup": [times(speedup(cell, cells)) for cell in cells],
    }
    return cell_table(("strategy", "median", "interval", "speedup", "efficiency", "start", "marks"), cells, words)


def _interval(cell: Cell) -> str:
    found = interval(cell)
    words = f"{seconds(found.low)} to {seconds(found.high)} ({percent(found.level)})"
    return words if len(cell.rounds) > 1 else NOTHING


_STEP = 26  # pixels of a strategy
_FAR = 20  # times; where the slowest is so far behind, the axis is logarithmic
_ROOM = 1.15  # beyond the outermost rounds
_WORDS = 0.2  # of the axis; how far a time beside a mark reaches
_RIGHT = 0.55  # of the axis; words beside a mark right of it stand on its left


def _chart(cells: Sequence[Cell], every: Sequence[Cell], order: Sequence[str]) -> Chart:
    """Draw cells that do the same work, on the axis of those of all columns."""
    ends, choice = _ends(every), choose(cells)
    called = list(zip(cells, names(cells), strict=True))
    data = {
        "cells": [_row(cell, choice, cells, ends, name) for cell, name in called],
        "rounds": [dot for cell, name in called for dot in rounds(cell, row=name)],
    }
    return chart(_drawn(cells, choice, ends, order), data)


def _drawn(cells: Sequence[Cell], choice: Choice, ends: Sequence[float], order: Sequence[str]) -> alt.TopLevelMixin:
    rows = names(cells)
    hue, mark = charts.by_strategy(order, cells, legend=False)
    up, across = _up(rows, rows[cells.index(choice.chosen)] if comparable(cells) else ""), partial(_across, ends)
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
    axis = alt.Axis(labelExpr=charts.SECONDS, tickCount=5, labelOverlap=True, labelSeparation=8)
    return alt.X(f"{field}:Q").scale(scale).title("time of a round").axis(axis)


def _ends(every: Sequence[Cell]) -> list[float]:
    """Return the ends of the axis, which begins at 0 unless the slowest is far behind."""
    values = [value for cell in every for value in (*cell.rounds, cell.limit or cell.median)]
    medians = [cell.median for cell in every]
    far = max(medians) > _FAR * min(medians)
    return span(values, room=_ROOM) if far else [0, max(values) * _ROOM]


def _up(rows: Sequence[str], chosen: str) -> alt.Y:
    test = f"datum.value === {json.dumps(chosen)}"
    bold = {"condition": {"test": test, "value": "bold"}, "value": "normal"}
    axis = alt.Axis(labelFontWeight=bold, labelLimit=200, grid=False)
    return alt.Y("row:N").scale(domain=list(rows)).sort(None).title(None).axis(axis)


def _row(cell: Cell, choice: Choice, cells: Sequence[Cell], ends: Sequence[float], name: str) -> Row:
    verdict, word = _verdict(cell, choice) if comparable(cells) else (NOTHING, "")
    far = _place(max(cell.rounds), ends) > _RIGHT
    return row(
        cell,
        row=name,
        limit=cell.limit or None,
        beside=_beside(cell, ends, far=far),
        far=far,
        is_chosen=cell is choice.chosen and comparable(cells),
        words=f"{seconds(cell.median)}{word}",
        verdict=verdict,
        speedup=times(speedup(cell, cells)),
        efficiency=percent(cell.efficiency),
        start=seconds(cell.start_seconds),
    )


def _beside(cell: Cell, ends: Sequence[float], *, far: bool) -> float:
    """Return the end of a cell's rounds beside which its words stand; beyond its limit, if that would be under them."""
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


def _place(value: float, ends: Sequence[float]) -> float:
    """Return where a time stands on the axis, 0 to 1."""
    first, last = ends
    return math.log(value / first) / math.log(last / first) if first else value / last
