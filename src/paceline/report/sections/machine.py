"""What a run was measured on."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from paceline.history import Run
from paceline.report.model import Column, Figure, Section, Table, called
from paceline.tables.rows import MEANINGS
from paceline.text.formats import NOTHING, digits, many, plain, setting
from paceline.text.numbers import is_number

_Fact = Callable[[Run], object]


def facts(runs: Sequence[Run]) -> list[tuple[str, ...]]:
    """Return a row for each fact that a run knows: its name, then what each run says.

    Args:
        runs: n at least 1.
    """
    named = {**_FACTS, **{f"library {name}": _library(name) for name in _libraries(runs)}}
    rows = [(plain(name), *(_word(say(run)) for run in runs)) for name, say in named.items()]
    return [row for row in rows if set(row[1:]) != {NOTHING}]


def load(run: Run) -> tuple[float, ...]:
    """Return the load averages over 1, 5 and 15 minutes when the run was saved; empty where it doesn't say."""
    known = run.facts.get("load_average")
    return tuple(float(one) for one in known if is_number(one)) if isinstance(known, list | tuple) else ()


def _word(value: object) -> str:
    return NOTHING if value is None or value == "" else plain(value)


def _inside(known: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = known.get(name)
    return inner if isinstance(inner, Mapping) else {}


def _libraries(runs: Sequence[Run]) -> list[str]:
    return list(dict.fromkeys(name for run in runs for name in run.libraries))


def _library(name: str) -> _Fact:
    return lambda run: run.libraries.get(name)


def _machine(name: str) -> _Fact:
    return lambda run: run.machine_info.get(name)


def _told(name: str) -> _Fact:
    return lambda run: run.facts.get(name)


def _cpus(run: Run) -> str | None:
    count, online = run.usable_cpus, run.facts.get("cpus_online")
    of_all = f" of {online} online" if online is not None else ""
    return None if count is None else f"{count:.4g}{of_all}"


def _gil(run: Run) -> str | None:
    said = run.facts.get("gil")
    built = run.machine_info.get("free_threaded")
    return None if said is None else f"{said} (free-threaded build)" if built else str(said)


def _interval(run: Run) -> str | None:
    seconds = run.facts.get("switch_interval")
    return setting(float(seconds)) if is_number(seconds) else None


def _scale(run: Run) -> str:
    chosen = _inside(run.facts, "scale")
    told = [
        name if value is True else f"{name}={value}" for name, value in chosen.items() if value not in (None, False)
    ]
    return ", ".join(told) or "defaults"


def _commit(run: Run) -> str | None:
    known = run.commit.get("id")
    return None if not known else f"{str(known)[:12]}{', with changes of its own' if run.commit.get('dirty') else ''}"


def _measured(run: Run) -> str:
    experiments = {cell.experiment for cell in run.cells}
    return f"{len(run.cells)} in {many(len(experiments), 'experiment')}, each process counted"


_FACTS: Mapping[str, _Fact] = {
    "fingerprint": lambda run: run.fingerprint,
    "CPU": lambda run: _inside(run.machine_info, "cpu").get("brand_raw"),
    "usable CPUs": _cpus,
    "system": _machine("system"),
    "architecture": _machine("machine"),
    "Python": lambda run: run.python,
    "compiler": _machine("python_compiler"),
    "GIL": _gil,
    "switch interval": _interval,
    "load average (1, 5, 15 min)": lambda run: ", ".join(map(digits, load(run))),
    "saved": lambda run: f"{run.datetime.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC",
    "commit": _commit,
    "Paceline": _told("version"),
    "seed": _told("seed"),
    "options": _scale,
    "cells": _measured,
    "complete": lambda run: "yes" if run.complete else "no",
    "file": lambda run: run.path,
}


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
    usable, averages = column.run.usable_cpus, load(column.run)
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
