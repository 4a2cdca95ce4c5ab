"""How long do downloads take?

Question: which strategy waits best, when an item is a download and nearly all of it is waiting?
Setup:    64 downloads of 20 ms and 1 KiB, 10 at a time, over warm connections; start and stop outside the round.
          The lesson's scale: 160 downloads of 50 ms.
Expect:   sequential takes the sum of all waits; every other strategy takes a tenth of that, and what it needs above the
          limit, ceil(items / workers) * latency, is the client's CPU time and its own.
"""

import pytest

pytestmark = [
    pytest.mark.replicated("sequential", "threads", "asyncio", "pool-fork", "processes", "interpreters"),
    pytest.mark.scale(items=64, latency=0.020, workers=10, lesson={"items": 160, "latency": 0.050}),
]


def test_downloads(measure, strategy, fetch, items, workers):
    cell = measure(strategy(fetch, workers), items)
    if cell.ledger:
        assert cell.ledger["connections"] <= cell.workers, "a worker needs one connection at most"
