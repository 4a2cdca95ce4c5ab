"""Where the cells of a history moved for good, and what else changed there."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from paceline import files
from paceline.files import Document
from paceline.history import Run
from paceline.stats import variation
from paceline.stats.variation import ChangePoint
from paceline.tables.runs import changed_libraries
from paceline.tables.verdicts import interval, short
from paceline.text import formats
from paceline.text.blocks import Answer, Grid, Listing, Sentence
from paceline.text.formats import Name, many
from paceline.trends.baselines import Measured, called
from paceline.trends.judging import LEAST_CELLS


@dataclass(frozen=True, kw_only=True)
class Moved:
    """One cell that moved, and between which runs."""

    fullname: str  # the node id, without a process
    point: ChangePoint  # where in the cell's own runs, by how much, and how sure that is
    before: Run  # the last of the cell's runs before it moved
    after: Run  # the first one that lies elsewhere


@dataclass(frozen=True, kw_only=True)
class Trend:
    """What a history shows."""

    fingerprint: str  # whose history it is
    runs: int  # how many complete runs it has
    # full name -> in how many runs each cell was that was looked at
    looked_at: dict[str, int] = field(default_factory=dict)
    too_few: dict[str, int] = field(default_factory=dict)  # full name -> the same for those with too few runs
    moved: tuple[Moved, ...] = ()  # the change points, in the order of the runs


def find_trend(fingerprint: str, history: Sequence[Measured], wanted: str = "") -> Trend:
    """Find where each cell of a history moved, in the complete runs of one fingerprint.

    Only cells with `wanted` in their full name are looked at; all tests together are corrected for as many.
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


def answer(found: Trend) -> Answer:
    """Put a trend into sentences, and a table for each pair of runs between which something moved."""
    between = groupby(found.moved, key=lambda one: (one.before.path, one.after.path))
    tables = [_table(list(cells), len(found.looked_at)) for _, cells in between]
    return Answer(
        heading="paceline trend",
        conclusion=Sentence(conclusion(found), style="bold"),
        blocks=[
            Sentence(f"{found.fingerprint}: {many(found.runs, 'whole run')}"),
            *tables,
            Listing([*map(Sentence, _limits(found))]),
            *([Sentence(_FOOTNOTE, style="dim")] if tables else []),
        ],
    )


def conclusion(found: Trend) -> str:
    """Return in a sentence how many cells moved, or why that is unknown."""
    if not found.looked_at:
        return f"Unknown: no cell has {variation.LEAST_CHANGE_RUNS} whole runs yet."
    cells = len({one.fullname for one in found.moved})
    if not cells:
        return f"No change point shows in {many(len(found.looked_at), 'cell')}."
    return f"{many(len(found.moved), 'change point')} in {cells} of {many(len(found.looked_at), 'cell')}."


@dataclass(frozen=True, kw_only=True)
class CellChange:
    """One change point of a cell: the runs from it on against those before it."""

    run: int | None  # the number of the first run that lies elsewhere
    path: str | None  # its file
    before_run: int | None  # the number of the cell's last run before it
    before_path: str | None  # its file
    ratio: float  # after / before
    low: float | None  # the lower end of its 95 % interval
    high: float | None  # the upper end
    p: float  # Mann-Whitney, corrected over all cells
    commit_before: str | None
    commit_after: str | None
    python_before: str
    python_after: str
    libraries: Mapping[str, Sequence[str | None]]  # those in other versions: name -> before and after


@dataclass(frozen=True, kw_only=True)
class CellTrend:
    """One cell that was looked at."""

    fullname: str
    runs: int  # that have it
    changes: Sequence[CellChange]


@dataclass(frozen=True, kw_only=True)
class TrendDocument(Document):
    """What `paceline trend --json` writes."""

    fingerprint: str  # whose history it is
    runs: int  # complete ones
    cells: Sequence[CellTrend]  # every cell that was looked at
    too_few_runs: Mapping[str, int]  # full name -> how many runs have it, of those that were not
    least_runs: int  # that a cell needs to be looked at


def as_json(found: Trend) -> str:
    """Write a trend as JSON: every cell that was looked at, with its change points."""
    changes: dict[str, list[CellChange]] = {name: [] for name in found.looked_at}
    for one in found.moved:
        changes[one.fullname].append(_change(one))
    document = TrendDocument(
        fingerprint=found.fingerprint,
        runs=found.runs,
        cells=[CellTrend(fullname=name, runs=runs, changes=changes[name]) for name, runs in found.looked_at.items()],
        too_few_runs=found.too_few,
        least_runs=variation.LEAST_CHANGE_RUNS,
    )
    return files.as_json(document)


def _table(moved: Sequence[Moved], cells: int) -> Grid:
    names, points = short([one.fullname for one in moved]), [one.point for one in moved]
    return Grid(
        _COLUMNS,
        [
            (Name(name), formats.change(point.ratio), interval(point.low, point.high), f"{point.p:.2g}")
            for name, point in zip(names, points, strict=True)
        ],
        title=_title(moved[0].before, moved[0].after, together=2 * len(moved) >= cells >= LEAST_CELLS),
    )


def _title(before: Run, after: Run, *, together: bool) -> str:
    others = "; ".join(map(formats.plain, circumstances(before, after))) or "same Python, same libraries"
    commits = formats.plain(" -> ".join(dict.fromkeys([before.short_commit, after.short_commit])))
    lines = [f"Moved at {called(after)}", f"  after {called(before)}", f"  commit {commits}; {others}"]
    if together:
        lines.append("  HALF OF ALL CELLS OR MORE: it may be the machine that moved")
    return "\n".join(lines)


def _limits(found: Trend) -> Iterator[str]:
    """Report which cells were not looked at, and what can be seen in the others."""
    if found.too_few:
        least = variation.LEAST_CHANGE_RUNS
        yield f"{many(len(found.too_few), 'cell')} with fewer than {least} whole runs: unknown, not looked at"
    if cells := len(found.looked_at):
        sides = variation.least_neighbours(cells)
        together = f"with {many(cells, 'cell')} judged together " if cells > 1 else ""
        yield f"{together}a change shows with {sides} runs on either side of it, fewer on one if more on the other"


def _path(run: Run) -> str | None:
    return None if run.path is None else str(run.path)


def _change(one: Moved) -> CellChange:
    before, after, point = one.before, one.after, one.point
    return CellChange(
        run=after.number,
        path=_path(after),
        before_run=before.number,
        before_path=_path(before),
        ratio=point.ratio,
        low=point.low,
        high=point.high,
        p=point.p,
        commit_before=before.commit.get("id"),
        commit_after=after.commit.get("id"),
        python_before=before.python,
        python_after=after.python,
        libraries=changed_libraries(before, after),
    )
