"""
A history's change points as people read them, and as programs do.
"""

import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from paceline.gate.check_judging import LEAST_CELLS
from paceline.gate.history_chosen import called
from paceline.gate.sentences import interval, short
from paceline.gate.trend_finding import Moved, Trend, changed_libraries, circumstances
from paceline.history import Run
from paceline.report import figures, layout
from paceline.report.figures import many
from paceline.stats import change_points

_COLUMNS = ("cell", "change", "95 % interval", "p")
_FOOTNOTE = (
    "change: the middle of the runs from it on against that of the runs before it, each up to the next change point; "
    "p: Mann-Whitney, corrected over all cells. It supposes that runs vary independently: slow drift of a machine can "
    "look like a step."
)


def tables(found: Trend) -> list[RenderableType]:
    """
    Lay out a trend, for `paceline.report.layout.render`: a table for each pair of runs between which something moved.
    """
    between = groupby(found.moved, key=lambda one: (one.before.path, one.after.path))
    shown = [_table(list(cells), len(found.looked_at)) for _, cells in between]
    history = f"{figures.plain(found.fingerprint)}: {many(found.runs, 'whole run')}"
    return [
        Text(history),
        *shown,
        *(Text(sentence) for sentence in _limits(found)),
        *([Text(_FOOTNOTE, style="dim")] if shown else []),
        Text(conclusion(found), style="bold"),
    ]


def conclusion(found: Trend) -> str:
    """
    Say in a sentence how many cells moved, or why that is unknown.
    """
    if not found.looked_at:
        return f"Unknown: no cell has {change_points.LEAST_RUNS} whole runs yet."
    cells = len({one.fullname for one in found.moved})
    if not cells:
        return f"No change point shows in {many(len(found.looked_at), 'cell')}."
    return f"{many(len(found.moved), 'change point')} in {cells} of {many(len(found.looked_at), 'cell')}."


def as_json(found: Trend) -> str:
    """
    Write a trend as JSON: every cell that was looked at, with its change points.
    """
    whole = {
        "fingerprint": found.fingerprint,
        "runs": found.runs,
        "cells": [
            {
                "fullname": name,
                "runs": runs,
                "changes": [_change(one) for one in found.moved if one.fullname == name],
            }
            for name, runs in found.looked_at.items()
        ],
        "too_few_runs": found.too_few,
        "least_runs": change_points.LEAST_RUNS,
    }
    return json.dumps(whole, indent=2, allow_nan=False)


def _table(moved: Sequence[Moved], cells: int) -> RenderableType:
    made = layout.table(_COLUMNS, left=1)
    for one, name in zip(moved, short([one.fullname for one in moved]), strict=True):
        point = one.point
        layout.row(made, (figures.plain(name), figures.change(point.ratio), interval(point), f"{point.p:.2g}"))
    return layout.titled(_title(moved[0].before, moved[0].after, together=2 * len(moved) >= cells >= LEAST_CELLS), made)


def _title(before: Run, after: Run, *, together: bool) -> str:
    others = "; ".join(map(figures.plain, circumstances(before, after))) or "same Python, same libraries"
    commits = figures.plain(" -> ".join(dict.fromkeys([before.short_commit, after.short_commit])))
    lines = [f"Moved at {called(after)}", f"  after {called(before)}", f"  commit {commits}; {others}"]
    if together:
        lines.append("  HALF OF ALL CELLS OR MORE: it may be the machine that moved")
    return "\n".join(lines)


def _limits(found: Trend) -> list[str]:
    said = []
    if found.too_few:
        least = change_points.LEAST_RUNS
        said.append(f"{many(len(found.too_few), 'cell')} with fewer than {least} whole runs: unknown, not looked at")
    if found.looked_at:
        cells = len(found.looked_at)
        sides = change_points.least_neighbours(cells)
        together = f"with {many(cells, 'cell')} judged together " if cells > 1 else ""
        said.append(
            f"{together}a change shows with {sides} runs on either side of it, fewer on one if more on the other"
        )
    return said


def _change(one: Moved) -> dict[str, Any]:
    before, after, point = one.before, one.after, one.point
    return {
        "run": after.number,
        "path": after.path and str(after.path),
        "before_run": before.number,
        "before_path": before.path and str(before.path),
        "ratio": point.ratio,
        "low": point.low,
        "high": point.high,
        "p": point.p,
        "commit_before": before.commit.get("id"),
        "commit_after": after.commit.get("id"),
        "python_before": before.python,
        "python_after": after.python,
        "libraries": changed_libraries(before, after),
    }
