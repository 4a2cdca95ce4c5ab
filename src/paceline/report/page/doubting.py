"""
What may be wrong with the cells of a figure, said beside it.
"""

from collections.abc import Sequence

from paceline.history import Cell
from paceline.report.figures import plain
from paceline.report.marks import MEANINGS
from paceline.report.parameters import varying

_MOST = 3  # cells that are named


def doubts(cells: Sequence[Cell]) -> tuple[str, ...]:
    """
    Give a sentence for each kind of doubt: which it is, what it means, and whose it is.

    Args:
        cells: those of one figure, shape (n,); each is named by what tells it from the others.
    """
    owners: dict[str, list[str]] = {}
    meanings: dict[str, str] = {}
    for cell, label in zip(cells, varying(cells), strict=True):
        for warning in cell.warnings:
            mark, _, meaning = (part.strip() for part in warning.partition(":"))
            owners.setdefault(mark, []).append(f"{plain(cell.strategy)} ({label})" if label else plain(cell.strategy))
            meanings.setdefault(mark, MEANINGS.get(mark, meaning))
    return tuple(f"{plain(mark)}: {plain(meanings[mark])}: {_whose(names)}" for mark, names in owners.items())


def _whose(names: Sequence[str]) -> str:
    several = list(dict.fromkeys(names))
    if len(several) <= _MOST:
        return "; ".join(several)
    return f"{len(several)} cells, among them {'; '.join(several[:_MOST])}"
