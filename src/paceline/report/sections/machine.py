"""What a run was measured on."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from paceline.history import Run
from paceline.report.model import Column, Panel, Section, Table, called, moment
from paceline.tables.builds import build_of, differ, in_words, optimizations
from paceline.tables.rows import MEANINGS, meanings
from paceline.text.formats import NOTHING, digits, many, plain, setting
from paceline.text.numbers import is_number


def facts(runs: Sequence[Run]) -> list[tuple[str, ...]]:
    """Return a row for each fact that a run knows: its name, then what each run says."""
    known = [_facts(run) for run in runs]
    rows = [(plain(name), *(_word(own.get(name)) for own in known)) for name in dict.fromkeys(chain(*known))]
    return [row for row in rows if set(row[1:]) != {NOTHING}]


def _facts(run: Run) -> dict[str, object]:
    info, known = run.machine_info, run.facts
    experiments = {cell.experiment for cell in run.cells}
    return {
        "fingerprint": run.fingerprint,
        "CPU": _inside(info, "cpu").get("brand_raw"),
        "usable CPUs": _cpus(run),
        "system": info.get("system"),
        "architecture": info.get("machine"),
        "Python": run.python,
        "compiler": info.get("python_compiler"),
        "optimizations": optimizations(build_of(run)) if "build" in info else None,
        "JIT": _inside(info, "build").get("jit"),
        "GIL": _gil(run),
        "switch interval": setting(interval) if is_number(interval := known.get("switch_interval")) else None,
        "load average (1, 5, 15 min)": ", ".join(map(digits, load(run))),
        "saved": moment(run),
        "commit": _commit(run),
        "Paceline": known.get("version"),
        "seed": known.get("seed"),
        "options": _scale(run),
        "cells": f"{len(run.cells)} in {many(len(experiments), 'experiment')}, each process counted",
        "complete": "yes" if run.complete else "no",
        "file": run.path,
        **{f"library {name}": version for name, version in run.libraries.items()},
    }


def load(run: Run) -> tuple[float, ...]:
    """Return the load averages over 1, 5 and 15 minutes when the run was saved; empty where it doesn't say."""
    known = run.facts.get("load_average")
    return tuple(float(one) for one in known if is_number(one)) if isinstance(known, list | tuple) else ()


def _word(value: object) -> str:
    return NOTHING if value is None or value == "" else plain(value)


def _inside(known: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = known.get(name)
    return inner if isinstance(inner, Mapping) else {}


def _cpus(run: Run) -> str | None:
    count, online = run.usable_cpus, run.facts.get("cpus_online")
    of_all = f" of {online} online" if online is not None else ""
    return None if count is None else f"{count:.4g}{of_all}"


def _gil(run: Run) -> str | None:
    gil, built = run.facts.get("gil"), run.machine_info.get("free_threaded")
    return None if gil is None else f"{gil}{' (free-threaded build)' if built else ''}"


def _scale(run: Run) -> str:
    chosen = {name: value for name, value in _inside(run.facts, "scale").items() if value not in (None, False)}
    return ", ".join(name if value is True else f"{name}={value}" for name, value in chosen.items()) or "defaults"


def _commit(run: Run) -> str | None:
    known = run.commit.get("id")
    return None if not known else f"{str(known)[:12]}{', with changes of its own' if run.commit.get('dirty') else ''}"


_LEAD = (
    "Figures hold for the machine, the Python and the versions that they were measured with. A load average is that of "
    "the whole machine when the run was saved, the run's own work included."
)
_HIGH = 1.5
"""Load for each usable CPU: a run that keeps its CPUs busy makes 1 of its own."""


def section(columns: Sequence[Column], here: str | None = None) -> Section:
    """Make the part on machines.

    Args:
        columns: n at least 1.
        here: the fingerprint of this machine and Python; None where that does not matter.
    """
    rows = ((_differences(columns, here),), (_marks(columns),))
    return Section(key="machine", title="Machine, Python and versions", lead=_LEAD, rows=rows)


def _differences(columns: Sequence[Column], here: str | None) -> Panel:
    labels, several = [plain(column.label) for column in columns], len(columns) > 1
    rows = facts([column.run for column in columns])
    if several:
        rows = [(*row, "" if len(set(row[1:])) == 1 else "differs") for row in rows]
    header = ("fact", *labels, *(["between them"] if several else []))
    introduced = (f"{plain(one.label)}: {called(one.run)}, {plain(one.run.fingerprint)}." for one in columns)
    doubts = (*_apart(columns), *(doubt for column in columns for doubt in _doubts(column, here)))
    return Panel(
        key="machine-facts",
        title="What was measured where",
        says=" ".join([*introduced, _tally(len(doubts))]),
        column="" if several else columns[0].label,
        table=Table(header, tuple(rows), left=len(header)),
        doubts=doubts,
    )


def _tally(doubts: int) -> str:
    if not doubts:
        return "Nothing is doubtful about whole runs."
    return f"{doubts} thing{'s are' if doubts > 1 else ' is'} to be known before anybody counts on them."


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
    built = [build_of(run) for run in runs]
    if any(differ(built[0], other) for other in built[1:]):
        each = (f"{plain(column.label)}: {in_words(one)}" for column, one in zip(columns, built, strict=True))
        yield f"PYTHONS BUILT OR STARTED IN DIFFERENT WAYS: {'; '.join(each)}."
    known = [run.libraries for run in runs]
    for name in dict.fromkeys(name for one in known for name in one):
        found = [one.get(name, "unknown") or "missing" for one in known]
        if len({*found} - {"unknown"}) > 1:
            yield f"NOT THE SAME VERSION OF {plain(name)}: {', '.join(map(plain, found))}."


def _doubts(column: Column, here: str | None) -> Iterator[str]:
    run, label = column.run, plain(column.label)
    if not run.complete:
        yield f"{label}: INCOMPLETE: {plain(run.why_incomplete or 'no reason given')}."
    if here is not None and run.fingerprint != here:
        yield f"{label}: ANOTHER MACHINE OR PYTHON than this one, {plain(here)}: nothing of it is about this one."
    if run.commit.get("dirty"):
        yield f"{label}: the working tree had changes of its own, so the commit alone doesn't say what was measured."
    yield from _loaded(column)
    yield from _lent(column)


def _loaded(column: Column) -> Iterator[str]:
    """Name a run at whose end more wanted to run than there were CPUs."""
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


def _marks(columns: Sequence[Column]) -> Panel:
    counts = [Counter(mark for cell in column.cells for mark in cell.marks) for column in columns]
    known = dict.fromkeys([*MEANINGS, *(mark for one in counts for mark in one)])
    found = [mark for mark in known if any(one[mark] for one in counts)]
    means = meanings(cell for column in columns for cell in column.cells)
    rows = tuple((plain(mark), plain(means[mark]), *(str(one[mark]) for one in counts)) for mark in found)
    return Panel(
        key="machine-marks",
        title="Cells with marks",
        says=" ".join(map(_marked, columns)),
        column="" if len(columns) > 1 else columns[0].label,
        table=Table(("mark", "meaning", *(plain(column.label) for column in columns)), rows, left=2) if rows else None,
    )


def _marked(column: Column) -> str:
    marked = sum(bool(cell.marks) for cell in column.cells)
    return f"{plain(column.label)}: {marked} of {len(column.cells)} cells carry a mark."
