"""How much of a strategy's time is its client's?

Question: what do requests and aiohttp cost beside a minimal client, under the same strategy?
Setup:    100 downloads of 5 ms, 10 at a time, over warm connections: threads with requests and with the raw client,
          asyncio with aiohttp and with the raw client, trio and gevent with the raw client: they have no other here.
Expect:   the overhead per item is the client's CPU time: a large part of a millisecond for requests, less for aiohttp,
          and a tenth of that for the raw client, with which threads, asyncio, trio and gevent can be compared at last.
"""

import pytest

pytestmark = [
    pytest.mark.strategies("threads", "asyncio", "trio", "gevent"),
    pytest.mark.clients("requests", "aiohttp", "raw"),
    pytest.mark.scale(items=100, workers=10, latency=0.005),
]


def test_clients(measure, strategy, fetch, items, workers):
    measure(strategy(fetch, workers), items)
