"""Who freezes while a strategy works?

Question: how long at a stretch is everything else in the process kept from running, with each strategy, and what does
          the fastest one cost there?
Setup:    something that wants to run every millisecond, beside rounds that are not timed: a task of the strategy's own
          loop where it has one, else a thread. Items wait (12 downloads of 10 ms, raw client, 4 at a time), compute
          with the GIL held or released (8 of some 5 ms, one worker per CPU), or do both (8 of 10 ms, half of it
          computing, 4 at a time).
Expect:   where items wait, nobody freezes. What computes on a loop holds it for as long as no item awaits anything,
          the GIL or not: for a whole round. Threads that compute with the GIL held give it up every 5 ms or so, and
          others wait for as many of those turns as there are threads; with the GIL released, they wait for nothing but
          a CPU. Processes freeze nobody here, and take the CPUs.
"""

import pytest

from paceline.strategies import STRATEGIES

pytestmark = [
    pytest.mark.extended,
    # the others start twice for each cell, and their workers are processes too
    pytest.mark.strategies(*(strategy.name for strategy in STRATEGIES if not strategy.slow_start)),
    pytest.mark.clients("raw"),
    pytest.mark.scale(rounds=3),
]


@pytest.mark.scale(items=12, latency=0.010, workers=4)
def test_waiting(measure, strategy, fetch, items, workers):
    measure(strategy(fetch, workers), items, bystander=True)


@pytest.mark.scale(items=8, n=100_000, workers="cpus")
@pytest.mark.parametrize("kernel", ["squares", "hash"], ids="kernel={}".format)
def test_computing(measure, strategy, compute, items, workers):
    measure(strategy(compute, workers), items, bystander=True)


@pytest.mark.scale(items=8, latency=0.005, share=0.5, workers=4)
def test_mixed(measure, strategy, mixed, items, workers):
    measure(strategy(mixed, workers), items, bystander=True)
