"""What the rows of a picture are called, and how what is missing is said."""

import re
from collections.abc import Callable, Iterable, Sequence

from paceline.history import Cell
from paceline.report.page.columns import Column
from paceline.tables.rows import described, wording
from paceline.text.formats import plain

_CELL = "cell"
"""Stands for what is in the brackets of a cell's name, where no parameter tells two cells apart."""


_WORKERS = "workers"


def telling(columns: Iterable[Sequence[Cell]], place: Callable[[Cell], object] = lambda _: None) -> tuple[str, ...]:
    """Name the parameters that have to stand beside the strategy, so that no two cells of a column share row and place.

    Args:
        columns: the cells of each column.
        place: where a cell stands in its row.
    """
    groups: dict[tuple[object, ...], list[dict[str, str]]] = {}
    for number, cells in enumerate(columns):
        for cell in cells:
            groups.setdefault((number, cell.strategy, place(cell)), []).append(_words(cell))
    return tuple(dict.fromkeys(name for group in groups.values() for name in _differing(group)))


def label(cell: Cell, names: Sequence[str]) -> str:
    """Name a cell's row: its strategy, and the parameters of these names, of which workers are the shortest: "threads
    x8".
    """
    words = _words(cell)
    beside = wording({name: words[name] for name in names if name in words and name != _WORKERS})
    who = f"{plain(cell.strategy)} x{cell.workers}" if _WORKERS in names else plain(cell.strategy)
    return f"{who}, {beside}" if beside else who


def slug(*names: str) -> str:
    """Make a key of names, which may hold anything: small letters, digits and hyphens."""
    return re.sub("[^a-z0-9]+", "-", "-".join(names).lower()).strip("-")


def lacking(columns: Sequence[Column], has: Callable[[Column], object], what: str, how: str) -> tuple[str, ...]:
    """Return what was not measured, where it was not, and what measures it; nothing if every column has it.

    Args:
        has: whether a column has it.
        what: it in words, as the subject of a sentence.
        how: the command.
    """
    without = [column.label for column in columns if not has(column)]
    if not without and columns:
        return ()
    where = f" with {' and '.join(without)}" if len(without) < len(columns) else ""
    return (f"{what} was not measured{where}; measure it: {how}",)


def _words(cell: Cell) -> dict[str, str]:
    return {**described(cell), _CELL: plain(cell.name.partition("[")[2].removesuffix("]") or cell.name)}


def _differing(group: Sequence[dict[str, str]]) -> list[str]:
    first, *rest = group
    names = dict.fromkeys(name for words in group for name in words)
    differing = [name for name in names if any(words.get(name) != first.get(name) for words in rest)]
    return [name for name in differing if name != _CELL] or differing
