"""What strategies have in common that are told by their processes' ends how to leave."""

from abc import abstractmethod
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from paceline.strategies.base import Strategy, WorkerDied


class InProcesses(Strategy):
    """A strategy that kills its processes where it is interrupted, says which have ended where some have, and else lets
    them finish.

    Attributes:
        _over: whether there is nothing to end: not yet, or not any more.
    """

    _over: bool

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._over:
            return
        if kind is not None and not issubclass(kind, Exception):
            self._kill()
            return
        self._stop_if_dead("between two rounds")
        self._close()

    def _stop_if_dead(self, when: str) -> None:
        """Put everything down if a process has ended: nothing can be relied on from then on.

        Raises:
            WorkerDied: saying which, and how.
        """
        if self._dead():
            raise self._broken(when)

    @abstractmethod
    def _dead(self) -> Sequence[Any]:
        """Return the processes that have ended."""

    @abstractmethod
    def _broken(self, when: str) -> WorkerDied:
        """Put everything down, and make the error that says which processes have ended."""

    @abstractmethod
    def _kill(self) -> None:
        """End all processes at once."""

    @abstractmethod
    def _close(self) -> None:
        """Let the workers close the workload and end, and wait for them.

        Raises:
            WorkerDied: if one does not end well.
        """
