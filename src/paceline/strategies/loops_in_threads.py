"""
An event loop in each of a few threads: made for builds without a GIL.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, ClassVar, Self

from paceline.contracts import Item, Result
from paceline.strategies.crew import Crew
from paceline.strategies.loops import SharedLoops, collected, dealt
from paceline.tasks import all_results


class LoopsInThreads(SharedLoops):
    """
    One thread for each loop; each keeps its loop open from entering to leaving.
    """

    name: ClassVar[str] = "loops-in-threads"

    def __enter__(self) -> Self:
        self._crew = Crew(len(self.shares))
        try:
            self._on_every_loop(self._open)
        except BaseException:
            self._crew.dismiss()
            raise
        return self

    def map(self, items: Sequence[Item]) -> list[Result]:
        hands = dealt(items, self.shares)
        results: list[list[Result]] = [[] for _ in hands]

        def play(_: int) -> None:
            here = self._crew.here
            index = here.index  # that of its session, which is open for this loop's workers and no more
            hand, hands[index] = hands[index], []  # a loop that failed may get another turn: nothing is done twice
            results[index] = here.runner.run(all_results(here.run, hand, self.shares[index]))

        self._on_every_loop(play)
        return collected(results, self.shares)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._on_every_loop(self._close)
        finally:
            self._crew.dismiss()

    def _on_every_loop(self, action: Callable[[int], None]) -> None:
        """
        Do `action` in each thread, with an index that no other thread gets this time.
        """
        indices = iter(range(len(self.shares)))
        self._crew.each(lambda: action(next(indices)))

    def _open(self, index: int) -> None:
        here = self._crew.here
        here.index, here.opened, here.runner = index, AsyncExitStack(), asyncio.Runner()
        try:
            here.run = here.runner.run(self._enter(here.opened, self.shares[index]))
        except BaseException:
            here.runner.close()
            raise

    async def _enter(self, opened: AsyncExitStack, workers: int) -> Any:
        return await opened.enter_async_context(self.workload.async_worker(workers))

    def _close(self, index: int) -> None:
        del index
        here = self._crew.here
        try:
            here.runner.run(here.opened.aclose())
        finally:
            here.runner.close()
