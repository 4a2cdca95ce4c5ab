"""Does a strategy cost anything beside a plain program?

Question: is the lesson's program faster when it is written out by hand than when a strategy runs it?
Setup:    64 downloads of 20 ms, or the lesson's; in each of 3 pairs first the plain program, then the strategy, each
          with start and stop inside, at the same concurrency, from the same server.
Expect:   no strategy is slower than its program by more than 2 %.
"""

import statistics
from functools import partial

import pytest
from apparatus import plain

PAIRS = 3
PROGRAMS = {
    "sequential": plain.sequential,
    "threads": plain.threads,
    "asyncio": plain.in_asyncio,
    "pool-fork": partial(plain.pool, "fork"),
    "pool-forkserver": partial(plain.pool, "forkserver"),
    "pool-spawn": partial(plain.pool, "spawn"),
}

pytestmark = [
    pytest.mark.usefixtures("measure"),  # cells too, though pairs go into pytest-benchmark as they are
    pytest.mark.extended,
    pytest.mark.strategies(*PROGRAMS),
    pytest.mark.scale(items=64, latency=0.020, workers=10, rounds=PAIRS, lesson={"items": 160, "latency": 0.050}),
]


def test_beside_a_plain_program(benchmark, strategy, fetch, items, workers):
    program = PROGRAMS[strategy.name]
    urls = [fetch.url.replace("{item}", str(item)) for item in items]
    expected = [fetch.expected(item) for item in items]

    def by_strategy():
        with strategy(fetch, workers) as started:
            return started.map(items)

    by_hand = partial(program, urls, workers)
    plain_seconds, ours = plain.take_turns(benchmark, by_hand, by_strategy, pairs=PAIRS, expected=expected)
    if ours:
        benchmark.extra_info.update(
            experiment="plain",
            strategy=strategy.name,
            workload="Fetch",
            client=fetch.client,
            items=len(items),
            workers=workers,
            plain_seconds=plain_seconds,
            ratio_of_medians=statistics.median(ours) / statistics.median(plain_seconds),
            median_ratio=statistics.median(its / hand for its, hand in zip(ours, plain_seconds, strict=True)),
        )
