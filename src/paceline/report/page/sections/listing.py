"""Every cell of an experiment, as a table that stays readable."""

from collections.abc import Sequence

from paceline.history import Cell
from paceline.report.page.model import Table
from paceline.tables.runs import added_figures, figures_of
from paceline.text import formats

MOST = 200  # rows


def table(cells: Sequence[Cell], labels: Sequence[str]) -> Table:
    """List cells, the first of them where there are many, with what is known of any of them.

    Args:
        labels: what tells each from the others, shape (n,).
    """
    first = cells[:MOST]
    added = added_figures(first)
    rows = [
        {"strategy": formats.plain(cell.strategy), "parameters": words, **figures_of(cell, added)}
        for cell, words in zip(first, labels, strict=False)
    ]
    told = [name for name in rows[0] if any(row[name] not in ("", formats.NOTHING) for row in rows)]
    heads = tuple(formats.plain(name).replace("_", " ") for name in told)
    words = sum(name in ("strategy", "parameters") for name in told)
    return Table(heads, tuple(tuple(row[name] for name in told) for row in rows), left=words)


def left_out(cells: Sequence[Cell]) -> str:
    """Return how many cells the table leaves out, and how to see them."""
    if len(cells) <= MOST:
        return ""
    return f" The table leaves {len(cells) - MOST} of {len(cells)} cells out; paceline compare lists them all."
