"""Greenlets of gevent, on the hub of the calling thread. Nothing is patched: sockets, threads and `time.sleep` of the
process stay as they are, and a workload that waits has to do it by gevent's own means.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import ClassVar, Self

from paceline import machine
from paceline.contracts import Face, Item, Option, Result, Workload
from paceline.strategies.base import Strategy, unmet


class Gevent(Strategy):
    """As many greenlets as workers, kept from entering to leaving, each with a session, that draw items from one queue.

    An error in a round ends them all, as nothing else ends an item that waits; a round after that starts others.
    """

    name: ClassVar[str] = "gevent"
    face: ClassVar[Face] = "gevent"
    extra: ClassVar[str | None] = "gevent"
    fixed: ClassVar[dict[str, Option]] = {"loop": "gevent"}

    def __init__(self, workload: Workload, workers: int, **options: Option) -> None:
        super().__init__(workload, workers, **options)
        from paceline.strategies.gevent_crew import GreenCrew  # as at a program's top: no start is charged for it

        self._crew = GreenCrew(workload, self.workers)

    @classmethod
    def unavailable(cls) -> str | None:
        if machine.free_threaded():
            return "needs a Python with a GIL: on this build, importing it would switch the GIL on for everybody"
        return unmet("gevent", cls.extra)

    def __enter__(self) -> Self:
        self._crew.open()
        return self

    def map(self, items: Sequence[Item]) -> list[Result]:
        return self._crew.run(items)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._crew.close()
