"""Measured parts that stand beside a round: starting workers, their memory, and what an item costs the server."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from paceline.history import Cell, Run
from paceline.predict.measured import EXPERIMENTS
from paceline.tables.rows import merged


@dataclass(frozen=True)
class Line:
    """Something that grows with the number of workers.

    Args:
        base: without any worker.
        each: for one more worker.
    """

    base: float
    each: float

    def at(self, workers: int) -> float:
        """Give it for a number of workers."""
        return self.base + self.each * workers


@dataclass(frozen=True)
class Costs:
    """What a strategy's workers cost before and beside their items.

    Args:
        start: seconds until all workers are ready; None if the run can't tell.
        memory: bytes of all processes together; None if the run can't tell.
        server_seconds: CPU time that the server needs for an item, seconds; 0 if nothing was downloaded.
    """

    start: Line | None
    memory: Line | None
    server_seconds: float


def costs(run: Run, strategy: str, through: str) -> Costs:
    """Read a strategy's costs off a run.

    Args:
        run: the saved run.
        strategy: its name.
        through: the client, or the word for what only computes.
    """
    own = [cell for cell in merged(run.cells) if cell.strategy == strategy]
    rounds = [cell for cell in own if cell.experiment in EXPERIMENTS]
    alike = [cell for cell in rounds if through in (cell.client or through)]
    return Costs(
        start=_line((cell.workers, cell.start_seconds) for cell in alike),
        memory=_line((cell.workers, _memory(cell)) for cell in own if cell.experiment == "memory"),
        server_seconds=min((_server(cell) for cell in rounds if cell.client == through and _server(cell)), default=0.0),
    )


def _line(points: Iterable[tuple[int, float | None]]) -> Line | None:
    """Fit a line whose base and slope are not below 0 through the median at each number of workers.

    Source: C. L. Lawson and R. J. Hanson, Solving Least Squares Problems, 1974: non-negative least squares, here of
        the relative distances, so that one worker counts as much as a thousand.
    """
    seen: dict[int, list[float]] = {}
    for workers, value in points:
        if value is not None and value > 0:
            seen.setdefault(workers, []).append(value)
    if not seen:
        return None
    middles = np.array([statistics.median(values) for values in seen.values()])
    matrix = np.column_stack([np.ones(len(seen)), np.array(list(seen))]) / middles[:, None]
    base, each = optimize.nnls(matrix, np.ones(len(seen)))[0]
    return Line(float(base), float(each))


def _memory(cell: Cell) -> float | None:
    """Return PSS, or USS where a system doesn't count that."""
    found = cell.extra.get("pss_bytes", cell.extra.get("uss_bytes"))
    return float(found) if isinstance(found, int | float) else None


def _server(cell: Cell) -> float:
    """Return the server's CPU time of an item, seconds, from its ledger; 0 if it has none."""
    ledger = cell.ledger or {}
    spent, answers = ledger.get("cpu_seconds"), ledger.get("responses")
    known = isinstance(spent, int | float) and isinstance(answers, int) and answers > 0
    return float(spent) / answers if known and spent is not None and answers else 0.0
