"""How long does computing take?

Question: which strategy computes faster than a plain loop, when an item is nothing but CPU work?
Setup:    20 computations, one worker per CPU; `squares` is the lesson's sum of squares and holds the GIL, `hash`
          derives a key and releases it. The lesson's scale: n near 5,000,000. Where fresh processes measure too, a
          plain loop runs before each round, since the machine's speed drifts from one cell to the next.
Expect:   with `squares`, threads and asyncio are no faster than sequential, and processes come close to the limit, the
          CPU time of one worker over the CPUs; with `hash`, threads do as well as processes.
"""

import pytest

pytestmark = [
    # they compute as asyncio does, one item after the other
    pytest.mark.strategies(later=["asyncio-uvloop", "trio", "gevent"]),
    pytest.mark.replicated("sequential", "threads", "asyncio", "pool-fork", "processes", "interpreters", processes=5),
    pytest.mark.scale(items=20, workers="cpus", n=200_000, lesson={"n": 5_000_000}),
]


@pytest.mark.parametrize("kernel", ["squares", "hash"], ids="kernel={}".format)
def test_computing(measure, strategy, compute, items, workers):
    measure(strategy(compute, workers), items, paired=True)
