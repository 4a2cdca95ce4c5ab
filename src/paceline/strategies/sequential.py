"""One item after the other, in the calling thread: what every speedup is measured from."""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Self

from paceline.contracts import Item, Result
from paceline.strategies.base import Look, Strategy


class Sequential(Strategy):
    """A plain loop, with one worker however many are asked for."""

    name = "sequential"
    look = Look("#444444", "#d0d0d0", "circle")
    simplicity_rank = 0
    computes_in = "thread"
    most_workers = 1

    def __enter__(self) -> Self:
        self._opened = ExitStack()
        self._run = self._opened.enter_context(self.workload.worker())
        return self

    def map(self, items: Sequence[Item]) -> list[Result]:
        run = self._run
        return [run(item) for item in items]

    def __exit__(self, *_: object) -> None:
        self._opened.close()
