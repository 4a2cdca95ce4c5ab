"""How figures lie beside each other."""

from collections.abc import Callable, Sequence

from paceline.report.page.columns import Column
from paceline.report.page.model import Figure

Maker = Callable[[Column], Figure | None]


def side_by_side(columns: Sequence[Column], makers: Sequence[Maker]) -> tuple[tuple[Figure, ...], ...]:
    """Put the pictures of one column in a row; of several columns, each picture's in a row of their own.

    Args:
        columns: n at least 1.
        makers: one for each picture; each gives None where a column has nothing for it.
    """
    rows = [[figure for column in columns if (figure := make(column))] for make in makers]
    if len(columns) == 1:
        rows = [[figure for row in rows for figure in row]]
    return tuple(tuple(row) for row in rows if row)
