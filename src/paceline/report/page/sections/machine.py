"""The machine, the Python and the versions of each run, and what is doubtful about whole runs."""

from collections import Counter
from collections.abc import Iterator, Sequence

from paceline.report.page.columns import Column, called
from paceline.report.page.model import Figure, Section, Table
from paceline.report.page.sections.facts import cpus, facts, load
from paceline.tables.rows import MEANINGS
from paceline.text.formats import digits, plain

_LEAD = (
    "Figures hold for the machine, the Python and the versions that they were measured with. A load average is that of "
    "the whole machine when the run was saved, the run's own work included."
)
_DIFFERS = "differs"
_HIGH = 1.5
"""Load for each usable CPU: a run that keeps its CPUs busy makes 1 of its own."""


def section(columns: Sequence[Column], here: str | None = None) -> Section:
    """Make the part on machines.

    Args:
        columns: n at least 1.
        here: the fingerprint of the machine and Python of whoever makes the report; None where that is nobody's matter.
    """
    rows = ((_facts(columns, here),), (_marks(columns),))
    return Section(key="machine", title="Machine, Python and versions", lead=_LEAD, rows=rows)


def _facts(columns: Sequence[Column], here: str | None) -> Figure:
    labels = [plain(column.label) for column in columns]
    several = len(columns) > 1
    rows = [
        (*row, *(["" if len(set(row[1:])) == 1 else _DIFFERS] if several else []))
        for row in facts([column.run for column in columns])
    ]
    header = ("fact", *labels, *(["between them"] if several else []))
    doubts = (*_apart(columns), *(doubt for column in columns for doubt in _doubts(column, here)))
    return Figure(
        key="machine-facts",
        title="What was measured where",
        says=f"{_introduced(columns)} {_tally(doubts)}",
        column="" if several else columns[0].label,
        table=Table(header, tuple(rows), left=len(header)),
        doubts=doubts,
    )


def _introduced(columns: Sequence[Column]) -> str:
    return " ".join(
        f"{plain(column.label)}: {called(column.run)}, {plain(column.run.fingerprint)}." for column in columns
    )


def _tally(doubts: Sequence[str]) -> str:
    if not doubts:
        return "Nothing is doubtful about whole runs."
    return f"{len(doubts)} thing{'s are' if len(doubts) > 1 else ' is'} to be known before anybody counts on them."


def _apart(columns: Sequence[Column]) -> Iterator[str]:
    """Yield what keeps columns from being compared."""
    runs = [column.run for column in columns]
    fingerprints = dict.fromkeys(plain(run.fingerprint) for run in runs)
    if len(fingerprints) > 1:
        yield (
            f"DIFFERENT MACHINES OR PYTHONS: {', '.join(fingerprints)}. Figures of different ones say nothing about "
            f"each other's code."
        )
    elif len(pythons := dict.fromkeys(plain(run.python) for run in runs)) > 1:
        yield f"DIFFERENT PYTHONS: {', '.join(pythons)}."
    known = [run.libraries for run in runs]
    for name in dict.fromkeys(name for one in known for name in one):
        found = [one.get(name, "unknown") or "missing" for one in known]
        if len({*found} - {"unknown"}) > 1:
            yield f"NOT THE SAME VERSION OF {plain(name)}: {', '.join(map(plain, found))}."


def _doubts(column: Column, here: str | None) -> Iterator[str]:
    run, label = column.run, plain(column.label)
    if not run.complete:
        yield f"{label}: INCOMPLETE: {plain(run.why_incomplete or 'nobody said why')}."
    if here is not None and run.fingerprint != here:
        yield f"{label}: ANOTHER MACHINE OR PYTHON than this one, {plain(here)}: nothing of it is about this one."
    if run.commit.get("dirty"):
        yield f"{label}: the working tree had changes of its own, so the commit alone doesn't say what was measured."
    yield from _loaded(column)
    yield from _lent(column)


def _loaded(column: Column) -> Iterator[str]:
    """Doubt a run at whose end more wanted to run than there were CPUs."""
    usable, averages = cpus(column.run), load(column.run)
    if usable is not None and averages and max(averages) > _HIGH * usable:
        yield (
            f"{plain(column.label)}: a load average of {digits(max(averages))}, above {_HIGH} for "
            f"each of {usable:.4g} usable CPUs: the run's own work is part of it, and something else may have run too."
        )


def _lent(column: Column) -> Iterator[str]:
    lent: dict[str, list[str]] = {}
    for experiment, run in column.sources.items():
        if run is not column.run:
            lent.setdefault(called(run), []).append(plain(experiment))
    for name, experiments in lent.items():
        yield f"{plain(column.label)}: {', '.join(experiments)} from {name}, which this run lacks."


def _marks(columns: Sequence[Column]) -> Figure:
    counts = [Counter(mark for cell in column.cells for mark in cell.marks) for column in columns]
    known = dict.fromkeys([*MEANINGS, *(mark for one in counts for mark in one)])
    found = [mark for mark in known if any(one[mark] for one in counts)]
    rows = tuple((plain(mark), plain(MEANINGS.get(mark, "")), *(str(one[mark]) for one in counts)) for mark in found)
    return Figure(
        key="machine-marks",
        title="Cells with marks",
        says=" ".join(map(_marked, columns)),
        column="" if len(columns) > 1 else columns[0].label,
        table=Table(("mark", "meaning", *(plain(column.label) for column in columns)), rows, left=2) if rows else None,
    )


def _marked(column: Column) -> str:
    marked = sum(bool(cell.marks) for cell in column.cells)
    return f"{plain(column.label)}: {marked} of {len(column.cells)} cells carry a mark."
