"""Saved A/B comparisons, judged again: the change of each cell with its interval, beside the tolerance."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import altair as alt

from paceline.ab import output
from paceline.ab.judging import Judged, Outcome, judged
from paceline.ab.record import CANARY, FOLDER, Comparison, NoComparison, load, saved
from paceline.history import HistoryError
from paceline.report import charts
from paceline.report.charts import Row, chart, hovering, logarithmic, named
from paceline.report.model import Chart, Panel, Table
from paceline.stats.comparison import Verdict
from paceline.tables.verdicts import short, some
from paceline.text.formats import NOTHING, TOO_FEW, between, change, percent, plain, seconds

MOST = 5
"""How many comparisons a report shows."""

_NAMED = 3  # cells that a sentence names
_STEP = 40  # pixels of a cell: its name, and below it what it did
_LEAST = 1.01


@dataclass(frozen=True)
class Decision:
    """A saved comparison, judged again.

    Args:
        name: which one: "comparison 3".
    """

    name: str
    comparison: Comparison
    outcome: Outcome

    @property
    def rows(self) -> list[tuple[str, Judged]]:
        """Every cell as a reader tells it from the others, and the canary."""
        cells = self.outcome.cells
        names = map(plain, short([cell.fullname for cell in cells]))
        return [*zip(names, cells, strict=True), (CANARY, self.outcome.canary)]


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


def decisions(results: Path, most: int = MOST) -> Decisions:
    """Judge the newest saved comparisons again, `most` of them, as they are kept in the folder of results."""
    folder, found, unread = results / FOLDER, list[Decision](), list[str]()
    try:
        paths = saved(folder)[::-1]
    except OSError as error:
        return Decisions(unread=(f"{folder} can't be listed ({error.strerror or error}); make it a folder to be read",))
    for place, path in enumerate(paths):
        if len(found) == most:
            return Decisions(found=tuple(found), unread=tuple(unread), older=len(paths) - place)
        try:
            comparison = load(path)
            name = f"comparison {path.stem.partition('_')[0].lstrip('0') or '0'}"
            found.append(Decision(name, comparison, judged(comparison)))
        except NoComparison:
            continue  # in a folder that was somebody's before
        except HistoryError as error:
            unread.append(str(error))
        except ValueError as error:
            unread.append(f"{path} can't be judged: {error}")
    return Decisions(found=tuple(found), unread=tuple(unread))


def decided(decision: Decision, rank: int) -> Panel:
    """Show one comparison; its rank among them, from 1, names the panel."""
    comparison, outcome = decision.comparison, decision.outcome
    facts = (output.sides(comparison), output.measured(comparison), f"began {comparison.datetime}")
    canary = f"The canary changed by {change(outcome.canary.main.ratio)} ({_interval(outcome.canary)})."
    tolerance = f"The tolerance is {percent(comparison.tolerance)} either way."
    return Panel(
        key=f"ab-{rank}",
        title=f"{decision.name.capitalize()}: {outcome.verdict}",
        says=f"{plain(output.conclusion(outcome))} {canary} {tolerance}",
        setting="; ".join(map(plain, facts)),
        chart=_chart(decision),
        table=_table(decision),
        doubts=tuple(map(plain, _notes(comparison, outcome))),
    )


def _notes(comparison: Comparison, outcome: Outcome) -> Iterator[str]:
    moved, canary = output.canary(outcome)
    yield from filter(None, [canary if moved else "", output.libraries(comparison)])
    for what, cells in (("fails on the candidate only", comparison.failed), ("left out", comparison.left_out)):
        yield from (f"{what}: {some(names, _NAMED)} ({why})" for why, names in output.by_reason(cells).items())
    yield from (f"{what} in {name}; compared exactly" for name, what in output.changed_counts(outcome.cells))
    yield from (f"{some(names, _NAMED)}: {remark}" for remark, names in output.remarks(outcome).items())
    yield from comparison.notes


def _chart(decision: Decision) -> Chart:
    rows, limit = list(enumerate(decision.rows)), 1 + decision.comparison.tolerance
    data: dict[str, list[Row]] = {
        "cells": [_row(place, name, cell) for place, (name, cell) in rows],
        "between": [
            {"place": place, "verdict": cell.verdict, "low": cell.main.low, "high": cell.main.high}
            for place, (_, cell) in rows
            if cell.main.low is not None
        ],
        "rules": [{"at": 1, "kind": "none"}],
        "margins": [{"at": end, "said": change(end)} for end in (1 / limit, limit)],
    }
    return chart(_drawn(decision), data)


def _drawn(decision: Decision) -> alt.TopLevelMixin:
    up, (hue, mark) = alt.Y("place:O").axis(None), charts.by_verdict(get_args(Verdict))
    cells, margins = alt.Chart(named("cells")), alt.Chart(named("margins"))
    shown = hovering({"name": "cell", "verdict": "verdict", "change": "change", "why": "why"})
    return alt.layer(
        alt.Chart(named("rules")).mark_rule(strokeWidth=1).encode(_across(decision, "at")),
        margins.mark_rule(strokeDash=[6, 4], color=charts.PACE, strokeWidth=2).encode(_across(decision, "at")),
        margins.mark_text(baseline="bottom", fontStyle="italic").encode(
            _across(decision, "at"), y=alt.value(-3), text="said:N"
        ),
        cells.mark_text(align="left", baseline="bottom", dy=-5, limit=alt.expr("width - 8")).encode(
            up, x=alt.value(4), text="said:N"
        ),
        alt.Chart(named("between")).mark_rule(strokeWidth=3, yOffset=7, y2Offset=7).encode(
            _across(decision, "low"), up, alt.X2("high"), hue
        ),
        cells.mark_point(size=100, filled=True, opacity=1, yOffset=7).encode(
            _across(decision, "ratio"), up, hue, mark, tooltip=shown
        ),
    ).properties(height=_STEP * len(decision.rows))  # fmt: skip


def _across(decision: Decision, field: str) -> alt.X:
    """Place changes so that twice the time is as far from none as half of it."""
    mains = [cell.main for _, cell in decision.rows]
    ends = [end for main in mains for end in (main.ratio, main.low, main.high) if end and math.isfinite(end)]
    tolerance = decision.comparison.tolerance
    furthest = max(_LEAST, 1 + tolerance, *(max(end, 1 / end) for end in ends if end > 0)) ** 1.15
    axis = alt.Axis(labelExpr=charts.CHANGE, tickCount=5, labelOverlap=True, grid=False)
    title = "change of the time, candidate against baseline"
    return alt.X(f"{field}:Q").scale(logarithmic([1 / furthest, furthest])).title(title).axis(axis)


def _row(place: int, name: str, cell: Judged) -> Row:
    return {
        "place": place,
        "name": name,
        "said": f"{cell.verdict}: {name}",
        "verdict": cell.verdict,
        "ratio": cell.main.ratio,
        "change": f"{change(cell.main.ratio)} ({_interval(cell)})",
        "why": plain(cell.why),
    }


def _interval(cell: Judged) -> str:
    return between(cell.main.low, cell.main.high, otherwise=TOO_FEW)


def _table(decision: Decision) -> Table:
    header = ("cell", "verdict", "why", "baseline", "candidate", "change", "interval", "fresh pairs", "pairs")
    return Table(header, tuple(_line(name, cell) for name, cell in decision.rows), left=3)


def _line(name: str, cell: Judged) -> tuple[str, ...]:
    main, fresh = cell.main, cell.fresh
    return (
        name,
        cell.verdict,
        plain(cell.why),
        seconds(cell.baseline_seconds),
        seconds(cell.candidate_seconds),
        change(main.ratio),
        _interval(cell),
        f"{change(fresh.ratio)} ({between(fresh.low, fresh.high)})" if fresh else NOTHING,
        f"{main.pairs}+{fresh.pairs}" if fresh else str(main.pairs),
    )
