"""How should the shop work through its orders?

Question: what gains from threads, from processes, from tasks, and how much?
Setup:    20 orders, 4 at a time; signed by a blocking function, and tracked by an async one.
Expect:   signing gains from threads, as it releases the GIL, up to the number of CPUs; tracking only waits, so 4 at a
          time take a quarter of the time.
"""

import pytest

from paceline.workloads import Call

pytestmark = pytest.mark.scale(items=20, workers=4, rounds=3)


@pytest.mark.strategies("sequential", "threads", "pool-fork")
def test_receipts(measure, strategy, items, workers):
    measure(strategy(Call("shop:receipt"), workers), items)


@pytest.mark.strategies("asyncio")
@pytest.mark.scale(workers=[1, 4])
def test_deliveries(measure, strategy, items, workers):
    measure(strategy(Call("shop:delivery"), workers), items)
