"""Cells that several fresh processes measured, one row for all of them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from paceline.history import Cell
from paceline.report.figures import is_number
from paceline.stats import samples

PROCESSES = "processes"
"""What a merged cell has in `extra` in place of `process`: how many there were, as a word."""

_FIGURES = (
    "limit",
    "efficiency",
    "overhead",
    "start_seconds",
    "stop_seconds",
    "cpu_seconds",
    "context_switches",
    "server_share",
)


def merged(cells: Iterable[Cell]) -> list[Cell]:
    """Put cells that differ in nothing but their process together.

    The rounds of a merged cell are the medians of its processes, so its spread is the one between processes; each of
    its figures is the median of theirs, and it carries every process's doubts. Its name has no process in it.

    Returns:
        One cell each, in the order first met.
    """
    groups: dict[tuple[bool, str], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.process is None, _fullname(cell)), []).append(cell)
    return [_merged(group) if group[0].process is not None else group[0] for group in groups.values()]


def _merged(group: Sequence[Cell]) -> Cell:
    first = group[0]
    named: dict[str, Any] = {name: _middle([getattr(cell, name) for cell in group]) for name in _FIGURES}
    extra = {name: _middle([cell.extra.get(name) for cell in group]) for name in first.extra}
    return replace(
        first,
        fullname=_fullname(first),
        name=_name(first),
        rounds=tuple(samples.median(cell.rounds) for cell in group),
        process=None,
        warnings=tuple(dict.fromkeys(warning for cell in group for warning in cell.warnings)),
        extra={**extra, PROCESSES: str(len(group))},
        **named,
    )


def _middle(values: Sequence[Any]) -> Any:
    """The median of numbers; of anything else the first."""
    numbers = [value for value in values if is_number(value)]
    return median(numbers) if numbers and len(numbers) == len(values) else values[0]


def _fullname(cell: Cell) -> str:
    return cell.fullname.removesuffix(cell.name) + _name(cell)


def _name(cell: Cell) -> str:
    """Take the cell's own process out of its name: the first word that says so, as the plugin's stand before all
    others.
    """
    if cell.process is None:
        return cell.name
    own = f"process={cell.process}"
    return re.sub(rf"-{own}(?=[-\]])|(?<=\[){own}-|\[{own}\]$", "", cell.name, count=1)
