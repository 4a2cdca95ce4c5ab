"""When is an item worth sending to another process?

Question: how long must an item compute, and how little may it weigh, for processes and interpreters to pay?
Setup:    items that compute for 10 us to 100 ms with the GIL held, and carry nothing, 64 KiB or 1 MiB there and back;
          one worker per CPU. All strategies do the same items; start and stop stand outside the round. The engines
          loky, dask and ray do those that carry nothing, in one process beside a plain loop.
Expect:   threads never pay, as only one of them computes at a time. A process has to be sent each item and send back
          its result: some 50 us for a small one, and the more the more it weighs. Where an item takes a multiple of
          that, processes come close to the number of CPUs. Whether threads are the lighter ones at very short items
          depends on where the system puts them, so that point is measured in more processes. An item that goes
          through dask's scheduler or ray's costs some 100 us to 1 ms, so they pay from some milliseconds on.
"""

import pytest

from paceline import machine
from paceline.plugin.choices import duration_id, size_id
from paceline.workloads import Carry

CPUS = machine.whole_cpus()
COUNTS = {10e-6: 4000, 100e-6: 1000, 1e-3: 100, 10e-3: 16, 100e-3: 4}  # seconds of an item -> items, at least
SIZES = [0, 64 << 10, 1 << 20]  # bytes of an item, and of its result
MOST_BYTES = 32 << 20  # of all items together: the results of all rounds are kept until they have been checked
FEW, SHORT = 4, 100e-6  # items and seconds at most, where nothing is timed


def points():
    for seconds, least in COUNTS.items():
        for size in SIZES:
            fitting = min(least, MOST_BYTES // size) if size else least
            count = -(-fitting // CPUS) * CPUS  # the same for every worker
            written = f"item={duration_id(seconds)}-items={count}-size={size_id(size)}"
            yield pytest.param(seconds, count, size, id=written)


def over(chosen):
    return pytest.mark.parametrize(("seconds", "items", "size"), chosen, indirect=["items", "size"])


pytestmark = [
    pytest.mark.extended,
    pytest.mark.scale(workers="cpus", rounds=2),
]


@over([*points()])
@pytest.mark.replicated
@pytest.mark.strategies("sequential", "threads", "pool-fork", "interpreters")
def test_break_even(measure, timed, strategy, seconds, items, size, workers):
    carry(measure, timed, strategy, seconds, items, size, workers)


@over([point for point in points() if point.values[0] in (min(COUNTS), max(COUNTS)) and not point.values[2]])
@pytest.mark.replicated(processes=6)
@pytest.mark.strategies("threads", "pool-fork")
def test_short_and_long(measure, timed, strategy, seconds, items, size, workers):
    carry(measure, timed, strategy, seconds, items, size, workers)


@over([point for point in points() if not point.values[2]])
@pytest.mark.replicated(processes=1)
@pytest.mark.strategies("sequential", "loky", "dask", "ray")
def test_engines(measure, timed, strategy, seconds, items, size, workers):
    carry(measure, timed, strategy, seconds, items, size, workers)


def carry(measure, timed, strategy, seconds, items, size, workers):
    work = Carry.lasting(seconds if timed else min(seconds, SHORT), size)
    count = len(items) if timed else min(len(items), FEW)
    measure(strategy(work, workers), work.items(count), kernel_releases="GIL held")
