"""A cluster of dask on this machine: a scheduler and some workers, each a process, gone when the strategy closes."""

import multiprocessing
import tempfile
import time
from collections.abc import Mapping, Sequence
from multiprocessing import connection
from multiprocessing.util import get_temp_dir
from types import MappingProxyType
from typing import Any

from paceline.contracts import Option
from paceline.strategies.base import START_TIMEOUT, STOP_TIMEOUT, NotReady, WorkerDied
from paceline.strategies.endings import death, ended, wait_for_ends
from paceline.workers import dask_node, pool_worker
from paceline.workers.errors import Failed, guarded

START_METHOD = "spawn"  # as dask's own local cluster does
SETTINGS: Mapping[str, Option] = MappingProxyType(
    {
        "allowed-failures": 0,  # an item whose worker died is lost: done again, it would be counted twice
        "worker-saturation": 1.1,  # dask's own: one item waits in each worker while another is under way
        "work-stealing": True,  # dask's own
    }
)
"""Of the scheduler; recorded with each cell."""

CONFIG: Mapping[str, Any] = {
    **{f"distributed.scheduler.{name}": value for name, value in SETTINGS.items()},
    "distributed.worker.profile.enabled": False,  # it looks at each worker's stack a hundred times a second
    "distributed.diagnostics.nvml": False,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}


class Embedded:
    """One that runs.

    All processes start at once, as most of a start is the import of dask; the workers then wait for the address.

    Args:
        workers: how many, of one thread each.

    Attributes:
        processes: the scheduler's first, then the workers'.
        address: where the scheduler listens.
    """

    @guarded()
    def __init__(self, workers: int) -> None:
        self.processes: list[Any] = []
        self.address = ""
        self._pipes: list[connection.Connection[Any, Any]] = []
        self._folder = tempfile.TemporaryDirectory(
            prefix="paceline-dask-", dir=get_temp_dir(), ignore_cleanup_errors=True
        )
        try:
            with pool_worker.interrupts_held():
                self._start(dask_node.scheduler)
                for number in range(workers):
                    self._start(dask_node.worker, number)
            self._meet()
        except BaseException:
            self.kill()
            raise

    def dead(self) -> Sequence[Any]:
        """Return the processes that have ended."""
        return ended(self.processes)

    def death(self, when: str) -> WorkerDied | None:
        """Make the error that says which processes have ended, and how; None if none does within `STOP_TIMEOUT`."""
        connection.wait([process.sentinel for process in self.processes], STOP_TIMEOUT)
        dead = self.dead()
        for process in dead:
            process.join(STOP_TIMEOUT)  # its pipes close a little earlier
        return death(dead, when) if dead else None

    def stop(self) -> None:
        """End the workers, then the scheduler.

        Raises:
            WorkerDied: if one did not end well.
        """
        try:
            for part in (slice(1, None), slice(1)):
                for pipe in self._pipes[part]:
                    pipe.send(None)
                if late := wait_for_ends(self.processes[part], STOP_TIMEOUT):
                    raise death(late, "on the way out")
        finally:
            self.kill()

    def kill(self) -> None:
        """End all processes at once, whatever state they are in."""
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.join()
        for pipe in self._pipes:
            pipe.close()
        self._folder.cleanup()

    def _start(self, main: Any, *arguments: Any) -> None:
        context: Any = multiprocessing.get_context(START_METHOD)
        config = {**CONFIG, "temporary-directory": self._folder.name}
        ours, its = context.Pipe()
        self._pipes.append(ours)
        with its:
            process = context.Process(target=main, args=(its, config, *arguments), daemon=True)
            process.start()
        self.processes.append(process)

    def _meet(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        self.address = str(self._answer(0, deadline))
        for pipe in self._pipes[1:]:
            pipe.send(self.address)
        for index in range(1, len(self._pipes)):
            self._answer(index, deadline)

    def _answer(self, index: int, deadline: float) -> Any:
        if not self._pipes[index].poll(max(0.0, deadline - time.monotonic())):
            raise NotReady(f"dask: a process of its cluster was not ready within {START_TIMEOUT:g} s")
        try:
            answer = self._pipes[index].recv()
        except (EOFError, OSError):  # the other end closed with its process
            self.processes[index].join(STOP_TIMEOUT)
            raise death([self.processes[index]], "before it was ready") from None
        if isinstance(answer, Failed):
            raise answer.error
        return answer
