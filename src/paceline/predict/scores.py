"""How many held-out cells were predicted well, by strategy, client and kind of work."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, fields

from paceline.predict.validating import HeldOut


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What became of held-out cells.

    Args:
        cells: those that could be predicted.
        near: of them, those near enough.
        inside: of them, those inside of their interval.
        right: of them, those that are both.
        unpredicted: cells without which too few are left to fit.
    """

    cells: int
    near: int
    inside: int
    right: int
    unpredicted: int

    @property
    def share(self) -> float | None:
        """The fraction that was predicted right; None without cells."""
        return self.right / self.cells if self.cells else None


@dataclass(frozen=True, kw_only=True)
class Score(Counts):
    """What became of one group of them.

    Args:
        strategy: its name.
        client: the client, or the word for what only computes.
        kind: "downloads", "mixed" or "computing".
        factor: the middle of their intervals' factors; None without cells.
    """

    strategy: str
    client: str
    kind: str
    factor: float | None


def scores(found: Sequence[HeldOut]) -> list[Score]:
    """Count cells by strategy, client and kind of work, largest groups first."""
    groups: dict[tuple[str, str, str], list[HeldOut]] = {}
    for one in found:
        groups.setdefault((one.cell.strategy, one.cell.through, one.cell.kind), []).append(one)
    return sorted((_score(*group, cells) for group, cells in groups.items()), key=lambda one: -one.cells)


def total(found: Sequence[Score]) -> Counts:
    """Count the cells of all groups together."""
    return Counts(**{field.name: sum(getattr(one, field.name) for one in found) for field in fields(Counts)})


def _score(strategy: str, client: str, kind: str, group: Sequence[HeldOut]) -> Score:
    predicted = [one for one in group if one.predicted is not None]
    return Score(
        strategy=strategy,
        client=client,
        kind=kind,
        cells=len(predicted),
        near=sum(one.near for one in predicted),
        inside=sum(one.inside for one in predicted),
        right=sum(one.right for one in predicted),
        factor=statistics.median(one.factor for one in predicted) if predicted else None,
        unpredicted=len(group) - len(predicted),
    )
