"""What tells cells apart: their parameters as short words, and which of these they share."""

from collections.abc import Iterable, Sequence

from paceline.history import Cell
from paceline.report.figures import plain, setting, size
from paceline.report.merging import PROCESSES

BASELINE = "sequential"
"""The strategy that speedups start from."""


def described(cell: Cell) -> dict[str, str]:
    """Return the parameters of a cell, options of its strategy last, each as it stands in a table."""
    known = {
        "client": cell.client,
        "kernel": cell.kernel,
        "items": cell.items,
        "workers": cell.workers,
        "latency": None if cell.latency is None else setting(cell.latency),
        "size": None if cell.size is None else size(cell.size),
        "share": None if cell.share is None else f"{cell.share * 100:.3g}%",
        **{plain(name): plain(value) for name, value in cell.extra.items() if isinstance(value, str)},
        "rounds": None if PROCESSES in cell.extra else len(cell.rounds),
    }
    words = {**known, **cell.options}
    return {plain(name): plain(value) for name, value in words.items() if value is not None}


def shared(cells: Sequence[Cell]) -> dict[str, str]:
    """Return the parameters that all the cells have in common."""
    first, *rest = [described(cell) for cell in cells]
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in rest)}


def wording(parameters: dict[str, str]) -> str:
    """Write parameters in one line: "client=raw, items=64"."""
    return ", ".join(f"{name}={value}" for name, value in parameters.items())


def varying(cells: Sequence[Cell]) -> list[str]:
    """Say for each cell what it does not share with all the others, shape (n,); where that can't tell two cells apart,
    everything in the brackets of its name.
    """
    common = shared(cells) if cells else {}
    labels = [wording({k: v for k, v in described(cell).items() if k not in common}) for cell in cells]
    seen = [(cell.strategy, test(cell), label) for cell, label in zip(cells, labels, strict=True)]
    if len(set(seen)) == len(seen):
        return labels
    return [plain(cell.name.partition("[")[2].removesuffix("]")) or plain(cell.name) for cell in cells]


def test(cell: Cell) -> str:
    """Name the function that measured a cell."""
    return plain(cell.name.partition("[")[0])


def ordered(cells: Iterable[Cell], strategies: Sequence[str]) -> list[Cell]:
    """Sort cells for reading, since a run measures them in random order: the same work together, the lesson's kernel
    first, then by strategy, the `raw` control after other clients, then by workers.

    Args:
        strategies: their order; what it does not name comes after, in the order measured.
    """
    found = list(cells)
    names = list(dict.fromkeys([*strategies, *(cell.strategy for cell in found)]))

    def place(cell: Cell) -> tuple[object, ...]:
        kernel = (cell.kernel not in (None, "squares"), cell.kernel or "")
        client = (cell.client == "raw", cell.client or "")
        work = (*kernel, cell.items, cell.share or 0, cell.latency or 0, cell.size or 0)
        return (*work, names.index(cell.strategy), *client, cell.workers, cell.name)

    return sorted(found, key=place)


def speedup(cell: Cell, cells: Iterable[Cell]) -> float | None:
    """Return median of `sequential` / median of this cell, for the same work in the same run.

    Where `sequential` ran with several clients, the one with this cell's client counts, else the one that is not the
    `raw` control.

    Returns:
        A factor; None where no cell, or more than one, could be the start.
    """
    same = [other for other in cells if other.strategy == BASELINE and _work(other) == _work(cell)]
    for client_fits in (lambda c: c == cell.client, lambda c: c != "raw", lambda _: True):
        fitting = [other for other in same if client_fits(other.client)]
        if fitting:
            return fitting[0].median / cell.median if len(fitting) == 1 else None
    return None


def _work(cell: Cell) -> tuple[object, ...]:
    same = (cell.experiment, test(cell), cell.workload, cell.items)
    return (*same, cell.latency, cell.size, cell.kernel, cell.n, cell.share)
