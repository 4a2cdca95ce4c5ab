"""Where all cells of a history stand, run by run."""

from collections.abc import Sequence

import altair as alt

from paceline.report.page import look
from paceline.report.page.drawing import chart, named, span
from paceline.report.page.given import Drift
from paceline.report.page.model import Chart, Figure, Table
from paceline.report.page.sections.along import LINE, across, called, hover, places
from paceline.text.formats import change


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
    axis = alt.Axis(labelExpr=look.CHANGE, tickCount=5)
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
    return chart(layers.properties(height=look.HEIGHT - 100), {"runs": rows})
