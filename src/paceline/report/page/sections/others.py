"""Experiments that have no picture of their own: a stranger's, and ours that are read as tables."""

from collections.abc import Sequence
from functools import partial

from paceline.history import Cell
from paceline.report.page.columns import Column
from paceline.report.page.doubting import doubts
from paceline.report.page.drawing import chart
from paceline.report.page.model import Figure, Section
from paceline.report.page.sections import listing, strips
from paceline.report.page.sections.laying import side_by_side
from paceline.report.page.sections.naming import label, slug, telling
from paceline.tables.rows import shared, test, varying, wording
from paceline.text import formats

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
        says=f"{_says(cells)}{listing.left_out(cells)}{strips.left_out(cells)}",
        column=column.label,
        setting=wording(shared(cells)),
        chart=chart(strips.drawn(cells, every, column.order), strips.data(cells)),
        table=listing.table(cells, varying(cells)),
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
