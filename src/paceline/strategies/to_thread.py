"""An event loop that hands blocking work to threads, from `asyncio.to_thread`."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import ClassVar, Self

from paceline.contracts import Item, Option, Result
from paceline.strategies.threads import Threads
from paceline.workers.event_loop import all_results, runner


class ToThread(Threads):
    """`asyncio.to_thread` over a crew of as many threads as workers (the loop's own executor would have at most 32)."""

    name: ClassVar[str] = "to-thread"
    fixed: ClassVar[dict[str, Option]] = {"loop": "asyncio"}

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            self._runner = runner()
            self._runner.get_loop().set_default_executor(self._crew.pool)
        except BaseException:
            self._crew.dismiss()
            raise
        return self

    def map(self, items: Sequence[Item]) -> list[Result]:
        return self._runner.run(all_results(self._hand_over, items, self.workers))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            super().__exit__(kind, error, trace)
        finally:
            self._runner.close()

    async def _hand_over(self, item: Item) -> Result:
        return await asyncio.to_thread(self._one, item)
