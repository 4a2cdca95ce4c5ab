"""The meeting of worker processes before the first round."""

import time
from collections.abc import Callable, Sequence
from multiprocessing import connection
from typing import Any

from paceline.strategies.base import START_TIMEOUT, NotReady, Strategy, WorkerDied


def meet(strategy: Strategy, ready: Any, processes: Sequence[Any], broken: Callable[[str], WorkerDied]) -> None:
    """Wait until each of a strategy's processes has said that its workload is open.

    Args:
        strategy: whose workers they are.
        ready: the connection on which each says so: None, or the error that kept it from opening the workload.
        processes: all of them.
        broken: makes the error for a death, told when it was.

    Raises:
        Exception: the first error that a worker told.
        WorkerDied: if one ended without a word.
        NotReady: if not all have said so within `START_TIMEOUT`.
    """
    deadline = time.monotonic() + START_TIMEOUT
    sentinels = [process.sentinel for process in processes]
    for _ in range(strategy.workers):
        told = connection.wait([ready, *sentinels], deadline - time.monotonic())
        if ready in told:
            if (error := ready.recv()) is not None:
                raise error
        elif told:
            raise broken("before it was ready")
        else:
            raise NotReady(f"{strategy.name}: {strategy.workers} workers were not all ready within {START_TIMEOUT:g} s")
