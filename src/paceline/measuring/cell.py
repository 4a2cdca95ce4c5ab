"""One cell: what an experiment gets back."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from paceline.contracts import Item
from paceline.measuring import facts
from paceline.strategies import Strategy


@dataclass
class Cell:
    """What an experiment gets back, and what a saved run keeps of it beside pytest-benchmark's own figures.

    `median`, `efficiency` and `overhead` are None when nothing was timed (`--benchmark-disable`, plain `pytest`).
    Times in seconds; `cpu_seconds` and `context_switches` are per round. `process` says which of the fresh processes
    measured it, from 1; None is the session's own. `added` holds what a paired or watched cell has beside these.
    """

    experiment: str
    strategy: str
    options: dict[str, Any]
    workload: str
    client: str | None
    kernel: str | None
    items: int
    workers: int
    latency: float | None
    size: int | None
    share: float | None
    limit: float | None = None
    median: float | None = None
    efficiency: float | None = None
    overhead: float | None = None
    ledger: dict[str, Any] | None = None
    start_seconds: float = 0.0
    stop_seconds: float = 0.0
    cpu_seconds: float | None = None
    context_switches: int | None = None
    server_share: float | None = None
    sessions: int | None = None
    process: int | None = None
    warnings: list[str] = field(default_factory=list)
    added: dict[str, Any] = field(default_factory=dict)


def described(experiment: str, strategy: Strategy, items: Sequence[Item]) -> Cell:
    """Begin a cell with what is known before it is measured."""
    figures = facts.described(strategy.workload, strategy.face)
    return Cell(
        experiment=experiment,
        strategy=strategy.name,
        options=strategy.options,
        workload=type(strategy.workload).__name__,
        client=figures.get("client"),
        kernel=figures.get("kernel"),
        items=len(items),
        workers=strategy.workers,
        latency=figures.get("latency"),
        size=figures.get("size"),
        share=figures.get("share"),
    )


def saved(cell: Cell) -> dict[str, Any]:
    """Return what a saved run keeps: the median is pytest-benchmark's own to save."""
    figures = asdict(cell)
    added = figures.pop("added")
    del figures["median"]
    return {**added, **figures}
