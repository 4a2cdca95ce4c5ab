"""Processes from `concurrent.futures`."""

import multiprocessing
import signal
from concurrent.futures import ProcessPoolExecutor
from types import MappingProxyType
from typing import Any, ClassVar, Self

from paceline.contracts import Option
from paceline.strategies.base import START_TIMEOUT, WorkerDied
from paceline.strategies.endings import death, last_words, stop_forkserver
from paceline.strategies.executor import OnExecutor
from paceline.strategies.rendezvous import meet
from paceline.workers import pool_worker
from paceline.workers.errors import guarded

START_METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


class Processes(OnExecutor):
    """A `ProcessPoolExecutor` on a fork server (spawned on Windows), each process with the workload opened once.

    The executor starts a process per item submitted while none is idle, so all are held at a gate until all are ready.
    """

    name: ClassVar[str] = "processes"
    fixed: ClassVar[MappingProxyType[str, Option]] = MappingProxyType({"start_method": START_METHOD, "chunksize": 1})

    @guarded()
    def __enter__(self) -> Self:
        context: Any = multiprocessing.get_context(START_METHOD)
        self._ready, self._tell_ready = context.Pipe(duplex=False)
        gate = context.Event()
        initargs = (self.workload, self._tell_ready, context.Lock(), gate)
        self._executor = ProcessPoolExecutor(self.workers, context, pool_worker.start, initargs)
        self._processes: list[Any] = []
        self._over = False
        try:
            with pool_worker.interrupts_held():
                try:
                    held = [self._executor.submit(pool_worker.wait_at_gate) for _ in range(self.workers)]
                finally:  # those that did start, too, where another did not
                    self._processes = list(self._executor._processes.values())  # noqa: SLF001 - it has no public list
            meet(self, self._ready, self._processes, self._broken)
            gate.set()
            for turn in held:
                turn.result(START_TIMEOUT)
        except BaseException:
            if not self._over:
                self._kill()
            raise
        return self

    def _broken(self, when: str) -> WorkerDied:
        """Make the error for an executor that lost a worker: it ends the others itself, by SIGTERM."""
        self._shut()
        ends = [process for process in self._processes if process.exitcode != -signal.SIGTERM]
        return death(ends or self._processes, when)

    def _kill(self) -> None:
        """Kill the workers; the executor's own thread notices and ends."""
        for process in self._processes:
            process.kill()
        self._shut()

    def _shut(self) -> list[str]:
        self._over = True
        self._executor.shutdown(cancel_futures=True)
        words = last_words([self._ready])
        self._ready.close()
        self._tell_ready.close()
        stop_forkserver()
        return words
