"""How long the rest of a session takes: from what its cells took in a saved run, and from what those measured so far
took.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from paceline import history
from paceline.history.storage import GuardedStorage


@dataclass(frozen=True)
class Expectation:
    """What is known of the time that cells take, in seconds by the cells' full names.

    Args:
        before: of a saved run.
        now: of the cells that this session has measured so far; it grows.
    """

    before: Mapping[str, float]
    now: dict[str, float] = field(default_factory=dict)

    @property
    def pace(self) -> float:
        """How much longer this session's cells take than the saved run says; 1 as long as nothing can be compared. The
        saved run doesn't know the warm-up round and the setups either: this is where they come in.
        """
        both = [name for name in self.now if name in self.before]
        told = math.fsum(self.before[name] for name in both)
        return math.fsum(self.now[name] for name in both) / told if told else 1.0

    def left(self, waiting: Sequence[str], spent: float) -> float | None:
        """Estimate the seconds until the last cell is measured.

        Args:
            waiting: the cells that are not measured yet; the first is being measured.
            spent: seconds on that one so far.

        Returns:
            Seconds; None if a cell waits of which nothing is known, and no other has been measured.
        """
        known = [self.before[name] for name in waiting if name in self.before]
        unknown = len(waiting) - len(known)
        if unknown and not self.now:
            return None
        pace, mean = self.pace, math.fsum(self.now.values()) / len(self.now) if unknown else 0.0
        first = self.before[waiting[0]] * pace if waiting[0] in self.before else mean
        return math.fsum(known) * pace + unknown * mean - min(first, spent)


def remembered(storage: Any) -> dict[str, float]:
    """Read what each cell took in the newest complete run of a session's own history: start, rounds and stop, seconds.

    Nothing if there is none or it can't be read: an estimate is no reason to stop a session, and whoever asks for a
    saved run is told what is wrong with it.
    """
    if not isinstance(storage, GuardedStorage):
        return {}
    try:
        run = history.newest_in(storage.home, lambda run: bool(run.cells), lambda _: None)
    except (history.HistoryError, OSError):
        return {}
    return {cell.fullname: _seconds(cell) for cell in run.cells} if run else {}


def _seconds(cell: history.Cell) -> float:
    return math.fsum([*cell.rounds, cell.start_seconds or 0.0, cell.stop_seconds or 0.0])
