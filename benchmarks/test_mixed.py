"""Which strategy fits work that waits and computes?

Question: from which share of computing on do threads and asyncio fall behind processes?
Setup:    12 items of 20 ms, 4 at a time: a download, then Python code that holds the GIL. 10, 50 or 90 % of an item's
          time is CPU time of that code, the rest is the download's latency.
Expect:   at 10 % they all come close to the limit; the more of it is computing, the closer threads and asyncio come to
          one item after the other's computing, and only processes (or interpreters) come close to the limit.
"""

import pytest

pytestmark = [
    pytest.mark.strategies("sequential", "threads", "asyncio", "pool-fork", "interpreters"),
    pytest.mark.scale(items=12, workers=4, share=[0.1, 0.5, 0.9], latency=[0.018, 0.010, 0.002], rounds=3),
]


def test_mixed(measure, strategy, mixed, items, workers):
    measure(strategy(mixed, workers), items)
