"""What does the event loop cost?

Question: what does a download cost on asyncio's own event loop, and what on others that stand in for it, when the
          server answers at once, after 1 ms and after 20 ms, with 10, 100 and 1,000 of them in flight?
Setup:    the strategy `asyncio` with the raw client on each loop that is installed, over connections that the warm-up
          round opened; 10 and 100 threads beside it. What is compared is the overhead per item, and beside it the
          client's CPU time.
Expect:   where nothing waits, the overhead is CPU time: some tens of microseconds on any loop, on compiled ones from
          about what asyncio's own takes down to half of it, and several times as much under threads. With 10 in flight
          and 20 ms of latency all loops have the same overhead, and threads have it too: it is how late the answers
          come, and no loop makes them come earlier.
"""

from importlib.util import find_spec

import pytest

from paceline.workers.event_loop import LOOPS

ITEMS = {  # by latency in seconds and items in flight: some turns of each, and tenths of a second for all
    (0.0, 10): 4000,
    (0.0, 100): 4000,
    (0.0, 1000): 4000,
    (0.001, 10): 1000,
    (0.001, 100): 4000,
    (0.001, 1000): 4000,
    (0.020, 10): 100,
    (0.020, 100): 1000,
    (0.020, 1000): 4000,
}


def scale(most_workers):
    grid = [(latency, workers, items) for (latency, workers), items in ITEMS.items() if workers <= most_workers]
    latencies, workers, items = map(list, zip(*grid, strict=True))
    return pytest.mark.scale(latency=latencies, workers=workers, items=items, rounds=5)


def where_installed(loop):
    missing = pytest.mark.skipif(not find_spec(loop.package), reason=f"{loop.package} is not installed")
    return pytest.param(loop.name, id=f"loop={loop.name}", marks=missing)


pytestmark = [
    pytest.mark.extended,
    pytest.mark.replicated(processes=1),  # a loop that leaves connections open, as rloop 0.5.0, does so to nobody else
    pytest.mark.clients("raw"),
]


@pytest.mark.strategies("asyncio")
@scale(most_workers=1000)
@pytest.mark.parametrize("loop", [where_installed(loop) for loop in LOOPS.values()])
def test_loops(measure, strategy, fetch, items, workers, loop):
    measure(strategy(fetch, workers, loop=loop), items)


@pytest.mark.strategies("threads")
@scale(most_workers=100)
def test_threads_beside(measure, strategy, fetch, items, workers):
    measure(strategy(fetch, workers), items)
