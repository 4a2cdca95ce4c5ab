"""Where does the disorder come from?

Question: do downloads overtake each other because the server answers them so, or because of who runs them when?
Setup:    100 downloads of 10 ms, 10 at a time, with the raw client: all of the same latency, and with one drawn evenly
          from 1 to 19 ms for each. In a pass of its own every item leaves a span; of the pairs that were under way
          together, some complete in the other order than they were submitted in. Then by the lesson's pool, in chunks.
Expect:   hardly any inversion without jitter, if the server is all there is to it, and many with it, in every strategy;
          but where a pool hands out chunks, its output has no order from the beginning, jitter or not.
"""

from dataclasses import replace

import pytest

SEED = 1
JITTERS = ["none", "uniform:0.9"]

pytestmark = [
    pytest.mark.extended,
    pytest.mark.replicated,
    pytest.mark.strategies("threads", "asyncio", "pool-fork"),
    pytest.mark.clients("raw"),
    pytest.mark.scale(items=100, workers=10, latency=0.010, rounds=3),
]


def jittered(fetch, jitter):
    return fetch if jitter == "none" else replace(fetch, url=f"{fetch.url}&jitter={jitter}&seed={SEED}")


@pytest.mark.parametrize("jitter", JITTERS, ids="jitter={}".format)
def test_order(measure, strategy, fetch, items, workers, jitter):
    fetch = jittered(fetch, jitter)
    measure(strategy(fetch, workers), items, watched=True, jitter=jitter, handing="one by one")


@pytest.mark.strategies("pool-fork")
@pytest.mark.parametrize("jitter", JITTERS, ids="jitter={}".format)
def test_order_in_chunks(measure, strategy, fetch, items, workers, jitter):
    """The lesson's pool, which hands items out in chunks of `Pool.map`'s own choice."""
    fetch = jittered(fetch, jitter)
    measure(strategy(fetch, workers, chunksize=0), items, watched=True, jitter=jitter, handing="default chunks")
