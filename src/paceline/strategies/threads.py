"""Threads of one interpreter, by themselves or behind an event loop."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import MappingProxyType
from typing import Any, Self

from paceline.contracts import Item, Result
from paceline.strategies.base import Look, Strategy, undone_on_error
from paceline.workers.event_loop import all_results, repeated, runner


class _Local(threading.local):
    def __init__(self) -> None:
        self.opened = ExitStack()


class ThreadPool:
    """A `ThreadPoolExecutor` of `size` threads, each of which keeps something for itself in `local`.

    The executor starts threads lazily and reuses idle ones, so to reach each of them takes a rendezvous.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.executor = ThreadPoolExecutor(size, thread_name_prefix="paceline")
        self.local: Any = _Local()

    def in_each(self, action: Callable[[], None]) -> None:
        """Do `action` once in each thread: all meet first, so that none takes the turn of another.

        There is no time-out, as a thread can't be ended. The first error is raised once it is over in all threads.
        """
        meeting = threading.Barrier(self.size)

        def turn() -> None:
            meeting.wait()
            action()

        try:
            turns = [self.executor.submit(turn) for _ in range(self.size)]
        except BaseException:  # the system refused a thread: don't keep the others waiting for it
            meeting.abort()
            raise
        for error in [turn.exception() for turn in turns]:
            if error is not None:
                raise error

    def shutdown(self) -> None:
        """Close what each thread has opened, in that thread, and end them all; the first error of closing is raised."""
        try:
            self.in_each(self._close_own)
        finally:
            self.executor.shutdown()

    def _close_own(self) -> None:
        self.local.opened.close()


class Threads(Strategy):
    """A `ThreadPoolExecutor`, with the workload opened once in each thread."""

    name = "threads"
    look = Look("#e69f00", "#f0b429", "square")
    simplicity_rank = 20

    def __enter__(self) -> Self:
        self._threads = ThreadPool(self.workers)
        with undone_on_error(self._threads.shutdown):
            self._threads.in_each(self._open)
        return self

    def map(self, items: Sequence[Item]) -> list[Result]:
        return list(self._threads.executor.map(self._one, items))

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown()

    def _one(self, item: Item) -> Result:
        return self._threads.local.run(item)

    def _open(self) -> None:
        local = self._threads.local
        local.run = local.opened.enter_context(self.workload.worker())


class ToThread(Threads):
    """`asyncio.to_thread` over as many threads as workers (the loop's own executor would have at most 32)."""

    name = "to-thread"
    look = Look("#b36b00", "#d99a3d", "triangle-up")
    simplicity_rank = 30
    fixed = MappingProxyType({"loop": "asyncio"})

    def __enter__(self) -> Self:
        super().__enter__()
        with undone_on_error(self._threads.shutdown):
            self._runner = runner()
            self._runner.get_loop().set_default_executor(self._threads.executor)
        return self

    def map(self, items: Sequence[Item]) -> list[Result]:
        return self._runner.run(all_results(self._hand_over, items, self.workers))

    def repeat_on_loop(self, tick: Callable[[], object], seconds: float) -> bool:
        self._repeating = self._runner.get_loop().create_task(repeated(asyncio.sleep, tick, seconds))
        return True

    def __exit__(self, *_: object) -> None:
        try:
            super().__exit__()
        finally:
            self._runner.close()

    async def _hand_over(self, item: Item) -> Result:
        return await asyncio.to_thread(self._one, item)
