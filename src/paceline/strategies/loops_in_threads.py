"""An event loop in each of a few threads: made for builds without a GIL."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, ClassVar, Self

from paceline.contracts import Item, Result
from paceline.strategies.crew import Crew
from paceline.strategies.loops import SharedLoops, collected, dealt
from paceline.workers.event_loop import all_results, runner


class LoopsInThreads(SharedLoops):
    """One thread for each loop; each keeps its loop open from entering to leaving."""

    name: ClassVar[str] = "loops-in-threads"

    def __enter__(self) -> Self:
        self._crew = Crew(len(self.shares))
        indices = [*range(len(self.shares))]
        try:
            self._crew.each(lambda: self._open(indices.pop()))
        except BaseException:
            self._crew.dismiss()
            raise
        return self

    def map(self, items: Sequence[Item]) -> list[Result]:
        hands = dealt(items, self.shares)
        results: list[list[Result]] = [[] for _ in hands]

        def play() -> None:
            here = self._crew.here
            index = here.index  # that of its session, which is open for this loop's workers and no more
            results[index] = here.runner.run(all_results(here.run, hands[index], self.shares[index]))

        self._crew.each(play)
        return collected(results, self.shares)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._crew.dismiss()

    def _open(self, index: int) -> None:
        here = self._crew.here
        here.index, here.runner = index, here.opened.enter_context(runner())
        session = AsyncExitStack()
        here.opened.callback(lambda: here.runner.run(session.aclose()))
        here.run = here.runner.run(self._enter(session, self.shares[index]))

    async def _enter(self, session: AsyncExitStack, workers: int) -> Any:
        return await session.enter_async_context(self.workload.async_worker(workers))
