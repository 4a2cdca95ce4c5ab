"""
How to end a `multiprocessing.Pool` that its own `close()` and `terminate()` could wait on for ever.

A worker killed while it holds a lock of the pool's queues leaves it locked, and `terminate()` waits for that lock
first. Here the order is turned round: once no worker lives, whatever is locked has no owner, and each helper thread of
the pool is let out by closing the pipe it waits on. It uses the pool's private parts, as no public one leads there; the
contract test runs it on every supported Python.
"""

import multiprocessing.pool
from typing import Any

LOCK_TIMEOUT = 1.0  # seconds for a helper thread in the pool to give up a lock that it holds rightly


def kill_pool(pool: multiprocessing.pool.Pool) -> None:
    """
    Kill all workers of `pool` and end its threads, within seconds, whatever state the workers left it in.
    """
    inside: Any = pool
    _forbid_replacements(inside)
    for process in inside._pool:
        process.kill()
    for process in inside._pool:
        process.join()
    _free(inside._inqueue._rlock)
    _free(inside._outqueue._wlock)
    inside._inqueue._reader.close()  # ends a write of the task thread
    inside._task_handler.join()
    inside._outqueue._writer.close()  # ends a read of the result thread
    inside._result_handler.join()


def _forbid_replacements(inside: Any) -> None:
    """
    Stop the thread that replaces dead workers, and its exit handler, which would call the blocking `terminate()`.
    """
    inside._state = multiprocessing.pool.TERMINATE
    inside._terminate.cancel()
    for thread in (inside._worker_handler, inside._task_handler):
        thread._state = multiprocessing.pool.TERMINATE
    inside._change_notifier.put(None)
    inside._worker_handler.join()


def _free(lock: Any) -> None:
    """
    Release a lock whose owner may be dead.
    """
    lock.acquire(timeout=LOCK_TIMEOUT)
    lock.release()
