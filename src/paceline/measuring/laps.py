"""A cell measured in a process of its own."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from paceline.contracts import Item, Workload
from paceline.measuring import facts
from paceline.measuring.cell import Cell
from paceline.measuring.passes import Plan, measure
from paceline.strategies import Strategy
from paceline.workloads import clients

PATIENCE = 300.0  # seconds for a cell, beside what its items may take
ITEM_SECONDS = 0.01  # what a strategy may add to each item; most add less than a tenth of it
SLACK = 4.0  # times as long as it should take, on a machine that others use too


class Laps:
    """A stopwatch that does what pytest-benchmark's `pedantic` does, without pytest."""

    enabled = True
    timer = staticmethod(time.perf_counter)

    def rounds(self, run: Callable[[], None], setup: Callable[[], None], count: int) -> list[float]:
        """Warm up once, then time `count` rounds."""
        setup()
        run()
        return [self._lap(run, setup) for _ in range(count)]

    def checking(self) -> AbstractContextManager[None]:
        """Nothing to keep: an error ends the process, and is told."""
        return nullcontext()

    def _lap(self, run: Callable[[], None], setup: Callable[[], None]) -> float:
        setup()
        begun = self.timer()
        run()
        return self.timer() - begun


def measured(plan: Plan, strategy: Strategy, items: Sequence[Item]) -> tuple[Cell, list[float]]:
    """Measure a cell in this process, which was started for it."""
    if client := facts.described(strategy.workload, strategy.face).get("client"):
        clients.load(client)  # as in a session: no start is charged for the import
    return measure(plan, Laps(), strategy, items)


def patience(workload: Workload, items: Sequence[Item], passes: int, bandwidth: float | None = None) -> float:
    """Return the seconds after which a process counts as hung: more than one worker takes, by all that is known of it.

    Args:
        workload: what is done to an item.
        items: shape (n,).
        passes: how often all of them are done.
        bandwidth: bytes per second of the instrument's link, or None.
    """
    computing = facts.cpu_seconds(workload) * len(items)
    alone = facts.limit(workload, items, 1, computing, bandwidth)
    return PATIENCE + passes * at_most(computing if alone is None else alone, len(items))


def at_most(seconds: float, items: int) -> float:
    """Return the seconds that items may take which should take `seconds`, one after the other."""
    return SLACK * (seconds + ITEM_SECONDS * items)
