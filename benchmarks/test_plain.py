"""
Does a strategy cost anything beside a plain program?

Question: is the lesson's program faster when it is written out by hand than when a strategy runs it?
Setup:    the lesson's downloads; in each of 10 pairs first the plain program, then the strategy, each with start and
          stop inside, at the same concurrency, from the same server.
Expect:   no strategy is slower than its program by more than 2 %.
"""

import statistics
import time
from functools import partial

import plain
import pytest

PAIRS = 10
PROGRAMS = {
    "sequential": plain.sequential,
    "threads": plain.threads,
    "asyncio": plain.in_asyncio,
    "pool-fork": partial(plain.pool, "fork"),
    "pool-forkserver": partial(plain.pool, "forkserver"),
    "pool-spawn": partial(plain.pool, "spawn"),
}

pytestmark = [
    pytest.mark.extended,
    pytest.mark.scale(items=160, latency=0.050, workers=10, rounds=PAIRS),
]


def test_beside_a_plain_program(benchmark, strategy, fetch, items, workers):
    program = PROGRAMS.get(strategy.name)
    if program is None:
        pytest.skip(f"the lesson has no program for {strategy.name}")
    urls = [fetch.url.replace("{item}", str(item)) for item in items]
    expected = [fetch.expected(item) for item in items]
    plain_seconds = []

    def by_hand():
        begun = time.perf_counter()
        results = program(urls, workers)
        plain_seconds.append(time.perf_counter() - begun)
        assert results == expected

    def by_strategy():
        with strategy(fetch, workers) as started:
            return started.map(items)

    rounds = PAIRS if benchmark.enabled else 1
    assert benchmark.pedantic(by_strategy, setup=by_hand, rounds=rounds) == expected
    if benchmark.enabled:
        ratios = [ours / its for ours, its in zip(benchmark.stats.stats.data, plain_seconds, strict=True)]
        benchmark.extra_info.update(
            experiment="plain",
            strategy=strategy.name,
            workload="Fetch",
            client=fetch.client,
            items=len(items),
            workers=workers,
            plain_seconds=plain_seconds,
            ratio_of_medians=statistics.median(benchmark.stats.stats.data) / statistics.median(plain_seconds),
            median_ratio=statistics.median(ratios),
        )
