"""
A cell measured in a process of its own.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from paceline.contracts import Item
from paceline.measuring import facts
from paceline.measuring.cell import Cell
from paceline.measuring.passes import Plan, measure
from paceline.strategies import Strategy
from paceline.workloads import clients


class Laps:
    """
    A stopwatch that does what pytest-benchmark's `pedantic` does, without pytest.
    """

    enabled = True
    timer = staticmethod(time.perf_counter)

    def rounds(self, run: Callable[[], None], setup: Callable[[], None], count: int) -> list[float]:
        """
        Warm up once, then time `count` rounds.
        """
        setup()
        run()
        return [self._lap(run, setup) for _ in range(count)]

    def checking(self) -> AbstractContextManager[None]:
        """
        Nothing to keep: an error ends the process, and is told.
        """
        return nullcontext()

    def _lap(self, run: Callable[[], None], setup: Callable[[], None]) -> float:
        setup()
        begun = self.timer()
        run()
        return self.timer() - begun


def measured(plan: Plan, strategy: Strategy, items: Sequence[Item]) -> tuple[Cell, list[float]]:
    """
    Measure a cell in this process, which was started for it.
    """
    if client := facts.described(strategy.workload, strategy.face).get("client"):
        clients.load(client)  # as in a session: no start is charged for the import
    return measure(plan, Laps(), strategy, items)
