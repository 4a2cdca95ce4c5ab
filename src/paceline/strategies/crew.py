"""
Threads that can all be called on at once: what every strategy with threads stands on.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from paceline.strategies.base import START_TIMEOUT, NotReady


class Crew:
    """
    A `ThreadPoolExecutor` with something of its own in each thread.

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
        self.here: Any = threading.local()

    def each(self, action: Callable[[], None]) -> None:
        """
        Do `action` once in each thread: none can take a second turn while it waits for the others.

        Raises:
            NotReady: if not all of them meet within `START_TIMEOUT`.
            BaseException: what `action` raised, in whichever thread was first.
        """
        meeting = threading.Barrier(self.size)

        def turn() -> None:
            try:
                action()
            except BaseException:
                meeting.abort()
                raise
            meeting.wait(START_TIMEOUT)

        try:
            turns = [self.pool.submit(turn) for _ in range(self.size)]
        except BaseException:  # the system refused a thread: don't keep the others waiting for it
            meeting.abort()
            raise
        self._raise_first([turn.exception() for turn in turns])

    def dismiss(self) -> None:
        """
        End all threads, once they have done their items.
        """
        self.pool.shutdown()

    def _raise_first(self, errors: Sequence[BaseException | None]) -> None:
        """
        Raise the error that broke the meeting, rather than one of those who only waited.
        """
        raised = [error for error in errors if error is not None]
        causes = [error for error in raised if not isinstance(error, threading.BrokenBarrierError)]
        if causes:
            raise causes[0]
        if raised:
            raise NotReady(f"{self.size} threads did not all meet within {START_TIMEOUT:g} s")
