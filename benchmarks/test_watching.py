"""Is a worker's number the CPU that it runs on?

Question: do workers stay on a CPU each, and does the next item go to the worker that was freed?
Setup:    40 computations of some 10 ms that hold the GIL, and 80 downloads of 5 ms with the raw client, one worker per
          CPU; in a pass of its own every item leaves a span, with its worker and the CPU on which it began and ended.
Expect:   a worker's number is its place in the order of opening, and no CPU: the system moves workers about as it
          likes, threads more than processes, since of those only one can run at a time.
"""

import pytest

pytestmark = [
    pytest.mark.extended,
    pytest.mark.replicated,
    pytest.mark.strategies("threads", "pool-fork"),
]


@pytest.mark.scale(items=40, n=200_000, workers="cpus", rounds=2)
@pytest.mark.parametrize("kernel", ["squares"], ids="kernel={}".format)
def test_who_ran_what(measure, strategy, compute, items, workers):
    measure(strategy(compute, workers), items, watched=True)


@pytest.mark.clients("raw")
@pytest.mark.scale(items=80, latency=0.005, workers="cpus", rounds=2)
def test_who_downloaded_what(measure, strategy, fetch, items, workers):
    measure(strategy(fetch, workers), items, watched=True)
