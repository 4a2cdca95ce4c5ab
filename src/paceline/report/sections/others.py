"""All cells that no other section shows."""

from collections.abc import Sequence
from functools import partial

from paceline.history import Cell
from paceline.report import plots
from paceline.report.charts import chart
from paceline.report.model import Column, Figure, Section, Table, doubts, label, side_by_side, slug, telling
from paceline.tables.rows import shared, test, varying, wording
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


DRAWN = frozenset(
    {
        "break_even",
        "clients",
        "computing",
        "downloads",
        "latency",
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
"""Of those, the test functions that no picture shows."""

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
    keys = sorted({key for column in columns for cell in column.cells if (key := _key(cell)) and is_left(*key)})
    rows = side_by_side(columns, [partial(_figure, columns, *key, several=_several(keys, key)) for key in keys])
    missing = () if rows else (_NOTHING,)
    return Section(key="others", title="Other experiments", lead=_LEAD if rows else "", rows=rows, missing=missing)


def is_left(experiment: str, function: str) -> bool:
    """Whether no other part of the report draws the cells of a test function."""
    return experiment not in DRAWN or (experiment, function) in WITHOUT_PICTURE


def _key(cell: Cell) -> tuple[str, str]:
    return cell.experiment, test(cell)


def _several(keys: Sequence[tuple[str, str]], key: tuple[str, str]) -> bool:
    return sum(experiment == key[0] for experiment, _ in keys) > 1 or key[0] in DRAWN


def _figure(
    columns: Sequence[Column], experiment: str, function: str, column: Column, *, several: bool
) -> Figure | None:
    cells = column.of(experiment, function)
    if not cells:
        return None
    every = [other.of(experiment, function) for other in columns]
    return Figure(
        key=slug("other", experiment, function),
        title=formats.plain(f"{experiment}, {function}" if several else experiment),
        says=f"{_says(cells)}{left_out(cells)}{plots.left_out(cells)}",
        column=column.label,
        setting=wording(shared(cells)),
        chart=chart(plots.strips_drawn(cells, every, column.order), plots.strips_data(cells)),
        table=table(cells, varying(cells)),
        doubts=doubts(cells),
        source=column.source(cells),
    )


def _says(cells: Sequence[Cell]) -> str:
    names = telling([cells])
    best, worst = min(cells, key=lambda cell: cell.median), max(cells, key=lambda cell: cell.median)
    least = f"{formats.seconds(best.median)}, by {label(best, names)}"
    if len(cells) == 1:
        return f"The median is {least}."
    most = f"{formats.seconds(worst.median)}, by {label(worst, names)}"
    return f"The shortest median of {len(cells)} cells is {least}; the longest is {most}."
