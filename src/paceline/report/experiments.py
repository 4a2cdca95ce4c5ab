"""
One table an experiment: every cell of a run with its figures and its marks.
"""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from paceline.history import Cell, Run
from paceline.report import figures, layout, marks
from paceline.report.headline import IN_HEADLINE
from paceline.report.parameters import ordered, shared, speedup, test, varying, wording

_COLUMNS = ("strategy", "parameters", "median", "spread", "limit", "efficiency", "overhead/item", "speedup", "marks")


def experiment_tables(run: Run, strategies: Sequence[str] = ()) -> list[RenderableType]:
    """
    Lay out every experiment of a run.

    Args:
        run: where the cells come from.
        strategies: the order of rows; what it does not name comes after, in the order measured.
    """
    return _tables(run.cells, strategies)


def other_experiments(cells: Sequence[Cell], strategies: Sequence[str] = ()) -> list[RenderableType]:
    """
    Lay out the experiments that have no place in the headline.

    Args:
        cells: those of one run.
        strategies: as for `experiment_tables`.

    Returns:
        What `render` prints; nothing if there are no such cells.
    """
    others = [cell for cell in cells if cell.experiment not in IN_HEADLINE]
    return _tables(others, strategies) if others else []


def _tables(cells: Sequence[Cell], strategies: Sequence[str]) -> list[RenderableType]:
    tables = [_table(title, group) for title, group in grouped(cells, strategies).items()]
    return [*tables, Text("spread: interquartile range / median", style="dim"), *marks.legend(cells, short=False)]


def grouped(cells: Sequence[Cell], strategies: Sequence[str]) -> dict[str, list[Cell]]:
    """
    Give the cells of each experiment in the order of its rows, under a title; experiments that measure with more than
    one test function have a table for each.
    """
    keys = sorted({(cell.experiment, test(cell)) for cell in cells})
    several = {name for name, _ in keys if sum(other == name for other, _ in keys) > 1}
    groups = {}
    for name, function in keys:
        group = [cell for cell in cells if (cell.experiment, test(cell)) == (name, function)]
        title = f"{figures.plain(name)}, {function}" if name in several else figures.plain(name)
        groups[title] = ordered(group, strategies)
    return groups


def heading(title: str, cells: Sequence[Cell]) -> str:
    """
    Put beside a title what all its cells share.
    """
    common = wording(shared(cells))
    return f"{title} ({common})" if common else title


def _table(title: str, cells: list[Cell]) -> RenderableType:
    made = layout.table(_COLUMNS, left=2)
    for cell, parameters in zip(cells, varying(cells), strict=True):
        layout.row(made, (figures.plain(cell.strategy), parameters, *_figures(cell, cells)))
    return layout.titled(heading(title, cells), made)


def _figures(cell: Cell, cells: list[Cell]) -> tuple[str, ...]:
    return (
        figures.seconds(cell.median),
        figures.percent(cell.spread),
        figures.seconds(cell.limit),
        figures.percent(cell.efficiency),
        figures.seconds(cell.overhead),
        figures.times(speedup(cell, cells)),
        ", ".join(map(figures.plain, cell.marks)),
    )
