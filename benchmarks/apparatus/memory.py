"""What the workers of a strategy hold in memory, after a round of work."""

import os
import time
from contextlib import asynccontextmanager, contextmanager
from importlib import import_module

LIBRARIES = {"blocking": "requests", "async": "aiohttp", "trio": "trio", "gevent": "gevent"}
ITEMS_PER_WORKER = 4


class Held:
    """A workload whose workers hold what the lesson's do, a session of their own, and compute, which needs no server.

    Tasks of trio and greenlets hold none, as requests and aiohttp don't serve them.

    Args:
        n: steps of an item's sum of squares.
    """

    def __init__(self, n):
        self.n = n

    def expected(self, item):
        return sum(i * i for i in range(self.n + item))

    @contextmanager
    def worker(self):
        import requests

        with requests.Session():
            yield self.expected

    @asynccontextmanager
    async def async_worker(self, _concurrency):
        import aiohttp

        async with aiohttp.ClientSession():
            yield self._inline

    @asynccontextmanager
    async def trio_worker(self, _concurrency):
        yield self._inline

    @contextmanager
    def gevent_worker(self):
        yield self.expected

    async def _inline(self, item):
        return self.expected(item)


def footprint(strategy, workers, n):
    """Start a strategy, do one round, and add up the memory of this process and of all that descend from it.

    The client library is imported before the start, as the lesson's program does at its top: forked workers share it,
    others import their own.

    Returns:
        seconds: of the round.
        pss_bytes: each page shared out among the processes that have it; absent where the system doesn't count it.
        uss_bytes: pages that only one process has; rss_bytes: every page counted in each process that has it.
        processes: how many they are, helpers of multiprocessing included.
        measure: "PSS" or "USS", the better of those that there are.
    """
    from paceline.strategies import STRATEGIES

    kind = next(known for known in STRATEGIES if known.name == strategy)
    import_module(LIBRARIES[kind.flavour])
    items, workload = range(ITEMS_PER_WORKER * workers), Held(n)
    with kind(workload, workers) as started:
        begun = time.perf_counter()
        results = started.map(items)
        seconds = time.perf_counter() - begun
        figures = _memory()
    if results != [workload.expected(item) for item in items]:
        raise ValueError("a worker computed something else")
    return {"seconds": [seconds], **figures}


def _memory():
    from paceline.child import processes  # only now, so that no forked worker shares it

    held = [process.memory_full_info() for process in processes.members(os.getpid())]
    sums = {kind: sum(getattr(one, kind, 0) for one in held) for kind in ("pss", "uss", "rss")}
    figures = {f"{kind}_bytes": value for kind, value in sums.items() if value}
    return {**figures, "processes": len(held), "measure": "PSS" if sums["pss"] else "USS"}
