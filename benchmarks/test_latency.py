"""When is waiting long enough to be worth a strategy?

Question: from which latency on does a strategy beat a plain loop, and what does it cost when the server answers at
          once?
Setup:    downloads from a server that takes 0, 1, 10 or 100 ms for each, 10 at a time; 100 of them where they are
          short, down to 10 where they are long. With the raw client, so that it is strategies that are compared.
Expect:   without latency the time is the strategy's own, and a plain loop is hard to beat; with every millisecond of
          waiting the strategies come closer to the limit, and to each other.

How it depends on the number of workers is asked apart: downloads of 0, 1, 5, 20 and 100 ms, by 1, 4, 16 and 64
workers; the more workers, the less time the CPU of one client has for each of them.
"""

from itertools import product

import pytest

GRID = list(product([0.0, 0.001, 0.005, 0.020, 0.100], [1, 4, 16, 64]))  # seconds, workers
TURNS = {0.0: 25, 0.001: 25, 0.005: 8, 0.020: 4, 0.100: 1}  # seconds -> items of each worker

pytestmark = [
    pytest.mark.strategies("sequential", "threads", "asyncio", "pool-fork", "interpreters"),
    pytest.mark.clients("raw"),
    pytest.mark.scale(items=[100, 100, 40, 10], latency=[0.0, 0.001, 0.010, 0.100], workers=10, rounds=3),
]


def test_latency(measure, strategy, fetch, items, workers):
    measure(strategy(fetch, workers), items)


@pytest.mark.extended
@pytest.mark.strategies("threads", "asyncio", "pool-fork", "interpreters")
@pytest.mark.scale(
    latency=[latency for latency, _ in GRID],
    workers=[workers for _, workers in GRID],
    items=[workers * TURNS[latency] for latency, workers in GRID],
    rounds=3,
)
def test_latency_by_workers(measure, strategy, fetch, items, workers):
    measure(strategy(fetch, workers), items)
