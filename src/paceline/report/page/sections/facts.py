"""What a run says about its machine, its Python and itself, as words."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from paceline.history import Run
from paceline.text.formats import NOTHING, digits, is_number, many, plain, setting

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


def cpus(run: Run) -> float | None:
    """Return the usable CPUs; None where the run doesn't say."""
    count = _inside(run.machine_info, "cpu").get("count")
    return float(count) if is_number(count) else None


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
    count, online = cpus(run), run.facts.get("cpus_online")
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
