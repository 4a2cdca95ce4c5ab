"""Some workloads as one, for tests that would else start a strategy for each."""

from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

from paceline.contracts import AWAITED, EveryFlavour, Workload, open_workload


@dataclass(frozen=True)
class Several(EveryFlavour):
    """Each worker opens all of them; an item is a pair: which of them does it, and its own item."""

    workloads: tuple[Workload, ...]

    def expected(self, item):
        place, own = item
        return self.workloads[place].expected(own)

    def open(self, flavour, concurrency):
        opened = [open_workload(each, flavour, concurrency) for each in self.workloads]
        return self._awaited(opened) if flavour in AWAITED else self._blocking(opened)

    @contextmanager
    def _blocking(self, opened):
        with ExitStack() as stack:
            runs = [stack.enter_context(each) for each in opened]
            yield lambda item: runs[item[0]](item[1])

    @asynccontextmanager
    async def _awaited(self, opened):
        async with AsyncExitStack() as stack:
            runs = [await stack.enter_async_context(each) for each in opened]

            async def run(item):
                return await runs[item[0]](item[1])

            yield run
