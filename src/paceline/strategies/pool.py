"""Processes from `multiprocessing.Pool`, one strategy for each start method."""

import math
import multiprocessing
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.pool import IMapIterator, Pool
from types import MappingProxyType
from typing import Any, ClassVar, Self, TypeAlias

from paceline.contracts import Item, Option, Result, Workload
from paceline.strategies import worker_processes as processes
from paceline.strategies.base import STOP_TIMEOUT, Look, WorkerDied, undone_on_error
from paceline.strategies.pool_rescue import UnreplacingPool, kill_pool
from paceline.workers import pool_worker
from paceline.workers.errors import Raised, guarded

CHECK_INTERVAL = 0.25  # seconds between checks whether a worker has died; results wake the wait at once

Check: TypeAlias = Callable[[], None]
"""Raises an error if a worker has died."""


def chunk_size(items: int, workers: int) -> int:
    """Return the default of `Pool.map`, four chunks a worker (CPython, `multiprocessing.pool.Pool._map_async`)."""
    return max(1, math.ceil(items / (4 * workers)))


def by_map(pool: Pool, items: Sequence[Item], chunksize: int, check: Check) -> list[Result]:
    results = pool.map_async(pool_worker.run, items, chunksize)
    results.wait(CHECK_INTERVAL)
    while not results.ready():
        check()
        results.wait(CHECK_INTERVAL)
    return results.get()


def by_imap_unordered(pool: Pool, items: Sequence[Item], chunksize: int, check: Check) -> list[Result]:
    """Run all items by `Pool.imap_unordered`; each carries its place, by which its result is put back into item order.

    The chunks are cut here: those of the pool's own can't be waited for with a time-out. An error surfaces once all
    chunks are done, as with `Pool.map`, so that none of them runs on into the next round.
    """
    placed = [*enumerate(items)]
    chunks = [placed[first : first + chunksize] for first in range(0, len(placed), chunksize)]
    coming = pool.imap_unordered(pool_worker.run_chunk, chunks)
    results: list[Result] = [None] * len(placed)
    failed: list[Raised] = []
    checked = time.monotonic()
    for _ in chunks:
        if time.monotonic() - checked > CHECK_INTERVAL:
            check()
            checked = time.monotonic()
        done = _next(coming, check)
        if isinstance(done, Raised):
            failed.append(done)
        else:
            for place, result in done:
                results[place] = result
    if failed:
        raise failed[0].error
    return results


def _next(coming: "IMapIterator[pool_worker.Chunk]", check: Check) -> pool_worker.Chunk | Raised:
    while True:
        try:
            return coming.next(CHECK_INTERVAL)
        except Exception as error:  # noqa: BLE001 - a worker's, whatever it is
            late = isinstance(error, multiprocessing.TimeoutError) and error.__cause__ is None
            if not late:  # an item's own has its trace in the worker as the cause
                return Raised(error)
        check()


WAYS: Mapping[str, Callable[[Pool, Sequence[Item], int, Check], list[Result]]] = MappingProxyType(
    {"map": by_map, "imap_unordered": by_imap_unordered}
)
"""By the name of the pool's own method."""


