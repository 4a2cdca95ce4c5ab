"""`paceline trend`: where the cells of this machine's history moved for good."""

import json
import math
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from paceline import history, machine
from paceline.history import NoSuchRunError, Run
from paceline.stats import variation
from paceline.stats.variation import ChangePoint
from paceline.tables.verdicts import MISUSE, interval, short
from paceline.text import formats
from paceline.text.formats import many
from paceline.trends.baselines import Complain, Measured, called, measured, of_this_machine, untraced
from paceline.trends.judging import LEAST_CELLS


@dataclass(frozen=True, kw_only=True)
class Moved:
    """One cell that moved, and between which runs.

    Args:
        fullname: the node id, without a process.
        point: where in the cell's own runs, by how much, and how sure that is.
        before: the last of the cell's runs before it moved.
        after: the first one that lies elsewhere.
    """

    fullname: str
    point: ChangePoint
    before: Run
    after: Run


@dataclass(frozen=True, kw_only=True)
class Trend:
    """What a history shows.

    Args:
        fingerprint: whose history it is.
        runs: how many complete runs it has.
        looked_at: full name -> in how many runs each cell was that was looked at.
        too_few: full name -> the same for those with too few runs.
        moved: the change points, in the order of the runs.
    """

    fingerprint: str
    runs: int
    looked_at: dict[str, int] = field(default_factory=dict)
    too_few: dict[str, int] = field(default_factory=dict)
    moved: tuple[Moved, ...] = ()


def find_trend(fingerprint: str, history: Sequence[Measured], wanted: str = "") -> Trend:
    """Find where each cell of a history moved.

    Args:
        fingerprint: whose history it is.
        history: its complete runs in order.
        wanted: only cells with this in their full name are looked at; all tests together are corrected for as many.
    """
    names = dict.fromkeys(name for one in history for name in one.cells if wanted in name)
    having = {name: [one for one in history if name in one.cells] for name in names}
    enough = {name: runs for name, runs in having.items() if len(runs) >= variation.LEAST_CHANGE_RUNS}
    logs = {name: [math.log(one.cells[name].median) for one in runs] for name, runs in enough.items()}
    moved = [
        Moved(fullname=name, point=point, before=enough[name][point.index - 1].run, after=enough[name][point.index].run)
        for name, points in variation.change_points(logs).items()
        for point in points
    ]
    places = {id(one.run): place for place, one in enumerate(history)}
    return Trend(
        fingerprint=fingerprint,
        runs=len(history),
        looked_at={name: len(runs) for name, runs in enough.items()},
        too_few={name: len(runs) for name, runs in having.items() if name not in enough},
        moved=tuple(sorted(moved, key=lambda one: (places[id(one.after)], places[id(one.before)]))),
    )


def changed_libraries(before: Run, after: Run) -> dict[str, tuple[str | None, str | None]]:
    """Return the libraries whose version is not the same in both runs, of those that both looked for.

    Returns:
        name -> its version before and after, None where a run didn't have it.
    """
    one, other = before.libraries, after.libraries
    return {name: (one[name], other[name]) for name in sorted(one.keys() & other) if one[name] != other[name]}


def circumstances(before: Run, after: Run) -> Iterator[str]:
    """Return what else is not the same in two runs: the Python, libraries."""
    if before.python != after.python:
        yield f"{before.python} -> {after.python}"
    for name, (old, new) in changed_libraries(before, after).items():
        yield f"{name} {old or 'missing'} -> {new or 'missing'}"


_COLUMNS = ("cell", "change", "95 % interval", "p")
_FOOTNOTE = (
    "change: the middle of the runs from it on against that of the runs before it, each up to the next change point; "
    "p: Mann-Whitney, corrected over all cells. It supposes that runs vary independently: slow drift of a machine can "
    "look like a step."
)


def tables(found: Trend) -> list[RenderableType]:
    """Lay out a trend, for `layout.render`: a table for each pair of runs between which something moved."""
    between = groupby(found.moved, key=lambda one: (one.before.path, one.after.path))
    shown = [_table(list(cells), len(found.looked_at)) for _, cells in between]
    history = f"{formats.plain(found.fingerprint)}: {many(found.runs, 'whole run')}"
    return [
        Text(history),
        *shown,
        *(Text(sentence) for sentence in _limits(found)),
        *([Text(_FOOTNOTE, style="dim")] if shown else []),
        Text(conclusion(found), style="bold"),
    ]


def conclusion(found: Trend) -> str:
    """Return in a sentence how many cells moved, or why that is unknown."""
    if not found.looked_at:
        return f"Unknown: no cell has {variation.LEAST_CHANGE_RUNS} whole runs yet."
    cells = len({one.fullname for one in found.moved})
    if not cells:
        return f"No change point shows in {many(len(found.looked_at), 'cell')}."
    return f"{many(len(found.moved), 'change point')} in {cells} of {many(len(found.looked_at), 'cell')}."


def as_json(found: Trend) -> str:
    """Write a trend as JSON: every cell that was looked at, with its change points."""
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
        "least_runs": variation.LEAST_CHANGE_RUNS,
    }
    return json.dumps(whole, indent=2, allow_nan=False)


def _table(moved: Sequence[Moved], cells: int) -> RenderableType:
    made = formats.table(_COLUMNS, left=1)
    for one, name in zip(moved, short([one.fullname for one in moved]), strict=True):
        point = one.point
        formats.row(made, (formats.plain(name), formats.change(point.ratio), interval(point), f"{point.p:.2g}"))
    return formats.titled(
        _title(moved[0].before, moved[0].after, together=2 * len(moved) >= cells >= LEAST_CELLS), made
    )


def _title(before: Run, after: Run, *, together: bool) -> str:
    others = "; ".join(map(formats.plain, circumstances(before, after))) or "same Python, same libraries"
    commits = formats.plain(" -> ".join(dict.fromkeys([before.short_commit, after.short_commit])))
    lines = [f"Moved at {called(after)}", f"  after {called(before)}", f"  commit {commits}; {others}"]
    if together:
        lines.append("  HALF OF ALL CELLS OR MORE: it may be the machine that moved")
    return "\n".join(lines)


def _limits(found: Trend) -> list[str]:
    said = []
    if found.too_few:
        least = variation.LEAST_CHANGE_RUNS
        said.append(f"{many(len(found.too_few), 'cell')} with fewer than {least} whole runs: unknown, not looked at")
    if found.looked_at:
        cells = len(found.looked_at)
        sides = variation.least_neighbours(cells)
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


def trend(arguments: Namespace, complain: Complain) -> int:
    """Find the change points of each cell, and show them with what else changed there.

    Args:
        arguments: `cell`, `json` and `results`, as typed.
        complain: says a sentence on standard error.

    Returns:
        0, also where nothing moved or nobody can tell; 2: there is no history, or no such cell in it.
    """
    here = machine.fingerprint()
    try:
        runs = untraced(of_this_machine(arguments.results, complain), complain)
    except NoSuchRunError as error:
        complain(error)
        return MISUSE
    if not runs:
        complain(f"every run of {here} was measured beside a tracer; measure without: {history.store.MEASURE}")
        return MISUSE
    found = find_trend(here, [measured(run) for run in runs], arguments.cell)
    if not found.looked_at and not found.too_few:
        complain(f"no cell of {here} has {arguments.cell!r} in its full name; see paceline compare")
        return MISUSE
    if arguments.json:
        sys.stdout.write(f"{as_json(found)}\n")
    else:
        formats.render(tables(found))
    return 0
