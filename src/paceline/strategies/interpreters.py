"""Subinterpreters, from `concurrent.futures`, each with a GIL of its own: Python 3.14 or newer."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import wait
from contextlib import suppress
from multiprocessing import connection
from typing import Any, Self

from paceline.contracts import Item, Result
from paceline.strategies.base import START_TIMEOUT, Look, NotReady, Strategy, undone_on_error
from paceline.strategies.worker_processes import late_end
from paceline.workers import interpreter
from paceline.workers.errors import standard_library_first

FIRST = (3, 14)
CHECK_INTERVAL = 0.1  # seconds between checks whether one has ended instead of coming


class Interpreters(Strategy):
    """An `InterpreterPoolExecutor`, with the workload opened once in each interpreter.

    Interpreters can't share a barrier, so they meet over two pipes: each says that it is there, and waits to go on.
    """

    name = "interpreters"
    look = Look("#cc79a7", "#e3a1c4", "M0,-1L.3,-.4L.95,-.3L.5,.15L.6,.8L0,.5L-.6,.8L-.5,.15L-.95,-.3L-.3,-.4Z")
    simplicity_rank = 100  # not every extension module can be imported there
    computes_in = "processes"
    pickles = True

    @classmethod
    def unavailable(cls) -> str | None:
        return None if sys.version_info >= FIRST else "needs Python 3.14 or newer"

    def __enter__(self) -> Self:
        from concurrent.futures import InterpreterPoolExecutor  # type: ignore[attr-defined]

        self._pool: Any = InterpreterPoolExecutor(
            self.workers, initializer=interpreter.look_where, initargs=(standard_library_first(sys.path),)
        )
        with undone_on_error(self._dismiss):
            self._in_each(interpreter.open_here, self.workload)
        return self

    def map(self, items: Sequence[Item]) -> list[Result]:
        return [interpreter.unpacked(result) for result in list(self._pool.map(interpreter.run, items))]

    def __exit__(self, *_: object) -> None:
        self._dismiss()

    def _dismiss(self) -> None:
        stuck = False
        try:
            self._in_each(interpreter.close_here)
        except interpreter.LeftError as error:
            who, stuck = error.args
            raise late_end([], [who]) from None
        finally:
            self._pool.shutdown(wait=not stuck)

    def _in_each(self, action: Callable[..., None], *arguments: Any) -> None:
        """Do `action` once in each interpreter: none takes a second turn while it waits to go on."""
        came, come = os.pipe()
        go, let_go = os.pipe()
        try:
            turns = [self._pool.submit(interpreter.turn, come, go, action, arguments) for _ in range(self.workers)]
            ready = self._all_came(came, turns)
            os.write(let_go, b"." * self.workers)
            late = wait(turns, START_TIMEOUT).not_done  # the next turn's pipes may get the numbers of these
            for turn in turns:
                if turn not in late:
                    interpreter.unpacked(turn.result())
            if late or not ready:
                raise NotReady(f"{self.name}: {self.workers} workers did not all meet within {START_TIMEOUT:g} s")
        finally:
            for end in (came, come, go, let_go):
                with suppress(OSError):
                    os.close(end)

    def _all_came(self, came: int, turns: Sequence[Any]) -> bool:
        """Wait until all are there, or one has ended, or the time is up."""
        missing, deadline = self.workers, time.monotonic() + START_TIMEOUT
        while missing and time.monotonic() < deadline and not any(turn.done() for turn in turns):
            if connection.wait([came], CHECK_INTERVAL):
                missing -= len(os.read(came, missing))
        return not missing
