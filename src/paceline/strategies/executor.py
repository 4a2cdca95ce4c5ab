"""
What strategies have in common whose processes belong to an executor.
"""

from abc import abstractmethod
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any

from paceline import pool_worker
from paceline.contracts import Item, Result
from paceline.strategies.base import Strategy, WorkerDied
from paceline.strategies.endings import death, ended


class OnExecutor(Strategy):
    """
    A strategy that hands items to an executor one by one. Entering sets the attributes.

    Attributes:
        _executor: its processes have begun with `pool_worker.start`.
        _processes: they, and their ends.
        _over: whether it has been shut.
    """

    _executor: Any
    _processes: list[Any]
    _over: bool

    def map(self, items: Sequence[Item]) -> list[Result]:
        try:
            return list(self._executor.map(pool_worker.run, items, chunksize=1))
        except BrokenProcessPool as error:
            raise self._broken("before its items were done") from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._over:
            return
        if kind is not None and not issubclass(kind, Exception):
            self._kill()
        elif ended(self._processes):
            raise self._broken("between two rounds")
        else:
            self._shut()
            if bad := [process for process in self._processes if process.exitcode]:
                raise death(bad, "on the way out")

    @abstractmethod
    def _broken(self, when: str) -> WorkerDied:
        """
        Shut it, and make the error for an executor that lost a worker.
        """

    @abstractmethod
    def _kill(self) -> None:
        """
        Kill the workers, and shut it.
        """

    @abstractmethod
    def _shut(self) -> None:
        """
        Let the workers end, and wait for them.
        """
