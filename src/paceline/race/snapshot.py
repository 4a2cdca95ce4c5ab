"""A cheap look at what a function might change outside of itself."""

import os
import reprlib
from pathlib import Path
from types import ModuleType
from typing import Any

MOST = 1000  # elements of a container that are looked at; a global of millions must not slow the probe down


def taken(module: ModuleType) -> dict[str, str]:
    """Write down the module's globals, the environment and the current directory.

    Returns:
        What it is, in words, and how it looks now.
    """
    globals_ = {f"{module.__name__}.{name}": _look(value) for name, value in vars(module).items() if name[:2] != "__"}
    environment = {f"os.environ[{name!r}]": value for name, value in os.environ.items()}
    return {**globals_, **environment, "the current directory": str(Path.cwd())}


def changes(before: dict[str, str], after: dict[str, str]) -> tuple[str, ...]:
    """Name what differs, in order of names."""
    return tuple(sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name)))


def _look(value: Any) -> str:
    if callable(getattr(value, "cache_info", None)):
        return f"cache of {value.cache_info().currsize}"
    if isinstance(value, ModuleType) or callable(value):
        return f"{type(value).__name__} {id(value)}"
    state = getattr(value, "__dict__", None)
    size = len(value) if hasattr(value, "__len__") else None
    try:
        return f"{id(type(value))} {size} {_brief().repr(value)} {_brief().repr(state)}"
    except Exception:  # noqa: BLE001 - a class's own __repr__ may raise anything
        return f"{type(value).__name__} {id(value)}"


def _brief() -> reprlib.Repr:
    brief = reprlib.Repr()
    brief.maxlist = brief.maxtuple = brief.maxdict = brief.maxset = brief.maxdeque = brief.maxarray = MOST
    brief.maxfrozenset = brief.maxstring = brief.maxlong = brief.maxother = MOST
    return brief
