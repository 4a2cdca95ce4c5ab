"""How long a cell in a process of its own may take before it counts as hung."""

import pytest

from paceline.measuring.passes import CELL_TIMEOUT, cell_timeout
from paceline.workloads import Call, Carry, Compute, Fetch, Mixed

WAITING = Fetch("http://127.0.0.1:1/item/{item}?latency=2.0&size=100", 100, "raw")


@pytest.mark.parametrize(
    ("workload", "seconds", "bandwidth"),
    [
        (WAITING, 2.0, None),
        (Fetch("http://127.0.0.1:1/item/{item}?size=1000", 1000, "raw"), 10.0, 100.0),
        (Mixed(WAITING, cpu_seconds=3.0), 5.0, None),
        (Compute("squares", 50_000_000), 3.0, None),  # at 60 ns a step
        (Carry(cpu_seconds=4.0, size=8, steps=1), 4.0, None),
        (Call("time:sleep"), 1.0, None),  # of which nothing is known
    ],
    ids=["waiting", "bandwidth", "mixed", "computing", "carrying", "unknown"],
)
def test_a_cell_may_take_longer_than_one_worker_takes_for_all_its_passes(workload, seconds, bandwidth):
    for items, passes in [(10, 2), (100, 2), (100, 20)]:
        longest = cell_timeout(workload, range(items), passes, bandwidth)
        assert longest > CELL_TIMEOUT + 2 * passes * items * seconds


def test_a_small_cell_is_given_up_in_minutes():
    assert cell_timeout(Compute("squares", 1000), range(20), 14) < CELL_TIMEOUT + 60
