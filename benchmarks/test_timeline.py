"""Who runs which item when?

Question: how does a round look, item by item: who begins the next one, who waits, and where do the gaps come from?
Setup:    32 downloads of 5 to 15 ms by 4 workers, of which the ninth takes 60 ms longer; the same by `Pool.map` with
          the chunks it chooses itself; and 16 computations that hold the GIL, one worker per CPU. In a pass of its own
          every item leaves a span, and the spans are saved with the cell.
Expect:   all workers download without a gap, and while one of them has the long item the others take the rest; where
          items come in chunks, the one behind the long item waits for it. Computations run side by side in processes
          and interpreters; with threads they share one GIL, so each of them takes as much longer as there are threads,
          and on an event loop one comes after the other.
"""

from dataclasses import replace

import pytest

JITTER = 0.5  # of the latency, either way
SEED = 1
LATE = 0.060  # seconds that one item takes longer

pytestmark = [
    # those look as asyncio, threads or pool-spawn do, and each picture takes half a second to two
    pytest.mark.strategies(later=["to-thread", "asyncio-uvloop", "pool-forkserver", "loky", "trio", "gevent"]),
    pytest.mark.scale(items=32, workers=4, latency=0.010, rounds=1),
]


def uneven(fetch, items):
    """With jitter, and one item, a quarter of the way in, that takes longer."""
    every = len(items)  # the instrument delays items every - 1, 2 * every - 1 and so on: only the first is among them
    begin = every - 1 - every // 4
    url = f"{fetch.url}&jitter=uniform:{JITTER}&seed={SEED}&straggler={every}:{LATE}"
    return replace(fetch, url=url), range(begin, begin + every)


def test_downloads(measure, strategy, fetch, items, workers):
    fetch, numbers = uneven(fetch, items)
    measure(strategy(fetch, workers), numbers, traced=True, handing="one by one")


@pytest.mark.strategies("pool-fork")
def test_downloads_in_chunks(measure, strategy, fetch, items, workers):
    """The lesson's pool, which hands items out in chunks of `Pool.map`'s own choice."""
    fetch, numbers = uneven(fetch, items)
    measure(strategy(fetch, workers, chunksize=0), numbers, traced=True, handing="default chunks")


@pytest.mark.scale(items=16, workers="cpus", n=100_000, rounds=1)
@pytest.mark.parametrize("kernel", ["squares"], ids="kernel={}".format)
def test_computing(measure, strategy, compute, items, workers):
    measure(strategy(compute, workers), items, traced=True)
