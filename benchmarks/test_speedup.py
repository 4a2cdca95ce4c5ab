"""
How much faster do processes compute, pair by pair?

Question: what is the speedup on CPU work, on a machine whose speed drifts from one cell to the next?
Setup:    the lesson's `squares`, one worker per CPU; in each of 5 pairs first a plain loop, then the strategy, warm,
          so that both see the same state of the machine.
Expect:   pools come close to the number of CPUs; threads stay at 1.
"""

import statistics
from functools import partial

import pairs
import pytest

PAIRS = 5

pytestmark = [
    pytest.mark.extended,
    pytest.mark.strategies("threads", "pool-fork", "pool-forkserver", "pool-spawn", "processes", "interpreters"),
    pytest.mark.scale(items=20, workers="cpus", n=500_000, lesson={"n": 5_000_000}),
]


@pytest.mark.parametrize("kernel", ["squares"], ids="kernel={}".format)
def test_beside_a_plain_loop(benchmark, strategy, compute, items, workers):
    def loop():
        return [compute.expected(item) for item in items]

    with strategy(compute, workers) as started:
        warm = partial(started.map, items)
        loop_seconds, ours = pairs.taken(benchmark, loop, warm, pairs=PAIRS, expected=loop())
    if ours:
        ratios = [its / our for its, our in zip(loop_seconds, ours, strict=True)]
        benchmark.extra_info.update(
            experiment="speedup",
            strategy=strategy.name,
            workload="Compute",
            kernel=compute.kernel,
            items=len(items),
            workers=workers,
            loop_seconds=loop_seconds,
            speedup_over_loop=statistics.median(ratios),
            least=min(ratios),
            most=max(ratios),
        )