class _Pool(processes.InProcesses):
    """The lesson's pool: an initializer opens the workload once in each process.

    `chunksize` is how many items a worker takes at a time; 0 stands for what `Pool.map` would choose, ceil(items / (4 x
    workers)), which leaves workers idle at the end. `hand_out` is the pool's method: `map`, or `imap_unordered`, whose
    results are put back into item order.
    """

    start_method: ClassVar[str]
    defaults = MappingProxyType({"chunksize": 1, "hand_out": "map"})

    def __init__(self, workload: Workload, workers: int, **options: Option) -> None:
        super().__init__(workload, workers, **options)
        wanted = "a whole number of 1 or more, or 0 for what Pool.map would choose"
        self._chunksize = self._check_whole("chunksize", self.options["chunksize"], least=0, wanted=wanted)
        hand_out = self.options["hand_out"]
        if not isinstance(hand_out, str) or hand_out not in WAYS:
            raise ValueError(f"{self.name}: hand_out must be {' or '.join(WAYS)}, not {hand_out!r}")
        self._hand_out = WAYS[hand_out]

    def __init_subclass__(cls) -> None:
        cls.name = f"pool-{cls.start_method}"
        cls.fixed = MappingProxyType({"start_method": cls.start_method})

    @classmethod
    def unavailable(cls) -> str | None:
        if cls.start_method in multiprocessing.get_all_start_methods():
            return None
        return f"needs the start method {cls.start_method}, which {sys.platform} does not have"

    @guarded()
    def __enter__(self) -> Self:
        context: Any = multiprocessing.get_context(self.start_method)
        self._ready, self._report = context.Pipe(duplex=False)
        self._over = True  # there is nothing to kill yet
        with undone_on_error(self._kill):
            with pool_worker.interrupts_held():
                initargs = (self.workload, self._report, context.Lock())
                self._pool = UnreplacingPool(self.workers, pool_worker.start, initargs, context=context)
                self._processes = self._pool.started
                self._over = False
            processes.meet(self, self._ready, self._processes, self._broken)  # a Ctrl-C that was held comes before
        return self

    def map(self, items: Sequence[Item]) -> list[Result]:
        self._stop_if_dead("between two rounds")
        chunksize = self._chunksize or chunk_size(len(items), self.workers)
        return self._hand_out(self._pool, items, chunksize, self._check_alive)

    def _check_alive(self) -> None:
        self._stop_if_dead("before its items were done")

    def _broken(self, when: str) -> WorkerDied:
        dead = processes.ended(self._processes)
        self._kill()
        return processes.death(dead, when)

    def _close(self) -> None:
        with undone_on_error(self._kill):
            self._pool.close()
            bad = processes.wait_for_ends(self._processes, STOP_TIMEOUT)
        if bad:
            words = processes.last_words([self._ready])
            self._kill()
            raise processes.late_end(bad, words)
        self._pool.join()
        self._release()

    def _kill(self) -> None:
        if not self._over:
            self._over = True
            kill_pool(self._pool)
        self._release()

    def _release(self) -> None:
        self._ready.close()
        self._report.close()
        processes.stop_forkserver()


class PoolFork(_Pool):
    """Workers are copies of this process, made by fork: the cheapest start, and only safe while there is one thread."""

    start_method = "fork"
    look = Look("#009e73", "#2fc79a", "triangle-down")
    simplicity_rank = 80  # it is not safe beside threads
    forks = True

    def __enter__(self) -> Self:
        with _threads_named_before_a_fork():
            return super().__enter__()


@contextmanager
def _threads_named_before_a_fork() -> Iterator[None]:
    """Warn of this process's other threads before the block forks.

    From Python 3.15 on, `os.fork` raises its own warning where warnings are errors, with the child alive, which nobody
    knows of then. And it counts threads that Python knows nothing of: uvloop's four that look up names stay until the
    process ends, and are made anew in a child.
    """
    others = ", ".join(thread.name for thread in threading.enumerate() if thread is not threading.current_thread())
    if others:
        said = f"a fork beside other threads ({others}) may leave workers that hang"
        warnings.warn(said, DeprecationWarning, stacklevel=4)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        yield


class PoolForkserver(_Pool):
    """Workers are forked from a clean server process, started with the pool and stopped with it."""

    start_method = "forkserver"
    look = Look("#44aa99", "#7fd4c6", "triangle-right")
    simplicity_rank = 60


class PoolSpawn(_Pool):
    """Workers are new interpreters: the dearest start, and the only one that every system has."""

    start_method = "spawn"
    look = Look("#117733", "#5fb87f", "triangle-left")
    simplicity_rank = 70
