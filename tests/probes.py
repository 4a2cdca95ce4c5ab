"""Workloads that tell on their workers, for tests; in a module of their own so that every kind of worker can import
them.
"""

import asyncio
import os
import signal
import threading
import time
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

LOOKS = 2000  # at 10 ms: far more patience than needed


class ProbeError(Exception):
    """An error of the workload's own."""


class StubbornError(Exception):
    """An error that pickle can write but not read back."""

    def __init__(self, left, right):
        super().__init__(f"{left} and {right}")


@dataclass(frozen=True)
class Probe:
    """Writes a line to `log` when a worker opens and closes it; what an item does is said by the item.

    Items: a number n gives n + 1; ("sleep", seconds, result);
    ("meet", n) waits until n items have started; ("fail", message); ("stubborn",); ("pid",).
    """

    log: Path

    def expected(self, item):
        return item + 1

    @contextmanager
    def worker(self):
        with self._telling():
            yield partial(self._one, time.sleep)

    @asynccontextmanager
    async def async_worker(self, concurrency):  # noqa: ARG002
        with self._telling():
            yield partial(self._one_async, asyncio.sleep)

    @asynccontextmanager
    async def trio_worker(self, concurrency):  # noqa: ARG002
        import trio

        with self._telling():
            yield partial(self._one_async, trio.sleep)

    @contextmanager
    def gevent_worker(self):
        import gevent

        with self._telling(lambda: id(gevent.getcurrent())):
            yield partial(self._one, gevent.sleep)

    def lines(self, word):
        """(process id, id of thread or greenlet) of each worker that said `word`."""
        said = [line.split() for line in self.log.read_text().splitlines()] if self.log.exists() else []
        return [(int(pid), int(thread)) for what, pid, thread in said if what == word]

    @contextmanager
    def _telling(self, who=threading.get_ident):
        self._say("open", who)
        try:
            yield
        finally:
            self._say("close", who)

    def _say(self, word, who=threading.get_ident):
        with self.log.open("a") as log:
            log.write(f"{word} {os.getpid()} {who()}\n")

    def _one(self, sleep, item):
        match item:
            case ("sleep", seconds, result):
                self._say("item")
                sleep(seconds)
                return result
            case ("meet", count):
                self._say("meet")
                return any(sleep(0.01) or self._met(count) for _ in range(LOOKS))
            case _:
                return self._at_once(item)

    async def _one_async(self, sleep, item):
        match item:
            case ("sleep", seconds, result):
                self._say("item")
                await sleep(seconds)
                return result
            case ("meet", count):
                self._say("meet")
                for _ in range(LOOKS):
                    await sleep(0.01)
                    if self._met(count):
                        return True
                return False
            case _:
                return self._at_once(item)

    def _met(self, count):
        return len(self.lines("meet")) >= count

    def _at_once(self, item):
        match item:
            case ("fail", message):
                raise ProbeError(message)
            case ("stubborn",):
                raise StubbornError("left", "right")
            case ("pid",):
                return os.getpid()
        return item + 1


@dataclass(frozen=True)
class Unopenable(Probe):
    """Fails while a worker opens it."""

    @contextmanager
    def worker(self):
        raise ProbeError("no session to be had")
        yield

    @asynccontextmanager
    async def async_worker(self, concurrency):  # noqa: ARG002
        raise ProbeError("no session to be had")
        yield

    trio_worker = async_worker
    gevent_worker = worker


@dataclass(frozen=True)
class Dying(Probe):
    """Kills the process of a worker that says `word`, unless it is the one that made this."""

    word: str
    maker: int = field(default_factory=os.getpid)

    def _say(self, word, who=threading.get_ident):
        super()._say(word, who)
        if word == self.word and os.getpid() != self.maker:
            os.kill(os.getpid(), signal.SIGKILL)


def blocking(workload, item):
    """What a worker that blocks gives for an item."""
    with workload.worker() as run:
        return run(item)


def on_a_loop(workload, item):
    """What one on an event loop gives."""

    async def one():
        async with workload.async_worker(2) as run:
            return await run(item)

    return asyncio.run(one())
