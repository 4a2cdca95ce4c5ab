"""What does it cost to start workers?

Question: how long until the first worker is open, until all are, until the first item is done? And to stop them?
Setup:    a workload that only writes down when a worker opens it, 1 and 8 workers, in a fresh interpreter that has
          imported the strategies and nothing else: a first, cold, start, and a second, warm, one. A strategy is entered
          when all its workers are ready, so the first item is done after that. A round is the cold start of all, and
          each cell has one. Of starts in 5 interpreters the interval is narrower than of 3 medians of 3 starts each.
Expect:   threads, greenlets and a loop's tasks within some milliseconds, and the import of trio or gevent before the
          first of them; forked processes some milliseconds each; spawned ones, also loky's, those of a fork server,
          which import their modules, and interpreters tens of milliseconds each; the second start saves little. dask
          and ray start a scheduler and more before the first worker, which takes seconds.
"""

import pytest

pytestmark = [
    pytest.mark.extended,
    pytest.mark.replicated(processes=5),
    pytest.mark.strategies(
        *("threads", "asyncio", "pool-fork", "pool-forkserver", "pool-spawn", "processes", "interpreters"),
        *("loky", "trio", "gevent", "dask", "ray"),
    ),
    pytest.mark.scale(workers=[1, 8]),
]


def test_starting(cost, timed, strategy, workers):
    workers = workers if timed else 1
    work = {"strategy": strategy.name, "workload": "Noted", "workers": workers}
    figures = cost("apparatus.starting:starts", strategy.name, workers, **work)
    assert figures["cold_first_seconds"] <= figures["cold_ready_seconds"] <= figures["cold_item_seconds"]
