"""A `multiprocessing.Pool` that replaces no worker, and how to end one which could be waited for without end.

A worker killed while it holds a lock of the pool's queues leaves it locked, and `terminate()` waits for that first.
Here no worker lives any more when locks are freed, and each helper thread is let out through the pipe it waits on. No
public way leads to these parts; the contract test runs it on every supported Python.
"""

import multiprocessing.pool
import os
from collections.abc import Sequence
from typing import Any

CHECK_INTERVAL = 0.02  # seconds between checks whether a helper thread has ended
LOCK_TIMEOUT = 1.0  # seconds for a helper thread in the pool to give up a lock that it holds rightly


class UnreplacingPool(multiprocessing.pool.Pool):
    """A pool that starts no worker in a dead one's place, whose item is lost all the same.

    A thread of the pool would start it, beside the others, with which fork is not safe. Where warnings are errors,
    `os.fork` raises then from Python 3.15 on, and leaves a process that no pool knows of and that holds its pipes open.
    """

    started: Sequence[Any]  # its workers' processes, the dead ones too

    def _repopulate_pool(self) -> None:
        super()._repopulate_pool()  # type: ignore[misc]
        self.started = [*self._pool]  # type: ignore[attr-defined]
        self._processes = 0  # as many as that thread sees to


def kill_pool(pool: UnreplacingPool) -> None:
    """Kill all workers of `pool` and end its threads, whatever state the workers left it in."""
    inside: Any = pool
    _end_upkeep(inside)
    for process in pool.started:
        process.kill()
    for process in pool.started:
        process.join()
    _free(inside._inqueue._rlock)
    _free(inside._outqueue._wlock)
    _read_out(inside._inqueue._reader, inside._task_handler)
    inside._inqueue._reader.close()
    inside._outqueue._writer.close()  # ends a read of the result thread
    inside._result_handler.join()


def _end_upkeep(inside: Any) -> None:
    """Stop the thread that collects dead workers, and the exit handler, which would call the blocking `terminate()`."""
    inside._state = multiprocessing.pool.TERMINATE
    inside._terminate.cancel()
    for thread in (inside._worker_handler, inside._task_handler):
        thread._state = multiprocessing.pool.TERMINATE
    inside._change_notifier.put(None)
    inside._worker_handler.join()


def _read_out(reader: Any, writing: Any) -> None:
    """Read what a thread still writes into a pipe, until it has ended.

    To close the pipe would end the write too, by an error; its traceback holds a buffer that CPython from 3.13 on
    complains about when it is collected ("BufferError: Existing exports of data").
    """
    while writing.is_alive():
        if reader.poll(CHECK_INTERVAL):
            os.read(reader.fileno(), 1 << 16)


def _free(lock: Any) -> None:
    """Release a lock whose owner may be dead."""
    lock.acquire(timeout=LOCK_TIMEOUT)
    lock.release()
