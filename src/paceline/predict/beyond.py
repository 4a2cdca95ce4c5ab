"""How far a question lies outside of what was measured."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from paceline.predict.measured import Measured
from paceline.predict.work import Work

_AXES = ("items", "workers", "latency", "cpu_seconds", "size")


@dataclass(frozen=True)
class Beyond:
    """Something asked for that no cell had.

    Args:
        axis: a field of `Work`.
        asked: its value.
        measured: the nearest value that was measured.
    """

    axis: str
    asked: float
    measured: float

    @property
    def factor(self) -> float | None:
        """How many times as far, above 1; None if it was never measured above 0, or is asked for as 0."""
        low, high = sorted((self.asked, self.measured))
        return high / low if low > 0 else None


def beyond(work: Work, cells: Sequence[Measured]) -> list[Beyond]:
    """Return what of a work lies outside of the cells' range."""
    found = []
    for axis in _AXES:
        asked, seen = getattr(work, axis), [getattr(cell.work, axis) for cell in cells]
        nearest = min(max(asked, min(seen)), max(seen))
        if not math.isclose(asked, nearest):
            found.append(Beyond(axis, asked, nearest))
    return found
