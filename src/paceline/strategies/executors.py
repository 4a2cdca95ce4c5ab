"""Processes from `concurrent.futures`, and from loky, which does the same another way."""

import multiprocessing
import os
import signal
from abc import abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import MappingProxyType
from typing import Any, Self

from paceline.contracts import Item, Result
from paceline.strategies import worker_processes as processes
from paceline.strategies.base import START_TIMEOUT, Look, WorkerDied, undone_on_error
from paceline.workers import pool_worker
from paceline.workers.errors import guarded


class OnExecutor(processes.InProcesses):
    """A strategy that hands items to an executor one by one, whose processes have begun with `pool_worker.start`."""

    _executor: Any
    _ready: Any

    def map(self, items: Sequence[Item]) -> list[Result]:
        try:
            return list(self._executor.map(pool_worker.run, items, chunksize=1))
        except BrokenProcessPool as error:
            raise self._broken("before its items were done") from error

    def _start(self, submit: Callable[[], Any]) -> Any:
        """Wait until the workers are ready that `submit` starts, and return what it returns."""
        with pool_worker.interrupts_held():
            try:
                submitted = submit()
            finally:  # those that did start, too, where another did not
                self._processes = list(self._executor._processes.values())  # noqa: SLF001 - it has no public list
        processes.meet(self, self._ready, self._processes, self._broken)
        return submitted

    def _close(self) -> None:
        with processes.killed_in_time(self._processes):
            words = self._shut()
        if bad := [process for process in self._processes if process.exitcode]:
            raise processes.late_end(bad, words)

    @abstractmethod
    def _shut(self) -> list[str]:
        """Let the workers end, wait for them, and return what they said about it."""


class Processes(OnExecutor):
    """A `ProcessPoolExecutor` on a fork server (spawned on Windows), each process with the workload opened once.

    The executor starts a process per item submitted while none is idle, so all are held at a gate until all are ready.
    """

    name = "processes"
    look = Look("#d55e00", "#f28444", "M-.8,-.8L.8,-.8L-.8,.8L.8,.8Z")  # an hourglass
    simplicity_rank = 50  # its workers start clean, and a dead one is an error
    fixed = MappingProxyType({"start_method": processes.CLEAN_START, "chunksize": 1})

    @guarded()
    def __enter__(self) -> Self:
        context: Any = multiprocessing.get_context(processes.CLEAN_START)
        self._ready, self._report = context.Pipe(duplex=False)
        gate = context.Event()
        initargs = (self.workload, self._report, context.Lock(), gate)
        self._executor = ProcessPoolExecutor(self.workers, context, pool_worker.start, initargs)
        self._over = False
        with undone_on_error(self._kill):
            held = self._start(lambda: [self._executor.submit(pool_worker.wait_at_gate) for _ in range(self.workers)])
            gate.set()
            for turn in held:
                turn.result(START_TIMEOUT)
        return self

    def _broken(self, when: str) -> WorkerDied:
        self._shut()
        ends = [process for process in self._processes if process.exitcode != -signal.SIGTERM]  # not by the executor
        return processes.death(ends or self._processes, when)

    def _kill(self) -> None:
        for process in self._processes:
            process.kill()
        self._shut()

    def _shut(self) -> list[str]:
        if self._over:
            return []
        self._over = True
        self._executor.shutdown(cancel_futures=True)
        words = processes.last_words([self._ready])
        self._ready.close()
        self._report.close()
        processes.stop_forkserver()
        return words


NO_LIMIT = 1 << 62  # bytes; loky reads a number and knows no word for none
CHECK_INTERVAL = 0.01  # seconds between checks whether the thread that feeds the workers has ended


class Loky(OnExecutor):
    """loky's reusable executor, each process a new interpreter with the workload opened once.

    Left to itself it would hand out the workers of an earlier start (`reuse`), let idle ones go after 10 s (`timeout`),
    and replace one that has grown by 300 MB (`most_growth`, bytes).
    """

    name = "loky"
    look = Look("#999933", "#c8c866", "M-.9,-.5L-.5,-.9L0,-.4L.5,-.9L.9,-.5L.4,0L.9,.5L.5,.9L0,.4L-.5,.9L-.9,.5L-.4,0Z")
    simplicity_rank = 90  # one more library
    libraries = ("loky", "cloudpickle")
    extra = "loky"
    fixed = MappingProxyType(
        {"start_method": "loky", "chunksize": 1, "reuse": False, "timeout": None, "most_growth": NO_LIMIT}
    )

    @guarded()
    def __enter__(self) -> Self:
        import loky

        _start_trackers()
        context: Any = loky.backend.get_context("loky")
        self._ready, self._report = context.Pipe(duplex=False)
        self._lifeline, self._life = context.Pipe(duplex=False)
        initargs = (self.workload, self._report, context.Lock(), None, self._lifeline)
        self._over = False
        self._executor = loky.get_reusable_executor(
            self.workers,
            context,
            timeout=None,
            reuse=False,
            initializer=pool_worker.start,
            initargs=initargs,
            env={"LOKY_MAX_MEMORY_LEAK_SIZE": str(NO_LIMIT)},
        )
        with undone_on_error(self._kill):
            self._start(lambda: self._executor.submit(os.getpid))  # the first thing submitted starts all workers
        return self

    def _broken(self, when: str) -> WorkerDied:
        self._kill()  # as loky has done to the others, after which most look the same
        ends = [process for process in self._processes if process.exitcode != -signal.SIGKILL]
        if not ends and self.workers > 1:
            when += ", and loky killed the others"
        return processes.death(ends or self._processes, when)

    def _kill(self) -> None:
        self._shut(kill_workers=True)
        for process in self._processes:  # which the executor leaves alone where it could not start all of them
            process.terminate()
            process.join()

    def _shut(self, *, kill_workers: bool = False) -> list[str]:
        if self._over:
            return []
        self._over = True
        feeding = self._executor._call_queue  # noqa: SLF001 - the executor forgets it, and its thread may stay
        self._executor.shutdown(wait=True, kill_workers=kill_workers)
        _read_out(feeding)
        words = processes.last_words([self._ready])
        for end in (self._ready, self._report, self._lifeline, self._life):
            end.close()
        return words


def _start_trackers() -> None:
    """Start the trackers of semaphores before interrupts are held, as their start lets interrupts through."""
    if os.name == "posix":
        from multiprocessing import resource_tracker

        from loky.backend import resource_tracker as lokys

        resource_tracker.ensure_running()
        lokys.ensure_running()


def _read_out(queue: Any) -> None:
    """Wait until a queue's thread has ended, and read what it still writes: killed workers don't."""
    thread = queue._thread  # noqa: SLF001
    while thread is not None and thread.is_alive():
        thread.join(CHECK_INTERVAL)
        while thread.is_alive() and queue._reader.poll():  # noqa: SLF001
            os.read(queue._reader.fileno(), 1 << 16)  # noqa: SLF001
