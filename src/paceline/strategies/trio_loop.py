"""A trio loop that is kept open in a thread, and the rounds that it gets. Imported where trio is used."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any

import trio

from paceline.contracts import AsyncRun, Item, Result, Workload, open_workload
from paceline.strategies.base import WorkerDied, undone_on_error
from paceline.workers.event_loop import repeated


class Round:
    """Items on their way through the loop.

    Cancelling the `scope`, on the loop, ends what waits; once `halted`, no further item begins. The `outcome` is the
    results, in item order, or the first error.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self.outcome: Future[list[Result]] = Future()
        self.scope = trio.CancelScope()
        self.halted = False
        self._results: list[Result] = [None] * len(items)
        self._queue = iter(enumerate(items))
        self._errors: list[BaseException] = []

    async def run_all(self, run: AsyncRun, workers: int) -> None:
        """Run all items with at most `workers` of them under way; after an error, cancel the others first."""
        with self.scope:
            async with trio.open_nursery() as nursery:
                for _ in range(min(workers, len(self._results))):
                    nursery.start_soon(self._drain, run)
        if self._errors:
            self.outcome.set_exception(self._errors[0])
        else:
            self.outcome.set_result(self._results)

    async def _drain(self, run: AsyncRun) -> None:
        try:
            for index, item in self._queue:
                if self.halted:
                    return
                self._results[index] = await run(item)
        except trio.Cancelled:
            raise
        except BaseException as error:  # noqa: BLE001 - it surfaces as it is, where a nursery would make a group of it
            self._errors.append(error)
            self.halted = True
            self.scope.cancel()


class Loop:
    """The loop, its thread, and the workload that is open on it.

    The thread is a daemon: a workload that never closes can't keep the program from ending at a second Ctrl-C.
    """

    def __init__(self, workload: Workload, workers: int) -> None:
        self._workload = workload
        self._workers = workers

    def open(self) -> None:
        """Open the workload on the loop; if that fails, the thread has ended."""
        self._rounds: SimpleQueue[Round | None] = SimpleQueue()  # None ends the loop
        self._current: Round | None = None
        self._ready: Future[trio.lowlevel.TrioToken] = Future()
        self._ended: Future[None] = Future()
        self._thread = threading.Thread(target=self._hold, name="paceline-trio", daemon=True)
        self._thread.start()
        with undone_on_error(self._end):
            self._token = self._ready.result()

    def run(self, items: Sequence[Item]) -> list[Result]:
        """Run every item, and return the results in item order, or raise the first error.

        Raises:
            WorkerDied: if the loop broke in an earlier round.
        """
        if self._ended.done():
            raise WorkerDied("the trio loop broke in an earlier round, so these items have no result; start it anew")
        current = self._current = Round(items)
        try:
            self._rounds.put(current)
            return current.outcome.result()
        except BaseException:
            if not current.outcome.done():  # Ctrl-C: the round is given up
                current.halted = True
                self._token.run_sync_soon(current.scope.cancel)
            raise

    def repeat(self, tick: Callable[[], object], seconds: float) -> None:
        """Call `tick` on the loop, `seconds` after its last call, until the loop ends."""
        self._token.run_sync_soon(trio.lowlevel.spawn_system_task, repeated, trio.sleep, tick, seconds)

    def close(self) -> None:
        self._end()
        self._ended.result()

    def _end(self) -> None:
        self._rounds.put(None)
        self._thread.join()

    def _hold(self) -> None:
        try:
            trio.run(self._live)
        except BaseException as error:  # noqa: BLE001 - it belongs to the thread that waits
            asked: list[Future[Any]] = [self._ready, *([self._current.outcome] if self._current else []), self._ended]
            next(each for each in asked if not each.done()).set_exception(error)
        if not self._ended.done():
            self._ended.set_result(None)

    async def _live(self) -> None:
        async with open_workload(self._workload, "trio", self._workers) as run:
            self._ready.set_result(trio.lowlevel.current_trio_token())
            while (current := self._rounds.get()) is not None:
                await current.run_all(run, self._workers)
