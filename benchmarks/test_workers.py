"""How many workers are enough?

Question: how does the time fall with the number of workers, when items wait and when they compute?
Setup:    64 downloads of 10 ms with the raw client, 4, 16 or 32 at a time; 20 computations that hold the GIL, 2, 4 or 8
          at a time; one at a time by `sequential`. Start and stop stand outside the round.
Expect:   waiting follows ceil(items / workers) * latency until the client's own CPU time per item shows; computing
          gains from workers up to the number of CPUs, in processes and interpreters only.
"""

import pytest

pytestmark = pytest.mark.strategies("sequential", "threads", "asyncio", "pool-fork", "interpreters")


@pytest.mark.clients("raw")
@pytest.mark.scale(items=64, latency=0.010, workers=[4, 16, 32], rounds=3)
def test_waiting(measure, strategy, fetch, items, workers):
    measure(strategy(fetch, workers), items)


# with asyncio one item is computed after the other, however many tasks there are
@pytest.mark.strategies("sequential", "threads", "asyncio", "pool-fork", "interpreters", later=["asyncio"])
@pytest.mark.scale(items=20, n=100_000, workers=[2, 4, 8], rounds=3)
@pytest.mark.parametrize("kernel", ["squares"], ids="kernel={}".format)
def test_computing(measure, strategy, compute, items, workers):
    measure(strategy(compute, workers), items)
