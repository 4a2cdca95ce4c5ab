"""What runs inside a worker of ray: an actor with an opened workload.

It stands apart from the strategies for the same reason as `pool_worker`.
"""

import os
import pickle
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress

from paceline.contracts import Item, Result
from paceline.workers.errors import Failed, portable
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
        self._run: Callable[[Item], Result] | None = None

    def open(self) -> int | Failed:
        """Open the workload, and give the number of this process."""
        end_with_raylet(self._own)
        try:
            workload = pickle.loads(self._workload)  # noqa: S301 - from the client, which could send any code
            self._run = self._opened.enter_context(workload.worker())
        except Exception as error:  # noqa: BLE001 - it is told
            return Failed(portable(error))
        return os.getpid()

    def run(self, items: Sequence[Item]) -> list[Result] | Failed:
        """Do some items, one after the other."""
        assert self._run
        try:
            return [self._run(item) for item in items]
        except Exception as error:  # noqa: BLE001 - whatever it is, it has to travel
            return Failed(portable(error))

    def close(self) -> Failed | None:
        """Close the workload."""
        try:
            self._opened.close()
        except Exception as error:  # noqa: BLE001 - it is told
            return Failed(portable(error))
        return None


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
