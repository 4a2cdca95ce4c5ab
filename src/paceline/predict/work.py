"""What is to be done, as the model sees it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Work:
    """Items of one kind, and how many of them are under way at once.

    Args:
        items: 1 or more.
        workers: 1 or more.
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
    """Many works at once, for arithmetic: an array of shape (n,) for each field of a `Work`."""

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
