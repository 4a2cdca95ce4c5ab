"""
Tasks on one event loop, from `asyncio`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import ClassVar, Literal, Self

from paceline.contracts import Item, Option, Result
from paceline.strategies.base import Strategy


class Asyncio(Strategy):
    """
    One loop, kept open from entering to leaving, and as many tasks as workers that draw items from one queue.
    The lesson's "all 160 at once" is `workers=160`.
    """

    name: ClassVar[str] = "asyncio"
    face: ClassVar[Literal["blocking", "async"]] = "async"
    shares_session: ClassVar[bool] = True
    fixed: ClassVar[dict[str, Option]] = {"loop": "asyncio"}

    def __enter__(self) -> Self:
        self._opened = AsyncExitStack()
        self._runner = asyncio.Runner()
        try:
            self._run = self._runner.run(self._open())
        except BaseException:
            self._runner.close()
            raise
        return self

    def map(self, items: Sequence[Item]) -> list[Result]:
        return self._runner.run(all_results(self._run, items, self.workers))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._runner.run(self._opened.aclose())
        finally:
            self._runner.close()

    async def _open(self) -> Callable[[Item], Awaitable[Result]]:
        return await self._opened.enter_async_context(self.workload.async_worker(self.workers))


async def all_results(run: Callable[[Item], Awaitable[Result]], items: Sequence[Item], workers: int) -> list[Result]:
    """
    Run all items with at most `workers` of them under way, and give the results in item order.

    Raises:
        Exception: the first error; the other tasks are cancelled and awaited before it surfaces.
    """
    results: list[Result] = [None] * len(items)
    queue = iter(enumerate(items))
    tasks = [asyncio.create_task(_drain(run, queue, results)) for _ in range(min(workers, len(items)))]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return results


async def _drain(
    run: Callable[[Item], Awaitable[Result]], queue: Iterator[tuple[int, Item]], results: list[Result]
) -> None:
    for index, item in queue:
        results[index] = await run(item)
