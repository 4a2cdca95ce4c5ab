"""Threads of one interpreter, from `concurrent.futures`."""

from collections.abc import Sequence
from types import TracebackType
from typing import ClassVar, Self

from paceline.contracts import Item, Result
from paceline.strategies.base import Strategy
from paceline.strategies.crew import Crew


class Threads(Strategy):
    """A `ThreadPoolExecutor`, with the workload opened once in each thread."""

    name: ClassVar[str] = "threads"

    def __enter__(self) -> Self:
        self._crew = Crew(self.workers)
        try:
            self._crew.each(self._open)
        except BaseException:
            self._crew.dismiss()
            raise
        return self

    def map(self, items: Sequence[Item]) -> list[Result]:
        return list(self._crew.pool.map(self._one, items))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._crew.dismiss()

    def _one(self, item: Item) -> Result:
        return self._crew.here.run(item)

    def _open(self) -> None:
        here = self._crew.here
        here.run = here.opened.enter_context(self.workload.worker())
