"""Threads that can all be called on at once: what every strategy with threads stands on."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any


class Own(threading.local):
    """What a thread keeps for itself; `opened` is closed when the crew is dismissed."""

    def __init__(self) -> None:
        self.opened = ExitStack()


class Crew:
    """A `ThreadPoolExecutor` with something of its own in each thread.

    The executor starts threads lazily and reuses idle ones, so a word to each of them needs a rendezvous.

    Args:
        size: how many threads.

    Attributes:
        pool: the executor.
        here: what a thread keeps for itself.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.pool = ThreadPoolExecutor(size, thread_name_prefix="paceline")
        self.here: Any = Own()

    def each(self, action: Callable[[], None]) -> None:
        """Do `action` once in each thread: all meet first, so that none takes the turn of another. An error in one
        keeps no other from its own turn. Nobody gives up after some time: a thread can't be ended, only waited for.

        Raises:
            BaseException: the first error of those that `action` raised, once it is over in all threads.
        """
        meeting = threading.Barrier(self.size)

        def turn() -> None:
            meeting.wait()
            action()

        try:
            turns = [self.pool.submit(turn) for _ in range(self.size)]
        except BaseException:  # the system refused a thread: don't keep the others waiting for it
            meeting.abort()
            raise
        for error in [turn.exception() for turn in turns]:
            if error is not None:
                raise error

    def dismiss(self) -> None:
        """Close what each thread has opened, in that thread, and end them all, once they have done their items.

        Raises:
            BaseException: the first error of closing it.
        """
        try:
            self.each(self._close_own)
        finally:
            self.pool.shutdown()

    def _close_own(self) -> None:
        self.here.opened.close()
