"""What do a million items cost that take no time?

Question: do time and memory per item stay the same from 10,000 items to 1,000,000? And does `paceline predict`, which
          saw some thousands at most, still hold there?
Setup:    items that give themselves back at once, so that all there is is the strategy: handing them out, collecting
          the results, keeping the order. Then real downloads with the raw client that the instrument answers at once.
          In a fresh interpreter; a short round goes before. The peak memory is that of all processes, each at its
          height.
Expect:   time per item stays where it is, and so does memory: some 40 bytes for each result in its list, some 120 for
          a download's, and whatever a strategy keeps for each item until the round is over. A `ThreadPoolExecutor`
          keeps a future for each, of nearly 2 KiB, so a million take nearly 2 GiB under `threads`. The prediction's
          interval holds the time.
"""

import pytest

COUNTS = [10_000, 100_000, 1_000_000]

pytestmark = [pytest.mark.extended(on_request=True)]


@pytest.mark.strategies("sequential", "threads", "asyncio", "pool-fork")
@pytest.mark.scale(items=COUNTS, workers=10)
def test_a_million(cost, strategy, items, workers):
    work = {"strategy": strategy.name, "workload": "Same", "workers": workers, "items": len(items)}
    figures = cost("apparatus.million:measure_round", strategy.name, workers, len(items), **work)
    assert figures["seconds_per_item"] > 0


@pytest.mark.strategies("asyncio")
@pytest.mark.clients("raw")
@pytest.mark.scale(items=COUNTS, workers=64, latency=0.0)
def test_downloads(cost, strategy, fetch, items, workers):
    downloads(cost, strategy, fetch, items, workers)


@pytest.mark.strategies("threads", "pool-fork")
@pytest.mark.clients("raw")
@pytest.mark.scale(items=COUNTS[:2], workers=64, latency=0.0)
def test_dearer_downloads(cost, strategy, fetch, items, workers):
    """Fewer: 100 us for each of a million would take minutes."""
    downloads(cost, strategy, fetch, items, workers)


def downloads(cost, strategy, fetch, items, workers):
    work = {"strategy": strategy.name, "workload": "Fetch", "client": fetch.client, "latency": 0.0, "size": fetch.size}
    work |= {"workers": workers, "items": len(items)}
    cost("apparatus.million:measure_downloads", strategy.name, workers, len(items), fetch, **work)
