"""All cells that no other section shows."""

from collections import Counter
from collections.abc import Sequence
from functools import partial

from paceline.history import Cell
from paceline.report import plots
from paceline.report.model import (
    Column,
    Panel,
    Section,
    Table,
    distinguishing,
    drawn_or_missing,
    extremes,
    label,
    side_by_side,
    slug,
)
from paceline.tables.rows import test, varying
from paceline.tables.runs import added_figures, figures_of
from paceline.text.formats import NOTHING, plain, seconds

MOST = 200  # rows
DRAWN = frozenset(
    {
        "break_even",
        "bystander",
        "clients",
        "computing",
        "downloads",
        "latency",
        "loops",
        "memory",
        "starting",
        "talking",
        "threads_knee",
        "timeline",
        "too_many",
        "workers",
    }
)
"""The experiments that other parts of the report draw."""

WITHOUT_PICTURE = frozenset({("break_even", "test_short_and_long"), ("talking", "test_ordinary_objects")})
"""Of those, the test functions that no chart shows."""

_LEAD = (
    "Everything else that was measured. Each strategy has a strip, and each of its cells a lane in it: faint dots are "
    "rounds, the tick is their median, and the line through it the interval in which the true median lies. Hovering "
    "over it says which cell it is."
)
_NOTHING = (
    "Nothing else was measured; a file of your own in benchmarks/ stands here, and ours that are left out of a usual "
    "run: pytest --benchmark-only --all"
)


def section(columns: Sequence[Column]) -> Section:
    """Make the part on everything that no other part draws."""
    found = {(cell.experiment, test(cell)) for column in columns for cell in column.cells}
    keys = sorted(key for key in found if key[0] not in DRAWN or key in WITHOUT_PICTURE)
    functions = Counter(experiment for experiment, _ in keys)
    several = {name for name, count in functions.items() if count > 1 or name in DRAWN}
    rows = side_by_side(columns, [partial(_panel, columns, *key, several=key[0] in several) for key in keys])
    return drawn_or_missing("others", "Other experiments", _LEAD, rows, _NOTHING)


def _panel(columns: Sequence[Column], experiment: str, function: str, column: Column, *, several: bool) -> Panel | None:
    cells = column.of(experiment, function)
    if not cells:
        return None
    return column.panel(
        cells,
        key=slug("other", experiment, function),
        title=plain(f"{experiment}, {function}" if several else experiment),
        says=f"{_says(cells)}{_left_out(cells)}{plots.left_out(cells)}",
        chart=plots.strips(cells, [other.of(experiment, function) for other in columns], column.order),
        table=_table(cells),
    )


def _says(cells: Sequence[Cell]) -> str:
    names = distinguishing([cells])
    least, most = (f"{seconds(cell.median)}, by {label(cell, names)}" for cell in extremes(cells))
    if len(cells) == 1:
        return f"The median is {least}."
    return f"The shortest median of {len(cells)} cells is {least}; the longest is {most}."


def _left_out(cells: Sequence[Cell]) -> str:
    if len(cells) <= MOST:
        return ""
    return f" The table leaves {len(cells) - MOST} of {len(cells)} cells out; paceline compare lists them all."


def _table(cells: Sequence[Cell]) -> Table:
    """List cells, the first of them where there are many, with what is known of any of them."""
    first = cells[:MOST]
    added = added_figures(first)
    rows = [
        {"strategy": plain(cell.strategy), "parameters": words, **figures_of(cell, added)}
        for cell, words in zip(first, varying(cells), strict=False)
    ]
    known = [name for name in rows[0] if any(row[name] not in ("", NOTHING) for row in rows)]
    heads = tuple(plain(name).replace("_", " ") for name in known)
    words = sum(name in ("strategy", "parameters") for name in known)
    return Table(heads, tuple(tuple(row[name] for name in known) for row in rows), left=words)
