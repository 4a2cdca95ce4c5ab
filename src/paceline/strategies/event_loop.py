"""Tasks on one event loop, from `asyncio`; the loop may be uvloop's."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from importlib.util import find_spec
from types import TracebackType
from typing import ClassVar, Self

from paceline.contracts import Face, Item, Result
from paceline.strategies.base import Strategy
from paceline.workers.event_loop import all_results, runner


class Asyncio(Strategy):
    """One loop, kept open from entering to leaving, and as many tasks as workers that draw items from one queue.
    The lesson's "all 160 at once" is `workers=160`.
    """

    name: ClassVar[str] = "asyncio"
    face: ClassVar[Face] = "async"
    sessions = 1
    fixed: ClassVar[dict[str, str]] = {"loop": "asyncio"}

    def __enter__(self) -> Self:
        self._opened = AsyncExitStack()
        self._runner = runner(self.fixed["loop"])
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


class AsyncioUvloop(Asyncio):
    """The same on uvloop, an event loop in C."""

    name: ClassVar[str] = "asyncio-uvloop"
    fixed: ClassVar[dict[str, str]] = {"loop": "uvloop"}

    @classmethod
    def unavailable(cls) -> str | None:
        return None if find_spec("uvloop") else "needs uvloop, which is not installed"
