"""Tasks of one event loop: asyncio's, uvloop's or trio's, and greenlets of gevent."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any, ClassVar, Self

from paceline import machine
from paceline.contracts import Item, Option, Result, Workload
from paceline.strategies.base import Look, Strategy, undone_on_error
from paceline.workers.event_loop import LOOPS, all_results, enter, repeated, runner


class Asyncio(Strategy):
    """One loop, kept open from entering to leaving, and as many tasks as workers that draw items from one queue.

    `loop` names which: asyncio's own, or another of `LOOPS` whose package is installed.
    """

    name = "asyncio"
    look = Look("#0072b2", "#4da3e0", "diamond")
    simplicity_rank = 10
    computes_in = "thread"
    flavour = "async"
    sessions = 1
    defaults: ClassVar[Mapping[str, Option]] = MappingProxyType({"loop": "asyncio"})

    def __init__(self, workload: Workload, workers: int, **options: Option) -> None:
        super().__init__(workload, workers, **options)
        self._loop = str(self.options["loop"])
        if self._loop not in LOOPS:
            raise ValueError(f"{self.name}: loop must be one of {', '.join(LOOPS)}, not {self.options['loop']!r}")
        package = LOOPS[self._loop].package
        if not find_spec(package):
            raise ValueError(
                f"{self.name}: loop={self._loop} needs {package}, which is not installed: pip install {package}"
            )

    def __enter__(self) -> Self:
        self._opened = AsyncExitStack()
        self._runner = runner(self._loop)
        with undone_on_error(self._runner.close):
            self._run = self._runner.run(enter(self._opened, self.workload, self.workers))
        return self

    def map(self, items: Sequence[Item]) -> list[Result]:
        return self._runner.run(all_results(self._run, items, self.workers))

    def repeat_on_loop(self, tick: Callable[[], object], seconds: float) -> bool:
        self._repeating = self._runner.get_loop().create_task(repeated(asyncio.sleep, tick, seconds))
        return True

    def __exit__(self, *_: object) -> None:
        try:
            self._runner.run(self._opened.aclose())
        finally:
            self._runner.close()


class AsyncioUvloop(Asyncio):
    """The same on uvloop, an event loop in C."""

    name = "asyncio-uvloop"
    look = Look("#56b4e9", "#8ccdf5", "cross")
    simplicity_rank = 40  # one more dependency
    libraries = ("uvloop",)
    defaults = MappingProxyType({})
    fixed = MappingProxyType({"loop": "uvloop"})


class _Delegating(Strategy):
    """A strategy whose loop stands in a module of its own, which imports the loop's library at its top."""

    computes_in = "thread"
    _loop: Any

    def __enter__(self) -> Self:
        self._loop.open()
        return self

    def map(self, items: Sequence[Item]) -> list[Result]:
        results: list[Result] = self._loop.run(items)
        return results

    def repeat_on_loop(self, tick: Callable[[], object], seconds: float) -> bool:
        self._loop.repeat(tick, seconds)
        return True

    def __exit__(self, *_: object) -> None:
        self._loop.close()


class Trio(_Delegating):
    """One loop, kept open from entering to leaving, and as many tasks as workers that draw items from one queue."""

    name = "trio"
    look = Look("#9900ff", "#aa44ff", "M-.9,-.9L.9,-.9L.9,-.3L.3,-.3L.3,.9L-.3,.9L-.3,-.3L-.9,-.3Z")  # a T
    simplicity_rank = 140  # it runs only what was written for it
    libraries = ("trio",)
    flavour = "trio"
    extra = "trio"
    sessions = 1
    fixed = MappingProxyType({"loop": "trio"})

    def __init__(self, workload: Workload, workers: int, **options: Option) -> None:
        super().__init__(workload, workers, **options)
        from paceline.strategies.trio_loop import Loop  # as at a program's top: no start is charged for it

        self._loop = Loop(workload, self.workers)


class Gevent(_Delegating):
    """As many greenlets as workers, kept from entering to leaving, each with a session, that draw items from one queue.

    An error in a round ends them all, as nothing else ends an item that waits; a round after that starts others.
    """

    name = "gevent"
    look = Look("#88bb77", "#ccffbb", "M-.9,0L0,-.9L.9,0L.9,.8L0,-.1L-.9,.8Z")  # a chevron
    simplicity_rank = 130  # it runs only what was written for it
    libraries = ("gevent", "greenlet")
    flavour = "gevent"
    extra = "gevent"
    fixed = MappingProxyType({"loop": "gevent"})

    def __init__(self, workload: Workload, workers: int, **options: Option) -> None:
        super().__init__(workload, workers, **options)
        from paceline.strategies.gevent_pool import GreenletPool  # as at a program's top: no start is charged for it

        self._loop = GreenletPool(workload, self.workers)

    @classmethod
    def unavailable(cls) -> str | None:
        if machine.free_threaded():
            return "needs a Python with a GIL: on this build, importing it would switch the GIL on for everybody"
        return super().unavailable()
