"""
How much faster do processes compute, pair by pair?

Question: what is the speedup on CPU work, on a machine whose speed drifts from one cell to the next?
Setup:    the lesson's `squares`, one worker per CPU; in each of 10 pairs first a plain loop, then the strategy, warm,
          so that both see the same state of the machine.
Expect:   pools come close to the number of CPUs; threads and asyncio stay at 1.
"""

import statistics
import time

import pytest

PAIRS = 10

pytestmark = [
    pytest.mark.extended,
    pytest.mark.scale(items=20, workers="cpus", n=1_000_000, lesson={"n": 5_000_000}),
]


@pytest.mark.parametrize("kernel", ["squares"], ids="kernel={}".format)
def test_beside_a_plain_loop(benchmark, strategy, compute, items, workers):
    loop_seconds = []

    def loop():
        begun = time.perf_counter()
        results = [compute.expected(item) for item in items]
        loop_seconds.append(time.perf_counter() - begun)
        assert results == expected

    expected = [compute.expected(item) for item in items]
    rounds = PAIRS if benchmark.enabled else 1
    with strategy(compute, workers) as started:
        assert benchmark.pedantic(started.map, args=[items], setup=loop, rounds=rounds) == expected
    if benchmark.enabled:
        ratios = [its / ours for its, ours in zip(loop_seconds, benchmark.stats.stats.data, strict=True)]
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
