"""Who ran what, when, and on which CPU."""

import heapq
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from paceline.contracts import Item, Result, Workload, gevent_side, trio_side
from paceline.observed.log import Forgotten, Log, Opened, Record, Span, append
from paceline.observed.session import session


@dataclass(frozen=True)
class Observed:
    """Has each worker leave a span for every item, one that fails too, which raises what it raised.

    What opens the blocking side is one worker; what opens the async side is as many as it keeps items in flight: the
    lowest free place of the loop takes the next item. Their numbers stand in `Log`.

    Args:
        workload: the workload to run, unchanged.
        log: a file, to which workers append; or a FIFO, which somebody else reads.
    """

    workload: Workload
    log: Path

    def expected(self, item: Item) -> Result:
        """As the workload says."""
        return self.workload.expected(item)

    @contextmanager
    def worker(self) -> Iterator[Callable[[Item], Result]]:
        """Open the workload and hand out its function, watched."""
        with self._watched(self.workload.worker()) as watched:
            yield watched

    @asynccontextmanager
    async def async_worker(self, concurrency: int) -> AsyncIterator[Callable[[Item], Awaitable[Result]]]:
        """Open the workload for a loop and hand out its function, watched."""
        async with self._watched_loop(self.workload.async_worker(concurrency), concurrency) as watched:
            yield watched

    @asynccontextmanager
    async def trio_worker(self, concurrency: int) -> AsyncIterator[Callable[[Item], Awaitable[Result]]]:
        """Open the workload for trio and hand out its function, watched."""
        async with self._watched_loop(trio_side(self.workload, concurrency), concurrency) as watched:
            yield watched

    @contextmanager
    def gevent_worker(self) -> Iterator[Callable[[Item], Result]]:
        """Open the workload for a greenlet, which is a worker, and hand out its function, watched."""
        with self._watched(gevent_side(self.workload)) as watched:
            yield watched

    def spans(self) -> list[Span]:
        """Return the spans since the last `forget`, in order of completion.

        Items that are no whole numbers are numbered in the order in which they began, which is that of submission
        wherever items are handed out one by one.
        """
        log = Log()
        spans: list[Span] = []
        for record in self._records(log):
            if isinstance(record, Span):
                spans.append(record)
            elif isinstance(record, Forgotten):
                spans.clear()
        if log.unnamed:
            spans.sort(key=lambda span: span.start)
            spans = [replace(span, item=number) for number, span in enumerate(spans)]
        return sorted(spans, key=lambda span: span.end)

    def opened(self) -> list[Opened]:
        """Return the workers, in the order of their numbers."""
        return [record for record in self._records(Log()) if isinstance(record, Opened)]

    def forget(self) -> None:
        """Drop the spans so far, between two rounds; the workers keep their numbers.

        It is one more record, not a shorter file: a FIFO can't be cut, and its reader gets to know.
        """
        append(self.log, forgotten=True)

    @contextmanager
    def _watched(self, opening: AbstractContextManager[Callable[[Item], Result]]) -> Iterator[Callable[[Item], Result]]:
        with opening as run, session(self.log, places=1) as opened:

            def watched(item: Item) -> Result:
                begun = opened.begin()
                try:
                    return run(item)
                finally:
                    opened.end(item, 0, begun)

            yield watched

    @asynccontextmanager
    async def _watched_loop(
        self, opening: AbstractAsyncContextManager[Callable[[Item], Awaitable[Result]]], concurrency: int
    ) -> AsyncIterator[Callable[[Item], Awaitable[Result]]]:
        async with opening as run:
            free = list(range(concurrency))
            with session(self.log, places=concurrency) as opened:

                async def watched(item: Item) -> Result:
                    place = heapq.heappop(free)
                    begun = opened.begin()
                    try:
                        return await run(item)
                    finally:
                        opened.end(item, place, begun)
                        heapq.heappush(free, place)

                yield watched

    def _records(self, log: Log) -> Iterator[Record]:
        return log.read(self.log.read_bytes() if self.log.exists() else b"")
