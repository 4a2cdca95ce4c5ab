"""Tasks of trio, on a loop in a thread of its own.

A trio loop can't be left and entered again as asyncio's can, and between rounds the measuring program has to go on.
Guest mode, which trio has for that, fetches a thread for each wait: a charge on every item that no program of trio's
pays. So the loop stands in a thread, from entering to leaving, and gets whole rounds: one hand-over a round, for some
tens of microseconds, as entering asyncio's loop again takes too, and none an item. Between rounds it waits for the next
one, and while it runs the calling thread waits: they never compete.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import ClassVar, Self

from paceline.contracts import Face, Item, Option, Result, Workload
from paceline.strategies.base import Strategy, unmet


class Trio(Strategy):
    """One loop, kept open from entering to leaving, and as many tasks as workers that draw items from one queue."""

    name: ClassVar[str] = "trio"
    face: ClassVar[Face] = "trio"
    extra: ClassVar[str | None] = "trio"
    sessions = 1
    fixed: ClassVar[dict[str, Option]] = {"loop": "trio"}

    def __init__(self, workload: Workload, workers: int, **options: Option) -> None:
        super().__init__(workload, workers, **options)
        from paceline.strategies.trio_loop import Loop  # as at a program's top: no start is charged for it

        self._loop = Loop(workload, self.workers)

    @classmethod
    def unavailable(cls) -> str | None:
        return unmet("trio", cls.extra)

    def __enter__(self) -> Self:
        self._loop.start()
        return self

    def map(self, items: Sequence[Item]) -> list[Result]:
        return self._loop.run(items)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.close()
