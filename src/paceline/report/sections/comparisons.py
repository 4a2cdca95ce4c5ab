"""A/B decisions as pictures: the change of each cell with its interval, beside the tolerance that judged it."""

import math
from typing import get_args

import altair as alt

from paceline.report import charts
from paceline.report.charts import Row, chart, hue, named, sign
from paceline.report.decisions import Change, Decision, Verdict
from paceline.report.model import Chart, Figure, Table
from paceline.text.formats import NOTHING, TOO_FEW, between, change, percent, plain, seconds

_STEP = 40  # pixels of a cell: its name, and below it what it did
_WORDS = get_args(Verdict)
_LEAST = 1.01


def decided(decision: Decision, rank: int) -> Figure:
    """Draw one comparison.

    Args:
        decision: what it came to.
        rank: its place among the comparisons, from 1; it names the picture.
    """
    return Figure(
        key=f"ab-{rank}",
        title=f"{plain(decision.label).capitalize()}: {plain(decision.verdict)}",
        says=_says(decision),
        setting="; ".join(map(plain, (decision.sides, decision.held, f"began {decision.when}"))),
        chart=_chart(decision),
        table=_table(decision),
        doubts=tuple(map(plain, decision.notes)),
    )


def _says(decision: Decision) -> str:
    canary = f"The canary changed by {change(decision.canary.ratio)} ({_interval(decision.canary)})."
    return f"{plain(decision.conclusion)} {canary} The tolerance is {percent(decision.tolerance)} either way."


def _rows(decision: Decision) -> list[Change]:
    return [*decision.cells, decision.canary]


def _chart(decision: Decision) -> Chart:
    limit = 1 + decision.tolerance
    data: dict[str, list[Row]] = {
        "cells": [_row(place, one) for place, one in enumerate(_rows(decision))],
        "between": [
            {"place": place, "verdict": one.verdict, "low": one.low, "high": one.high}
            for place, one in enumerate(_rows(decision))
            if one.low is not None and one.high is not None
        ],
        "rules": [{"at": 1, "kind": "none"}],
        "margins": [{"at": 1 / limit, "said": change(1 / limit)}, {"at": limit, "said": change(limit)}],
    }
    return chart(_drawn(decision), data)


def _drawn(decision: Decision) -> alt.TopLevelMixin:
    up = alt.Y("place:O").axis(None)
    cells, margins = alt.Chart(named("cells")), alt.Chart(named("margins"))
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
            _across(decision, "low"), up, alt.X2("high"), hue(_WORDS)
        ),
        cells.mark_point(size=100, filled=True, opacity=1, yOffset=7).encode(
            _across(decision, "ratio"), up, hue(_WORDS), sign(_WORDS), tooltip=_tooltip()
        ),
    ).properties(height=_STEP * len(_rows(decision)))  # fmt: skip


def _across(decision: Decision, field: str) -> alt.X:
    """Place changes so that twice the time is as far from none as half of it."""
    ends = [end for one in _rows(decision) for end in (one.ratio, one.low, one.high) if end and math.isfinite(end)]
    furthest = max(_LEAST, 1 + decision.tolerance, *(max(end, 1 / end) for end in ends if end > 0)) ** 1.15
    scale = alt.Scale(type="log", domain=[1 / furthest, furthest], nice=False)
    axis = alt.Axis(labelExpr=charts.CHANGE, tickCount=5, labelOverlap=True, grid=False)
    return alt.X(f"{field}:Q").scale(scale).title("change of the time, candidate against baseline").axis(axis)


def _row(place: int, one: Change) -> Row:
    return {
        "place": place,
        "name": plain(one.name),
        "said": f"{one.verdict}: {plain(one.name)}",
        "verdict": one.verdict,
        "ratio": one.ratio,
        "change": f"{change(one.ratio)} ({_interval(one)})",
        "why": plain(one.why),
    }


def _tooltip() -> list[alt.Tooltip]:
    return [alt.Tooltip(f"{name}:N", title=title) for name, title in
            (("name", "cell"), ("verdict", "verdict"), ("change", "change"), ("why", "why"))]  # fmt: skip


def _interval(one: Change) -> str:
    return between(one.low, one.high, otherwise=TOO_FEW)


def _table(decision: Decision) -> Table:
    header = ("cell", "verdict", "why", "baseline", "candidate", "change", "interval", "fresh pairs", "pairs")
    rows = tuple(
        (
            plain(one.name),
            one.verdict,
            plain(one.why),
            seconds(one.baseline),
            seconds(one.candidate),
            change(one.ratio),
            _interval(one),
            one.fresh or NOTHING,
            one.pairs,
        )
        for one in _rows(decision)
    )
    return Table(header, rows, left=3)
