"""One table an experiment: every cell of a run with its figures and its marks."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from paceline.history import Cell, Run
from paceline.report import figures, layout, marks
from paceline.report.headline import IN_HEADLINE
from paceline.report.merging import merged
from paceline.report.parameters import ordered, shared, speedup, test, varying, wording

_COLUMNS = ("median", "spread", "limit", "efficiency", "overhead/item", "speedup")


def experiment_tables(run: Run, strategies: Sequence[str] = ()) -> list[RenderableType]:
    """Lay out every experiment of a run.

    Args:
        run: where the cells come from.
        strategies: the order of rows; what it does not name comes after, in the order measured.
    """
    return _tables(merged(run.cells), strategies)


def other_experiments(cells: Sequence[Cell], strategies: Sequence[str] = ()) -> list[RenderableType]:
    """Lay out the experiments that have no place in the headline.

    Args:
        cells: those of one run.
        strategies: as for `experiment_tables`.

    Returns:
        What `render` prints; nothing if there are no such cells.
    """
    others = [cell for cell in merged(cells) if cell.experiment not in IN_HEADLINE]
    return _tables(others, strategies) if others else []


def _tables(cells: Sequence[Cell], strategies: Sequence[str]) -> list[RenderableType]:
    tables = [_table(title, group) for title, group in grouped(cells, strategies).items()]
    return [*tables, Text("spread: interquartile range / median", style="dim"), *marks.legend(cells, short=False)]


def grouped(cells: Sequence[Cell], strategies: Sequence[str]) -> dict[str, list[Cell]]:
    """Return the cells of each experiment in the order of its rows, under a title; experiments that measure with more
    than one test function have a table for each.
    """
    keys = sorted({(cell.experiment, test(cell)) for cell in cells})
    several = {name for name, _ in keys if sum(other == name for other, _ in keys) > 1}
    groups = {}
    for name, function in keys:
        group = [cell for cell in cells if (cell.experiment, test(cell)) == (name, function)]
        title = f"{figures.plain(name)}, {function}" if name in several else figures.plain(name)
        groups[title] = ordered(group, strategies)
    return groups


def added_figures(cells: Sequence[Cell]) -> list[str]:
    """Name the numbers that an experiment adds to its cells, in the order first met; each has a column."""
    names = dict.fromkeys(name for cell in cells for name in cell.extra)
    return [name for name in names if any(figures.is_number(cell.extra.get(name)) for cell in cells)]


def figures_of(cell: Cell, added: Sequence[str]) -> dict[str, str]:
    """Return what stands in a cell's row under each header.

    Args:
        added: the numbers that its experiment adds.
    """
    return {
        **{name: figures.named(name, cell.extra.get(name)) for name in added},
        "median": figures.seconds(cell.median),
        "spread": figures.percent(cell.spread),
        "limit": figures.seconds(cell.limit),
        "efficiency": figures.percent(cell.efficiency),
        "overhead/item": figures.seconds(cell.overhead),
        "marks": marks.in_full(cell.marks),
    }


def heading(title: str, cells: Sequence[Cell]) -> str:
    """Put beside a title what all its cells share."""
    common = wording(shared(cells))
    return f"{title} ({common})" if common else title


def _table(title: str, cells: list[Cell]) -> RenderableType:
    added = added_figures(cells)
    columns = dict.fromkeys((*_COLUMNS, *added, "marks"))
    rows = [{**figures_of(cell, added), "speedup": figures.times(speedup(cell, cells))} for cell in cells]
    told = [name for name in columns if any(row[name] not in ("", figures.NOTHING) for row in rows)]
    made = layout.table(["strategy", "parameters", *(figures.plain(name).replace("_", " ") for name in told)], left=2)
    for cell, parameters, row in zip(cells, varying(cells), rows, strict=True):
        layout.row(made, (figures.plain(cell.strategy), parameters, *(row[name] for name in told)))
    return layout.titled(heading(title, cells), made)
