"""Which tests of a session are cells, and what the session runs on."""

import contextlib
import importlib.metadata
import platform
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FIXTURES = {"benchmark", "codspeed_benchmark"}
MARKS = ("benchmark", "codspeed_benchmark")  # pytest-codspeed's, on a whole test
ELSEWHERE = "measured in a process of its own, where no turns can be taken"


def existing(asked: list[str]) -> list[str]:
    """Return the existing files and folders of those, or a folder without tests: at a missing one pytest would end."""
    return list(dict.fromkeys(place for place in map(_place, asked) if Path(place).exists())) or [tempfile.gettempdir()]


def asked_for(asked: list[str], items: list[pytest.Item]) -> list[pytest.Item]:
    """Return the tests that are named; a file or a folder names all in it."""
    whole = {Path(each).absolute() for each in asked if "::" not in each}
    names = [(Path(_place(each)).absolute(), each.partition("::")[2]) for each in asked if "::" in each]
    return [item for item in items if not names or whole & {item.path, *item.path.parents} or _named(names, item)]


def absent(asked: list[str], items: list[pytest.Item]) -> list[str]:
    """Return what is named and doesn't exist."""
    found = {each for each in asked if Path(_place(each)).exists()}
    return [each for each in asked if each not in found or ("::" in each and not asked_for([each], items))]


def _place(argument: str) -> str:
    return argument.partition("::")[0]


def _named(names: list[tuple[Path, str]], item: pytest.Item) -> bool:
    own = item.nodeid.partition("::")[2]
    return any(item.path == path and (own == name or own.startswith((f"{name}::", f"{name}["))) for path, name in names)


def takes_benchmark(item: pytest.Item) -> bool:
    """Whether a test takes a benchmark's fixture, itself or through another one."""
    return not FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))


def adapt(items: list[pytest.Item]) -> list[str]:
    """Let pytest-benchmark measure what was written for pytest-codspeed; return notes on what is dropped."""
    dropped = 0
    for item in items:
        marked = any(map(item.get_closest_marker, MARKS))
        if marked and not takes_benchmark(item) and hasattr(item, "fixturenames"):
            item.stash[WHOLE] = True
            item.fixturenames.append("benchmark")
        for mark in item.iter_markers("benchmark"):
            options: Any = mark.kwargs
            dropped += options.pop("max_rounds", None) is not None  # pytest-benchmark refuses it
    return [f"max_rounds of {dropped} benchmark marks plays no part: all rounds are planned"] if dropped else []


WHOLE = pytest.StashKey[bool]()
"""Of an item: all of it is to be timed."""


def collected(items: list[pytest.Item]) -> dict[str, Any]:
    """Return the cells, those that can't be compared, each with the reason, and what they ask for."""
    cells, aside = [], {}
    for item in items:
        if not takes_benchmark(item):
            continue
        if skip := item.get_closest_marker("skip"):
            aside[item.nodeid] = f"skipped: {skip.kwargs.get('reason', 'no reason given')}"
        elif _elsewhere(item):
            aside[item.nodeid] = ELSEWHERE
        else:
            cells.append(item)
    return {
        "cells": [item.nodeid for item in cells],
        "aside": aside,
        "one_core": [item.nodeid for item in cells if item.get_closest_marker("one_core")],
        "needs_instrument": any(from_paceline(item, "instrument") for item in cells),
    }


def _elsewhere(item: pytest.Item) -> bool:
    params: Any = getattr(getattr(item, "callspec", None), "params", {})
    processes = (from_paceline(item, name) and params.get(name) for name in PROCESS)
    return from_paceline(item, "cost") or any(processes)


def from_paceline(item: pytest.Item, name: str) -> bool:
    """Whether a test has Paceline's parameter or fixture of that name, and not one of the project's own."""
    fixtures = item._fixtureinfo.name2fixturedefs.get(name, ())  # type: ignore[attr-defined]  # noqa: SLF001 - no public way
    return any(fixture.func.__module__ in {*PACELINE, OWN} for fixture in fixtures[-1:])


PACELINE = ("paceline.plugin", "paceline.plugin.laboratory")  # the first has all fixtures in a revision from before
PROCESS = ("_paceline_process", "process")  # the second in a revision from before
OWN = __name__.rpartition(".")[0] + ".lockstep"
"""The module whose fixture `instrument` replaces Paceline's."""


def facts(names: list[str]) -> dict[str, Any]:
    """Return what runs here, and the versions of those libraries that are installed."""
    libraries = {}
    for name in names:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):  # a project need not have it
            libraries[name] = importlib.metadata.version(name)
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return {"python": python, "build": build(), "libraries": libraries, "modules": loaded(), "traced": traced()}


def build() -> dict[str, Any]:
    """Return how this Python was built, and whether the GIL is on."""
    from . import machine  # type: ignore[attr-defined]  # beside this file's copy, and nowhere else

    return {**machine.stable_facts([]), "gil": machine.volatile_facts()["gil"]}


def traced() -> str | None:
    """Return what slows Python code down in this process; None if nothing does."""
    from . import tracers  # type: ignore[attr-defined]  # beside this file's copy, and nowhere else

    on = tracers.running()
    return str(tracers.doubt(on)) if on else None


def loaded() -> dict[str, str]:
    """Return which file each module but ours comes from, and load no lazy one by asking."""
    ours = __name__.rpartition(".")[0] + "."
    modules = {name: module for name, module in list(sys.modules.items()) if not f"{name}.".startswith(ours)}
    own = {
        name: object.__getattribute__(each, "__dict__")
        for name, each in modules.items()
        if isinstance(each, ModuleType)
    }
    return {name: each["__file__"] for name, each in own.items() if isinstance(each.get("__file__"), str)}
