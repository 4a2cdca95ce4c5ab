"""What a page is made of: sections of panels, the columns that stand beside each other, and their doubts."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from paceline.history import Cell, Run, told_apart
from paceline.stats.samples import median_interval
from paceline.tables.builds import build_of
from paceline.tables.rows import by_mark, described, in_full, merged, ordered, shared, test, varying, wording
from paceline.text.formats import percent, plain, seconds
from paceline.text.numbers import is_number


@dataclass(frozen=True)
class Table:
    """Figures as text, for those who can't see a chart.

    Args:
        columns: the headers.
        rows: shape (n, columns), each as it is to be read.
        left: how many columns, from the first, hold words; figures after them stand on the right.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1


def cell_table(
    columns: tuple[str, ...], cells: Sequence[Cell], words: Mapping[str, Sequence[str]] | None = None
) -> Table:
    """Lay out cells.

    Args:
        columns: the headers.
        cells: shape (n,), one for each row.
        words: header -> what stands under it, shape (n,); what isn't there, each cell knows of itself.
    """
    more = words or {}
    rows = [{**_known(cell), **{name: own[place] for name, own in more.items()}} for place, cell in enumerate(cells)]
    return Table(columns, tuple(tuple(row[name] for name in columns) for row in rows))


def _known(cell: Cell) -> dict[str, str]:
    return {
        "strategy": plain(cell.strategy),
        "workers": str(cell.workers),
        "items": str(cell.items),
        "median": seconds(cell.median),
        "spread": percent(cell.spread),
        "limit": seconds(cell.limit),
        "efficiency": percent(cell.efficiency),
        "overhead per item": seconds(cell.overhead),
        "start": seconds(cell.start_seconds),
        "marks": in_full(cell.marks),
    }


@dataclass(frozen=True)
class Chart:
    """A chart in Vega-Lite.

    Args:
        spec: the specification; its data stands under names.
        data: name -> rows, each a mapping from field to a number or a text.
    """

    spec: Mapping[str, Any]
    data: Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, kw_only=True, eq=False)  # each is itself: two that say the same have names of their own
class Panel:
    """A chart with all that has to stand beside it.

    Args:
        key: names it, in small letters and hyphens; the same panel of another column has the same key.
        title: what it shows.
        says: what is to be seen on it, with numbers, in a sentence: its text alternative.
        column: the label of the column it is about; "" for one about all of them.
        setting: what all its cells have in common: "client=raw, items=64".
        chart: None where words and table say it all.
        table: the figures that the chart is drawn from.
        doubts: sentences on what may be wrong with them.
        source: the run that they come from, where it is not the column's own.
        details: what is there for those who ask, each a heading and its sentences.
    """

    key: str
    title: str
    says: str
    column: str = ""
    setting: str = ""
    chart: Chart | None = None
    table: Table | None = None
    doubts: tuple[str, ...] = ()
    source: str = ""
    details: tuple[tuple[str, tuple[str, ...]], ...] = ()


