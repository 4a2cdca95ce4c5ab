"""Which tests of a session are cells, and what the session runs on."""

import importlib.metadata
import platform
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FIXTURES = ("benchmark", "codspeed_benchmark")
MARKS = ("benchmark", "codspeed_benchmark")  # pytest-codspeed's, on a whole test
FOREIGN = ("max_rounds",)  # of pytest-codspeed's mark; pytest-benchmark refuses them
ELSEWHERE = "measured in a process of its own, where no turns can be taken"


def there(asked: list[str]) -> list[str]:
    """Return the files and folders of those that are there; the other side may have more, and pytest would end.

    A folder without tests stands for none of them.
    """
    return list(dict.fromkeys(place for place in map(_place, asked) if Path(place).exists())) or [tempfile.gettempdir()]


def asked_for(asked: list[str], items: list[pytest.Item]) -> list[pytest.Item]:
    """Return the tests that are named; a file or a folder names all that are in it."""
    whole = [Path(each).absolute() for each in asked if "::" not in each]
    names = [(Path(_place(each)).absolute(), each.partition("::")[2]) for each in asked if "::" in each]
    return [item for item in items if _in_any(whole, item.path) or _named(names, item)] if names else items


def absent(asked: list[str], items: list[pytest.Item]) -> list[str]:
    """Return what is named and is not there."""
    return [
        each for each in asked if not Path(_place(each)).exists() or ("::" in each and not asked_for([each], items))
    ]


def _place(argument: str) -> str:
    return argument.partition("::")[0]


def _in_any(folders: list[Path], path: Path) -> bool:
    return any(path == folder or folder in path.parents for folder in folders)


def _named(names: list[tuple[Path, str]], item: pytest.Item) -> bool:
    own = item.nodeid.partition("::")[2]
    return any(item.path == path and (own == name or own.startswith((f"{name}::", f"{name}["))) for path, name in names)


def takes_benchmark(item: pytest.Item) -> bool:
    """Whether a test takes a benchmark's fixture, itself or through another one."""
    names = getattr(item, "fixturenames", ())
    return any(name in names for name in FIXTURES)


def is_marked(item: pytest.Item) -> bool:
    """Whether all of a test is to be timed, as pytest-codspeed does with those that bear its mark."""
    return not takes_benchmark(item) and any(item.get_closest_marker(name) for name in MARKS)


def adapt(items: list[pytest.Item]) -> list[str]:
    """Let pytest-benchmark measure what was written for pytest-codspeed.

    Returns:
        what was left out of marks, one sentence each.
    """
    dropped: dict[str, int] = {}
    for item in items:
        if is_marked(item) and hasattr(item, "fixturenames"):
            item.stash[WHOLE] = True
            item.fixturenames.append("benchmark")
        for mark in item.iter_markers("benchmark"):
            options: Any = mark.kwargs
            for name in FOREIGN:
                if options.pop(name, None) is not None:
                    dropped[name] = dropped.get(name, 0) + 1
    return [
        f"{name} of {times} benchmark marks plays no part: all rounds are planned" for name, times in dropped.items()
    ]


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
    callspec: Any = getattr(item, "callspec", None)
    return from_paceline(item, "cost") or bool(
        callspec and from_paceline(item, "process") and callspec.params.get("process")
    )


def from_paceline(item: pytest.Item, name: str) -> bool:
    """Whether a test has a parameter or fixture of Paceline's by that name, and not one of the project's own."""
    fixtures = item._fixtureinfo.name2fixturedefs.get(name, ())  # type: ignore[attr-defined]  # noqa: SLF001 - no public way
    return any(fixture.func.__module__ in {"paceline.plugin", OWN} for fixture in fixtures[-1:])


OWN = __name__.rpartition(".")[0] + ".lockstep"
"""The module whose fixture `instrument` takes the place of Paceline's."""


def facts(names: list[str]) -> dict[str, Any]:
    """Return what runs here, and the versions of libraries, as far as they are installed."""
    libraries = dict(_versions(names))
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return {"python": python, "libraries": libraries, "modules": loaded(), "traced": traced()}


def _versions(names: list[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        try:
            yield name, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # a project of one's own need not have it


def traced() -> str | None:
    """Return what slows Python code down in this process; None if nothing does."""
    from . import tracers  # type: ignore[attr-defined]  # beside this file's copy, and nowhere else

    on = tracers.running()
    return str(tracers.doubt(on)) if on else None


def loaded() -> dict[str, str]:
    """Return which file each module but ours comes from, and load none of those that wait for a first look."""
    modules = [(name, module) for name, module in list(sys.modules.items()) if isinstance(module, ModuleType)]
    files = {name: object.__getattribute__(module, "__dict__").get("__file__") for name, module in modules}
    ours = __name__.rpartition(".")[0]
    return {
        name: file for name, file in files.items() if isinstance(file, str) and not f"{name}.".startswith(f"{ours}.")
    }
