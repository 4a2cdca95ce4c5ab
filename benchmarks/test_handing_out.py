"""Does the next item go to the worker that is idle?

Question: how well do different ways to hand out items keep all workers busy, when the first item takes very long?
Setup:    40 downloads of 5 ms with the raw client, the first of which takes 100 ms longer, by 4 processes: `Pool.map`
          with the chunks it chooses itself, `Pool.map` with chunk size 1, `imap_unordered`, and an executor.
Expect:   the worker with the long item does nothing else, and the others share the rest: the limit, which is the long
          item, can be reached; but not where items go out in chunks, as those behind the long one in its chunk wait
          for it. In a pass of its own every item leaves a span, which shows who ran what and who was idle.
"""

from dataclasses import replace

import pytest

LATE = 0.100  # seconds that the first item takes longer

HANDINGS = {
    "Pool.map, default chunks": {"chunksize": 0, "hand_out": "map"},
    "Pool.map, chunk size 1": {"chunksize": 1, "hand_out": "map"},
    "imap_unordered": {"chunksize": 1, "hand_out": "imap_unordered"},
    "executor": {},
}
CELLS = [
    pytest.param("pool-fork", "Pool.map, default chunks", id="pool-fork-map-default"),
    pytest.param("pool-fork", "Pool.map, chunk size 1", id="pool-fork-map-1"),
    pytest.param("pool-fork", "imap_unordered", id="pool-fork-imap_unordered"),
    pytest.param("processes", "executor", id="processes-executor"),
]

pytestmark = [
    pytest.mark.extended,
    pytest.mark.replicated,
    pytest.mark.scale(items=40, workers=4, latency=0.005, rounds=3),
    pytest.mark.parametrize("client", ["raw"], indirect=True),
]


@pytest.mark.parametrize(("strategy", "handing"), CELLS, indirect=["strategy"])
def test_straggler(measure, strategy, fetch, items, workers, handing):
    if why := strategy.unavailable():
        pytest.skip(f"{strategy.name} {why}")
    every = len(items)  # the instrument delays items every - 1, 2 * every - 1 and so on: here the first and no other
    late_first = range(every - 1, 2 * every - 1)
    fetch = replace(fetch, url=f"{fetch.url}&straggler={every}:{LATE}")
    measure(strategy(fetch, workers, **HANDINGS[handing]), late_first, watched=True, handing=handing)