Rows = tuple[tuple[Panel, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the report.

    Args:
        key: names it, in small letters and hyphens.
        title: its heading.
        lead: sentences on how to read it.
        rows: panels that stand side by side, row by row.
        missing: what could stand here, and what to run for it.
    """

    key: str
    title: str
    lead: str = ""
    rows: Rows = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Report:
    """A whole report.

    Args:
        title: of the page.
        made: which runs it was made of, in one line each.
        sections: in the order in which they are read.
        loud: what a reader has to know before anything else.
    """

    title: str
    made: tuple[str, ...]
    sections: tuple[Section, ...]
    loud: tuple[str, ...] = ()

    @property
    def panels(self) -> tuple[Panel, ...]:
        """Every panel, in the order in which they are read."""
        return tuple(panel for section in self.sections for row in section.rows for panel in row)

    @property
    def several(self) -> bool:
        """Whether panels of several columns stand side by side, so that they have to say whose they are."""
        return len({panel.column for panel in self.panels if panel.column}) > 1


@dataclass(frozen=True)
class Column:
    """One run, and from older ones of its history the experiments that it lacks.

    Args:
        label: tells it from the other columns.
        run: the run it is about.
        cells: those of all its experiments; several processes of a cell put together, in the order of tables.
        sources: experiment -> the run its cells come from.
        order: the names of strategies as they stand in every table; each that occurs in any column is among them.
    """

    label: str
    run: Run
    cells: tuple[Cell, ...]
    sources: Mapping[str, Run]
    order: tuple[str, ...]

    def of(self, experiment: str, function: str | None = None) -> list[Cell]:
        """Return the cells of an experiment, or only those of one of its test functions."""
        own = [cell for cell in self.cells if cell.experiment == experiment]
        return own if function is None else [cell for cell in own if test(cell) == function]

    def source(self, cells: Iterable[Cell]) -> str:
        """Name the runs that cells come from, where these are not the column's own; "" where they are."""
        lenders = (self.sources[cell.experiment] for cell in cells)
        return ", ".join(dict.fromkeys(called(run) for run in lenders if run is not self.run))

    def panel(self, cells: Sequence[Cell], *, key: str, title: str, says: str, chart: Chart, table: Table) -> Panel:
        """Make a panel of some cells of this column, with what they share, their doubts and the run they come from."""
        return Panel(
            key=key,
            title=title,
            says=says,
            column=self.label,
            setting=wording(shared(cells)),
            chart=chart,
            table=table,
            doubts=doubts(cells),
            source=self.source(cells),
        )


@dataclass(frozen=True)
class Chosen:
    """What a report is made of.

    Args:
        runs: one for each column.
        older: fingerprint -> complete runs of that history, in order; empty where runs were chosen by name.
        histories: fingerprint -> complete runs of that history, in order, for every fingerprint among the runs.
        passed_over: files that can't be read, each with its reason.
    """

    runs: tuple[Run, ...]
    older: Mapping[str, Sequence[Run]]
    histories: Mapping[str, Sequence[Run]]
    passed_over: tuple[str, ...]

    def evidence(self, run: Run) -> list[Run]:
        """Return the runs that speak for a column: those that lend it experiments, and its own."""
        return [*(other for other in self.older.get(run.fingerprint, ()) if other.path != run.path), run]


def columns(runs: Sequence[Run], older: Mapping[str, Sequence[Run]], strategies: Sequence[str]) -> tuple[Column, ...]:
    """Make a column of each run.

    Args:
        runs: what the report is about, in order.
        older: fingerprint -> complete runs that may lend experiments, the newest last.
        strategies: their order in tables.
    """
    every = told_apart([*runs, *chain(*older.values())])
    runs, lenders = every[: len(runs)], every[len(runs) :]
    lending = [_newest([*(other for other in lenders if other.fingerprint == run.fingerprint), run]) for run in runs]
    found = [cell.strategy for own in lending for run in own.values() for cell in run.cells]
    order = tuple(dict.fromkeys([*strategies, *found]))
    return tuple(
        Column(label, run, tuple(_cells(sources, order)), sources, order)
        for label, run, sources in zip(_labels(runs), runs, lending, strict=True)
    )


def called(run: Run) -> str:
    """Name a run in a few words: "run 12 of 2026-11-22 04:05 UTC"."""
    number = f"run {run.number}" if run.number is not None else plain(run.path or "a run that is not saved")
    return f"{number} of {moment(run)}"


def moment(run: Run) -> str:
    """Return when a run was saved: "2026-11-22 04:05 UTC"."""
    return f"{run.datetime:%Y-%m-%d %H:%M} UTC"


def _newest(runs: Iterable[Run]) -> dict[str, Run]:
    return {cell.experiment: run for run in runs for cell in run.cells}


def _cells(sources: Mapping[str, Run], order: Sequence[str]) -> list[Cell]:
    cells = [cell for experiment, run in sources.items() for cell in run.cells if cell.experiment == experiment]
    return ordered(merged(cells), order)


def _labels(runs: Sequence[Run]) -> list[str]:
    """Label runs by what differs most: their Pythons, else their machines, else their numbers."""
    namings: list[Callable[[Run], str]] = [
        _python,
        lambda run: plain(run.fingerprint),
        lambda run: f"{_python(run)}, {called(run)}",
        lambda run: f"{called(run)}, {plain(run.path)}",
    ]
    for naming in namings:
        labels = [naming(run) for run in runs]
        if len(set(labels)) == len(labels):
            return labels
    return [
        f"{label} ({labels[: place + 1].count(label)})" if label in labels[:place] else label
        for place, label in enumerate(labels)
    ]


def _python(run: Run) -> str:
    gil = build_of(run)["gil"]
    return plain(f"{run.python}, GIL {gil}" if gil else run.python)


_CELL = "cell"  # stands for what is in the brackets of a cell's name, where no parameter tells two cells apart
_WORKERS = "workers"


def distinguishing(
    columns: Iterable[Sequence[Cell]], place: Callable[[Cell], object] = lambda _: None
) -> tuple[str, ...]:
    """Name the parameters that have to stand beside the strategy.

    With them no two cells of a column share their row and their `place` in it.
    """
    groups: dict[tuple[object, ...], list[dict[str, str]]] = {}
    for number, cells in enumerate(columns):
        for cell in cells:
            groups.setdefault((number, cell.strategy, place(cell)), []).append(_words(cell))
    return tuple(dict.fromkeys(name for group in groups.values() for name in _differing(group)))


def label(cell: Cell, names: Sequence[str]) -> str:
    """Name a cell's row: its strategy, its workers if they are among the names ("threads x8"), and other parameters."""
    words = _words(cell)
    beside = wording({name: words[name] for name in names if name in words and name != _WORKERS})
    who = f"{plain(cell.strategy)} x{cell.workers}" if _WORKERS in names else plain(cell.strategy)
    return f"{who}, {beside}" if beside else who


def slug(*names: str) -> str:
    """Make a key of names, which may hold anything: small letters, digits and hyphens."""
    return re.sub("[^a-z0-9]+", "-", "-".join(names).lower()).strip("-")


def drawn_or_missing(key: str, title: str, lead: str, rows: Rows, missing: str) -> Section:
    """Make a section of rows, which its lead explains; without any it is what is missing."""
    return Section(key=key, title=title, lead=lead if rows else "", rows=rows, missing=() if rows else (missing,))


def lacking(columns: Sequence[Column], has: Callable[[Column], object], what: str, experiment: str) -> tuple[str, ...]:
    """Return what was not measured, where it was not, and what measures it; nothing if every column has it.

    Args:
        columns: those of the page.
        has: whether a column has it.
        what: it in words, as the subject of a sentence.
        experiment: the one that measures it.
    """
    without = [column.label for column in columns if not has(column)]
    if not without and columns:
        return ()
    where = f" with {' and '.join(without)}" if len(without) < len(columns) else ""
    return (f"{what} was not measured{where}; measure it: {command(experiment)}",)


def command(experiment: str) -> str:
    """Return what to type to measure an experiment."""
    return f"pytest --benchmark-only benchmarks/test_{experiment}.py"


def _words(cell: Cell) -> dict[str, str]:
    return {**described(cell), _CELL: plain(cell.name.partition("[")[2].removesuffix("]") or cell.name)}


def _differing(group: Sequence[dict[str, str]]) -> list[str]:
    first, *rest = group
    names = dict.fromkeys(name for words in group for name in words)
    differing = [name for name in names if any(words.get(name) != first.get(name) for words in rest)]
    return [name for name in differing if name != _CELL] or differing


_MOST = 3  # cells that are named


def doubts(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Return a sentence for each kind of doubt: which it is, what it means, and which of a panel's cells have it."""
    names = (
        f"{plain(cell.strategy)} ({label})" if label else plain(cell.strategy)
        for cell, label in zip(cells, varying(cells), strict=True)
    )
    return doubts_of(zip(names, cells, strict=True))


def doubts_of(cells: Iterable[tuple[str, Cell]]) -> tuple[str, ...]:
    """Return the same for cells with the names that they are to be called by."""
    grouped = by_mark((name, warning) for name, cell in cells for warning in cell.warnings)
    return tuple(f"{doubt}: {_whose(names)}" for doubt, names in grouped)


def _whose(names: Sequence[str]) -> str:
    if len(names) <= _MOST:
        return "; ".join(names)
    return f"{len(names)} cells, among them {'; '.join(names[:_MOST])}"


Maker = Callable[[Column], Panel | None]
"""Makes a panel of a column; None where the column has nothing for it."""


def side_by_side(columns: Sequence[Column], makers: Iterable[Maker]) -> Rows:
    """Put the panels of one column in a row; of several columns, each maker's panels in a row of their own."""
    rows = [[panel for column in columns if (panel := make(column))] for make in makers]
    if len(columns) == 1:
        rows = [list(chain(*rows))]
    return tuple(tuple(row) for row in rows if row)


def number(value: Any) -> float | None:
    """Return a figure; None for anything else: a text, a truth, NaN."""
    return float(value) if is_number(value) else None


def above_zero(value: Any) -> float | None:
    """Return a figure that has a place on a logarithmic axis; None for any other."""
    found = number(value)
    return found if found is not None and found > 0 else None


def ends(cell: Cell) -> tuple[float, float]:
    """Return the ends of the interval in which the true median of a cell's rounds lies, seconds."""
    between = median_interval(cell.rounds)
    return between.low, between.high


def extremes(cells: Sequence[Cell]) -> tuple[Cell, Cell]:
    """Return the cell with the shortest median and the one with the longest, of n at least 1."""
    return min(cells, key=lambda cell: cell.median), max(cells, key=lambda cell: cell.median)
