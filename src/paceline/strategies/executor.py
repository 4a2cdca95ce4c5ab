"""What strategies have in common whose processes belong to an executor."""

from abc import abstractmethod
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from paceline.contracts import Item, Result
from paceline.strategies.endings import ended, killed_in_time, late_end
from paceline.strategies.in_processes import InProcesses
from paceline.workers import pool_worker


class OnExecutor(InProcesses):
    """A strategy that hands items to an executor one by one. Entering sets the attributes.

    Attributes:
        _executor: its processes have begun with `pool_worker.start`.
        _processes: they, and their ends.
    """

    _executor: Any
    _processes: list[Any]

    def map(self, items: Sequence[Item]) -> list[Result]:
        try:
            return list(self._executor.map(pool_worker.run, items, chunksize=1))
        except BrokenProcessPool as error:
            raise self._broken("before its items were done") from error

    def _dead(self) -> Sequence[Any]:
        return ended(self._processes)

    def _close(self) -> None:
        with killed_in_time(self._processes):
            words = self._shut()
        if bad := [process for process in self._processes if process.exitcode]:
            raise late_end(bad, words)

    @abstractmethod
    def _shut(self) -> list[str]:
        """Let the workers end, wait for them, and give what they said about it."""
