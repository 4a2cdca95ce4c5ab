"""THE table: how each strategy does on downloads and on computing, and how long it takes to start."""

from collections.abc import Iterable, Sequence
from itertools import chain, zip_longest

from rich.console import RenderableType
from rich.text import Text

from paceline.history import Cell
from paceline.report import figures, layout, marks
from paceline.report.merging import merged
from paceline.report.parameters import BASELINE, ordered, shared, speedup, varying, wording

_FIGURES = ("median", "", "efficiency", "speedup")  # the empty header is the column of marks


IN_HEADLINE = ("downloads", "computing")
"""The experiments that the headline shows."""


def headline(cells: Iterable[Cell], strategies: Sequence[str] = ()) -> list[RenderableType]:
    """Lay out the headline: strategy x (downloads, computing, start), with the marks that occur explained below.

    A strategy measured with several clients has one row for each.

    Args:
        cells: those of one run; the ones of other experiments are left out.
        strategies: the order of rows; what it does not name comes after, in the order measured.

    Returns:
        What `render` prints; nothing if there are no such cells.
    """
    found = ordered(merged(cells), strategies)
    downloads = [cell for cell in found if cell.experiment == "downloads"]
    computing = [cell for cell in found if cell.experiment == "computing" and cell.kernel == "squares"]
    groups = {name: group for name, group in (("downloads", downloads), ("computing", computing)) if group}
    if not groups:
        return []
    scale = [Text(f"{name}: {_scale(group)}", style="dim") for name, group in groups.items()]
    return [_table(groups, strategies), *scale, *marks.legend([*downloads, *computing], short=True)]


def _table(groups: dict[str, list[Cell]], strategies: Sequence[str]) -> RenderableType:
    labels = _labels(groups)
    heads = [f"{name if not place else ''}\n{head}" for name in groups for place, head in enumerate(_FIGURES)]
    made = layout.table(["", *heads, "\nstart"], left=1)
    cells = ordered(chain(*groups.values()), strategies)
    for strategy in dict.fromkeys(cell.strategy for cell in cells):
        of_it = [[cell for cell in group if cell.strategy == strategy] for group in groups.values()]
        for row in zip_longest(*of_it):
            present = [cell for cell in row if cell]
            words = [word for cell, group in zip(row, groups.values(), strict=True) for word in _figures(cell, group)]
            layout.row(made, [labels[present[0].fullname], *words, figures.seconds(present[0].start_seconds)])
    return layout.titled("Strategies beside each other, and beside the limit", made)


def _labels(groups: dict[str, list[Cell]]) -> dict[str, str]:
    """Name each row: the strategy and its client, and what else is needed where two rows would have the same name."""
    labels = {}
    for group in groups.values():
        names = [f"{figures.plain(cell.strategy)}{_client(cell)}" for cell in group]
        for cell, name, rest in zip(group, names, varying(group), strict=True):
            labels[cell.fullname] = name if names.count(name) == 1 else f"{name} ({rest})"
    return labels


def _client(cell: Cell) -> str:
    return f", {figures.plain(cell.client)}" if cell.client else ""


def _figures(cell: Cell | None, group: list[Cell]) -> tuple[str, ...]:
    if cell is None:
        return ("",) * len(_FIGURES)
    gain = figures.times(speedup(cell, group))
    return (figures.seconds(cell.median), marks.letters(cell), figures.percent(cell.efficiency), gain)


def _scale(group: list[Cell]) -> str:
    """Say at what scale a group was measured; `sequential` has one worker by nature and is not asked."""
    return wording(shared([cell for cell in group if cell.strategy != BASELINE] or group))
