"""What a run has measured, in the groups that one fit is for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paceline.history import Cell, Run
from paceline.tables.rows import merged

Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Work:
    """Items of one kind, and how many of them are under way at once.

    Attributes:
        latency: seconds that an item waits for its server.
        cpu_seconds: CPU time of an item's own computing.
        size: bytes of an answer, or of what is sent to a worker and back.
        bandwidth: bytes per second that all items share; infinite without a limit.
    """

    items: int
    workers: int
    latency: float = 0.0
    cpu_seconds: float = 0.0
    size: int = 0
    bandwidth: float = float("inf")


@dataclass(frozen=True)
class Columns:
    """Many works, for arithmetic: an array of shape (n,) for each field of a `Work`."""

    items: Numbers
    workers: Numbers
    latency: Numbers
    cpu_seconds: Numbers
    size: Numbers
    bandwidth: Numbers

    @classmethod
    def of(cls, works: Sequence[Work]) -> "Columns":
        """Put works side by side; no more workers are counted than there are items."""
        table: dict[str, Any] = {
            field.name: np.array([float(getattr(work, field.name)) for work in works]) for field in fields(Work)
        }
        table["workers"] = np.minimum(table["workers"], table["items"])
        return cls(**table)


EXPERIMENTS = (
    *("downloads", "computing", "mixed", "clients", "latency", "workers", "threads_knee"),
    *("in_flight", "bandwidth", "too_many", "break_even"),
)
"""Whose cells are whole rounds of equal items, with nothing beside them."""

COMPUTING, RELEASING = "computing", "computing without the GIL"
KINDS = {"Fetch": "downloads", "Mixed": "mixed", "Compute": "computing", "Carry": "computing"}
"""Workload -> the kind of work it is, in words."""

_RELEASE_THE_GIL = ("hash",)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A cell, all processes that measured it together.

    Attributes:
        through: the client for downloads; "computing" or "computing without the GIL" for what only computes.
        kind: "downloads", "mixed" or "computing".
        seconds: the median of the rounds, or of the processes' medians.
    """

    name: str
    experiment: str
    strategy: str
    through: str
    kind: str
    work: Work
    seconds: float

    @property
    def group(self) -> tuple[str, str]:
        """Strategy and client: cells that share all parts of the model."""
        return self.strategy, self.through


def measured(run: Run) -> list[Measured]:
    """Return the cells that the model can be fitted to, each once."""
    cells = [cell for cell in merged(run.cells) if _is_fit(cell)]
    least = _cpu_seconds(cells, run.usable_cpus or 1.0)
    return [_measured(cell, least.get(_item(cell))) for cell in cells]


def _is_fit(cell: Cell) -> bool:
    """Whether the model can say something of a cell; a file may hold what no session measures."""
    return (
        cell.experiment in EXPERIMENTS
        and cell.workload in KINDS
        and cell.items > 0
        and cell.workers > 0
        and cell.limit is not None
        and cell.limit >= 0
        and (cell.latency or 0.0) >= 0
        and not (cell.workload == "Mixed" and not _share(cell))
        and (cell.workload in ("Compute", "Carry") or cell.client is not None)
    )


def _cpu_seconds(cells: Iterable[Cell], cpus: float) -> dict[Any, float]:
    """Return the CPU time of each kind of item, seconds, as the one-worker passes of the cells' own limits saw it: the
    least that any took, which was disturbed least.

    Source: `paceline.stats.samples.computing`, solved for the CPU time.
    """
    least: dict[Any, float] = {}
    for cell in cells:
        if KINDS[cell.workload] == "computing":
            taken = (cell.limit or 0.0) * min(cell.workers, cpus) / cell.items
            least[_item(cell)] = min(taken, least.get(_item(cell), taken))
    return least


def _item(cell: Cell) -> Any:  # the same for items that are the same to compute
    asked = cell.extra.get("item_cpu_seconds")
    return cell.workload, cell.kernel, asked if isinstance(asked, float) else None, cell.n


def _measured(cell: Cell, cpu_seconds: float | None) -> Measured:
    kind = KINDS[cell.workload]
    through = cell.client or (RELEASING if cell.kernel in _RELEASE_THE_GIL else COMPUTING)
    latency = cell.latency or 0.0
    computes = latency * _share(cell) / (1 - _share(cell)) if kind == "mixed" else cpu_seconds or 0.0
    return Measured(
        name=cell.name,
        experiment=cell.experiment,
        strategy=cell.strategy,
        through=through,
        kind=kind,
        work=Work(
            items=cell.items,
            workers=cell.workers,
            latency=latency,
            cpu_seconds=computes,
            size=cell.size or 0,
            bandwidth=_bandwidth(cell),
        ),
        seconds=cell.median,
    )


def _share(cell: Cell) -> float:
    share = cell.share or 0.0
    return share if 0 < share < 1 else 0.0


def _bandwidth(cell: Cell) -> float:
    limit = cell.extra.get("bandwidth_bytes_per_second")
    return float(limit) if isinstance(limit, int | float) and limit > 0 else float("inf")
