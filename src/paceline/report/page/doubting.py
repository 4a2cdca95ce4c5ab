"""What may be wrong with the cells of a figure, said beside it."""

from collections.abc import Sequence

from paceline.history import Cell
from paceline.tables.rows import by_mark, varying
from paceline.text.formats import plain

_MOST = 3  # cells that are named


def doubts(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Return a sentence for each kind of doubt: which it is, what it means, and whose it is.

    Args:
        cells: those of one figure, shape (n,); each is named by what tells it from the others.
    """
    grouped = by_mark(
        (f"{plain(cell.strategy)} ({label})" if label else plain(cell.strategy), warning)
        for cell, label in zip(cells, varying(cells), strict=True)
        for warning in cell.warnings
    )
    return tuple(f"{doubt}: {_whose(names)}" for doubt, names in grouped)


def _whose(names: Sequence[str]) -> str:
    if len(names) <= _MOST:
        return "; ".join(names)
    return f"{len(names)} cells, among them {'; '.join(names[:_MOST])}"
