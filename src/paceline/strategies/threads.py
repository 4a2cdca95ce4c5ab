"""
Threads of one interpreter, from `concurrent.futures`.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import TracebackType
from typing import ClassVar, Self

from paceline.contracts import Item, Result
from paceline.strategies.base import START_TIMEOUT, NotReady, Strategy


class Threads(Strategy):
    """
    A `ThreadPoolExecutor`. The executor starts threads lazily and reuses idle ones, so all of them meet at a barrier to
    open the workload, and once more to close it.
    """

    name: ClassVar[str] = "threads"

    def __enter__(self) -> Self:
        self._here = threading.local()
        self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="paceline")
        try:
            self._in_every_worker(self._open)
        except BaseException:
            self._pool.shutdown()
            raise
        return self

    def map(self, items: Sequence[Item]) -> list[Result]:
        return list(self._pool.map(self._one, items))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._in_every_worker(self._close)
        finally:
            self._pool.shutdown()

    def _one(self, item: Item) -> Result:
        return self._here.run(item)

    def _open(self) -> None:
        with ExitStack() as opening:
            self._here.run = opening.enter_context(self.workload.worker())
            self._here.opened = opening.pop_all()

    def _close(self) -> None:
        self._here.opened.close()

    def _in_every_worker(self, action: Callable[[], None]) -> None:
        """
        Do `action` once in each thread: none can take a second turn while it waits for the others.
        """
        meeting = threading.Barrier(self.workers)

        def turn() -> None:
            try:
                action()
            except BaseException:
                meeting.abort()
                raise
            meeting.wait(START_TIMEOUT)

        try:
            turns = [self._pool.submit(turn) for _ in range(self.workers)]
        except BaseException:  # the system refused a thread: don't keep the others waiting for it
            meeting.abort()
            raise
        self._raise_first([turn.exception() for turn in turns])

    def _raise_first(self, errors: Sequence[BaseException | None]) -> None:
        """
        Raise the error that broke the meeting, rather than one of those who only waited.
        """
        raised = [error for error in errors if error is not None]
        causes = [error for error in raised if not isinstance(error, threading.BrokenBarrierError)]
        if causes:
            raise causes[0]
        if raised:
            raise NotReady(f"threads: {self.workers} workers did not all meet within {START_TIMEOUT:g} s")
