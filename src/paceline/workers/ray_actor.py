"""What runs inside a worker of ray: an actor with an opened workload."""

import os
import pickle
from collections.abc import Sequence
from contextlib import ExitStack, suppress

from paceline.contracts import Item, Result, Run
from paceline.workers.errors import Raised, answer_of
from paceline.workers.pool_worker import END_NOW, end_with_parent


class Worker:
    """One worker. Errors are answers: ray would raise them as others, with a trace in their words.

    Args:
        workload: pickled; ray would pickle it by value where it can't be imported here.
        own: the cluster was started by the strategy.
    """

    def __init__(self, workload: bytes, *, own: bool) -> None:
        self._own = own
        self._workload = workload
        self._opened = ExitStack()
        self._run: Run

    def open(self) -> int | Raised:
        """Open the workload, and return the id of this process."""
        end_with_raylet(self._own)
        return answer_of(self._open)  # type: ignore[no-any-return]

    def run(self, items: Sequence[Item]) -> list[Result] | Raised:
        return answer_of(lambda: [self._run(item) for item in items])  # type: ignore[no-any-return]

    def close(self) -> Raised | None:
        return answer_of(self._opened.close)  # type: ignore[no-any-return]

    def _open(self) -> int:
        workload = pickle.loads(self._workload)  # noqa: S301 - from the client, which could send any code
        self._run = self._opened.enter_context(workload.worker())
        return os.getpid()


def end_with_raylet(own: bool) -> None:  # noqa: FBT001 - a fact, not a switch
    """End this process with the one of ray's that started it: ray itself waits for the item under way.

    In a cluster of the strategy's own the agents of that process end too, at once: they would stay for a while.
    """
    import psutil

    agents = [each for each in psutil.Process(os.getppid()).children() if own and each.pid != os.getpid()]

    def end() -> None:
        for agent in agents:
            with suppress(psutil.NoSuchProcess):
                agent.kill()
        END_NOW()

    end_with_parent(os.pidfd_open(os.getppid()), end)
