"""Greenlets in a thread of their own. Imported where gevent is used."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import gevent
import gevent.core  # the loop itself: the first hub would import it, and its start be charged for that
import gevent.lock  # this and the next as the client of a workload will: no start is charged for them
import gevent.socket
from gevent import GreenletExit
from gevent._hub_local import get_hub_if_exists  # there is no public way to ask without making one
from gevent.event import Event
from gevent.queue import SimpleQueue

from paceline.contracts import Item, Result, Run, Workload, open_workload
from paceline.strategies.base import STOP_TIMEOUT, undone_on_error

_borrowers: dict[Any, int] = {}
"""How many strategies use a hub that was made for them."""


def borrow_hub() -> Any:
    """Return the hub of this thread, and make it if there is none."""
    made = get_hub_if_exists() is None
    hub = gevent.get_hub()
    if made or hub in _borrowers:
        _borrowers[hub] = _borrowers.get(hub, 0) + 1
    return hub


def return_hub(hub: Any) -> None:
    """Leave a hub; the last one to leave a hub that was made here ends it, with its loop and its descriptors."""
    if hub in _borrowers:
        _borrowers[hub] -= 1
        if not _borrowers[hub]:
            del _borrowers[hub]
            hub.destroy(destroy_loop=True)


@contextmanager
def quiet(hub: Any) -> Iterator[None]:
    """Keep the hub from printing Ctrl-C, which surfaces where the round is waited for."""
    unprinted = hub.NOT_ERROR
    hub.NOT_ERROR = (*unprinted, KeyboardInterrupt)
    try:
        yield
    finally:
        hub.NOT_ERROR = unprinted


class Round:
    """Items on their way through the greenlets."""

    def __init__(self, items: Sequence[Item], workers: int) -> None:
        self._results: list[Result] = [None] * len(items)
        self._queue = iter(enumerate(items))
        self._busy = min(workers, len(items))
        self._errors: list[BaseException] = []
        self._done = Event()

    def outcome(self) -> list[Result]:
        """Wait for the results, in item order, or raise the first error."""
        if self._busy:
            self._done.wait()
        if self._errors:
            raise self._errors[0]
        return self._results

    def drain(self, run: Run) -> None:
        try:
            for index, item in self._queue:
                if self._errors:
                    break
                self._results[index] = run(item)
        except GreenletExit:
            raise
        except BaseException as error:  # noqa: BLE001 - `outcome` raises it
            self._errors.append(error)
            self._done.set()
        self._busy -= 1
        if not self._busy:
            self._done.set()


class Worker:
    """A greenlet with a session.

    `opened` is set once the session is open, or can't be; `error` is of opening or closing it; None ends the `rounds`.
    """

    def __init__(self, workload: Workload) -> None:
        self.opened = Event()
        self.rounds = SimpleQueue()
        self.error: BaseException | None = None
        self.greenlet = gevent.spawn(self._live, workload)

    def _live(self, workload: Workload) -> None:
        try:
            with open_workload(workload, "gevent") as run:
                self.opened.set()
                while (current := self.rounds.get()) is not None:
                    current.drain(run)
        except GreenletExit:
            raise
        except BaseException as error:  # noqa: BLE001 - `_raise_first` raises it; gevent would print it
            self.error = error
        finally:
            self.opened.set()


class GreenletPool:
    """The workers of a strategy, on the hub of this thread."""

    def __init__(self, workload: Workload, workers: int) -> None:
        self._workload = workload
        self._count = workers
        self._workers: list[Worker] = []
        self._repeating: list[Any] = []

    def open(self) -> None:
        """Start all workers, each of which opens the workload; the first error of that is raised."""
        self._hub = borrow_hub()
        with undone_on_error(partial(return_hub, self._hub)):
            self._start()

    def run(self, items: Sequence[Item]) -> list[Result]:
        """Run every item; after an error, which is raised, all workers have ended, and the next round starts others."""
        if not self._workers:
            self._start()
        current = Round(items, self._count)
        with undone_on_error(self._kill), quiet(self._hub):
            for worker in self._workers[: len(items)]:
                worker.rounds.put(current)
            return current.outcome()

    def repeat(self, tick: Callable[[], object], seconds: float) -> None:
        """Call `tick` in a greenlet, `seconds` after its last call, until the pool is closed."""

        def repeated() -> None:
            while True:
                tick()
                gevent.sleep(seconds)

        self._repeating.append(gevent.spawn(repeated))

    def close(self) -> None:
        """Have each worker close the workload, and end; the first error of that is raised."""
        workers = self._workers
        try:
            with quiet(self._hub):
                for worker in workers:
                    worker.rounds.put(None)
                gevent.joinall([worker.greenlet for worker in workers], timeout=STOP_TIMEOUT)
        finally:
            self._kill()
            gevent.killall(self._repeating)
            return_hub(self._hub)
        _raise_first(workers)

    def _start(self) -> None:
        self._workers = [Worker(self._workload) for _ in range(self._count)]
        with undone_on_error(self._kill):
            with quiet(self._hub):
                for worker in self._workers:
                    worker.opened.wait()
            _raise_first(self._workers)

    def _kill(self) -> None:
        workers, self._workers = self._workers, []
        gevent.killall([worker.greenlet for worker in workers])


def _raise_first(workers: Sequence[Worker]) -> None:
    for worker in workers:
        if worker.error is not None:
            raise worker.error
