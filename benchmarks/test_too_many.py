"""What do more workers than CPUs bring?

Question: does a second, a fourth, an eighth process or interpreter per CPU make anything faster?
Setup:    half as many workers as CPUs, then 1, 2, 4 and 8 times as many; 32 computations that hold the GIL, and 32
          downloads of 20 ms with the raw client. Start and stop stand outside the round; each cell in fresh processes,
          beside `sequential` in the same turn.
Expect:   computing gains up to one worker per CPU and nothing from there on, and threads gain nothing at all; waiting
          goes on gaining, as a worker that waits needs no CPU.
"""

import pytest

from paceline import machine

CPUS = machine.whole_cpus()
WORKERS = [max(1, CPUS // 2), CPUS, 2 * CPUS, 4 * CPUS, 8 * CPUS]

pytestmark = [pytest.mark.extended, pytest.mark.replicated]


@pytest.mark.strategies("sequential", "threads", "pool-fork", "interpreters")
@pytest.mark.scale(items=32, n=80_000, workers=WORKERS, rounds=5)
@pytest.mark.parametrize("kernel", ["squares"], ids="kernel={}".format)
def test_computing_with_many(measure, strategy, compute, items, workers):
    measure(strategy(compute, workers), items)


@pytest.mark.strategies("sequential", "pool-fork")
@pytest.mark.clients("raw")
@pytest.mark.scale(items=32, latency=0.020, workers=WORKERS, rounds=2)
def test_waiting_with_many(measure, strategy, fetch, items, workers):
    measure(strategy(fetch, workers), items)
