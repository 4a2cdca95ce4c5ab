"""A download and what is done with it: an item that waits for one part of its time and computes for the other."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial

from paceline.contracts import Item, Result, gevent_side, trio_side
from paceline.workloads.compute import squares
from paceline.workloads.fetch import Answer, Fetch

STEP = 200  # squares between two looks at the clock: some 10 us, by which an item may take longer than it should


@dataclass(frozen=True)
class Mixed:
    """Fetch, then compute for a set CPU time with the GIL held.

    The time is counted on the worker's own thread, so it is the same on every machine, and no matter how long the
    thread has to wait for a CPU or for the GIL.

    Args:
        fetch: what comes first, and what the item's result is.
        cpu_seconds: CPU time of the computation.

    Raises:
        ValueError: if `cpu_seconds` is below 0.
    """

    fetch: Fetch
    cpu_seconds: float

    def __post_init__(self) -> None:
        if not self.cpu_seconds >= 0:
            raise ValueError(f"cpu_seconds must be 0 or more, not {self.cpu_seconds!r}")

    def expected(self, item: Item) -> Answer:
        """Return what the download comes to; the computation adds nothing to it."""
        return self.fetch.expected(item)

    @contextmanager
    def worker(self) -> Iterator[Callable[[Item], Result]]:
        """Open the download's session, and close it after."""
        with self.fetch.worker() as fetch:
            yield partial(_one, fetch, self.cpu_seconds)

    @asynccontextmanager
    async def async_worker(self, concurrency: int) -> AsyncIterator[Callable[[Item], Awaitable[Result]]]:
        """Open the download's session for a loop; the computation runs inline, and nothing else meanwhile."""
        async with self.fetch.async_worker(concurrency) as fetch:
            yield partial(_one_async, fetch, self.cpu_seconds)

    @asynccontextmanager
    async def trio_worker(self, concurrency: int) -> AsyncIterator[Callable[[Item], Awaitable[Result]]]:
        """The same under trio."""
        async with trio_side(self.fetch, concurrency) as fetch:
            yield partial(_one_async, fetch, self.cpu_seconds)

    @contextmanager
    def gevent_worker(self) -> Iterator[Callable[[Item], Result]]:
        """Open the download's session for a greenlet; the computation lets no other greenlet run."""
        with gevent_side(self.fetch) as fetch:
            yield partial(_one, fetch, self.cpu_seconds)


def burn(cpu_seconds: float) -> None:
    """Use that much CPU time of this thread, holding the GIL as any Python code does."""
    end = time.thread_time() + cpu_seconds
    while time.thread_time() < end:
        squares(STEP)


def _one(fetch: Callable[[Item], Result], cpu_seconds: float, item: Item) -> Result:
    result = fetch(item)
    burn(cpu_seconds)
    return result


async def _one_async(fetch: Callable[[Item], Awaitable[Result]], cpu_seconds: float, item: Item) -> Result:
    result = await fetch(item)
    burn(cpu_seconds)
    return result
