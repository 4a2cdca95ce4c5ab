"""Some workloads as one, for tests that would else start a strategy for each."""

from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

from paceline.contracts import Workload, gevent_side, trio_side


@dataclass(frozen=True)
class Several:
    """Each worker opens all of them; an item is a pair: which of them does it, and its own item."""

    workloads: tuple[Workload, ...]

    def expected(self, item):
        place, own = item
        return self.workloads[place].expected(own)

    @contextmanager
    def worker(self):
        with self._blocking(lambda each: each.worker()) as run:
            yield run

    @contextmanager
    def gevent_worker(self):
        with self._blocking(gevent_side) as run:
            yield run

    @asynccontextmanager
    async def async_worker(self, concurrency):
        async with self._awaited(lambda each: each.async_worker(concurrency)) as run:
            yield run

    @asynccontextmanager
    async def trio_worker(self, concurrency):
        async with self._awaited(lambda each: trio_side(each, concurrency)) as run:
            yield run

    @contextmanager
    def _blocking(self, opened):
        with ExitStack() as stack:
            runs = [stack.enter_context(opened(each)) for each in self.workloads]
            yield lambda item: runs[item[0]](item[1])

    @asynccontextmanager
    async def _awaited(self, opened):
        async with AsyncExitStack() as stack:
            runs = [await stack.enter_async_context(opened(each)) for each in self.workloads]

            async def run(item):
                return await runs[item[0]](item[1])

            yield run
