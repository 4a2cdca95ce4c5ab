"""What the model says of cells it has not seen, beside what was measured."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from paceline.predict.families import Families, Setting, families, fitted
from paceline.predict.measured import Measured

NEAR = 0.2
"""How far off a prediction may be: a fraction of the measured time."""


@dataclass(frozen=True)
class HeldOut:
    """A cell, and what was predicted without it.

    Args:
        cell: as measured.
        predicted: seconds; None if no prediction can be made without this cell.
        factor: of the interval, which reaches from predicted / factor to predicted * factor.
    """

    cell: Measured
    predicted: float | None
    factor: float

    @property
    def error(self) -> float | None:
        """Predicted over measured, less 1."""
        return None if self.predicted is None else self.predicted / self.cell.seconds - 1

    @property
    def near(self) -> bool:
        """Whether it was predicted within `NEAR` of what was measured."""
        return self.error is not None and abs(self.error) <= NEAR

    @property
    def inside(self) -> bool:
        """Whether what was measured lies inside of the interval."""
        if self.predicted is None:
            return False
        return abs(math.log(self.predicted / self.cell.seconds)) <= math.log(self.factor)

    @property
    def right(self) -> bool:
        """Whether both hold."""
        return self.near and self.inside


def held_out(cells: Sequence[Measured], setting: Setting) -> list[HeldOut]:
    """Leave out one cell after the other, with all others that did the same work, and predict it from the rest.

    Source: M. Stone, Cross-Validatory Choice and Assessment of Statistical Predictions, Journal of the Royal
        Statistical Society B 36 (1974), 111-147.
    """
    known = families(cells)
    return [_held_out(cell, known, setting) for cell in cells]


def _held_out(cell: Measured, known: Families, setting: Setting) -> HeldOut:
    rest = {**known, cell.family: [other for other in known[cell.family] if other.work != cell.work]}
    found = fitted(cell.family, rest, setting)
    if found is None:
        return HeldOut(cell, None, math.inf)
    return HeldOut(cell, found.seconds(cell.work), found.factor(cell.work))
