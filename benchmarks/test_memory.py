"""How much memory do workers need?

Question: how does the memory of all processes together grow with the number of workers?
Setup:    workers that hold what the lesson's do, a session of their own (of requests, under asyncio one of aiohttp for
          all), and compute four items each, in a fresh interpreter that has imported the client library before the
          start, as the lesson's program does at its top: forked workers share it, others import their own. Then the
          memory of the interpreter and of all that descend from it: workers, fork server, resource tracker.
          PSS shares each page out among the processes that have it, USS counts only what one process has alone, RSS
          counts shared pages once for each. Tasks of trio and greenlets of gevent hold no session: of the clients here
          only the raw one serves them.
Expect:   threads, tasks and greenlets add some ten KiB each, forked processes a few MiB, spawned ones and those of a
          fork server, and interpreters, with libraries of their own, 15 to 20 MiB; those of loky, dask and ray, which
          hold their engine as well, more than that, beside what dask's scheduler and ray's services take once.
"""

import pytest

IN_PROCESSES = ("pool", "processes", "loky", "dask", "ray")

pytestmark = [
    pytest.mark.extended,
    pytest.mark.replicated,
    pytest.mark.strategies(
        *(
            "sequential",
            "threads",
            "asyncio",
            "pool-fork",
            "pool-forkserver",
            "pool-spawn",
            "processes",
            "interpreters",
        ),
        *("loky", "trio", "gevent", "dask", "ray"),
    ),
    pytest.mark.scale(workers=[1, 2, 4, 8], n=20_000),
]


def test_memory(cost, timed, strategy, workers, n):
    workers = workers if timed else 1
    work = {"strategy": strategy.name, "workload": "Held", "workers": workers, "items": 4 * workers}
    figures = cost("apparatus.memory:footprint", strategy.name, workers, n, **work)
    processes = workers if strategy.name.startswith(IN_PROCESSES) else 0
    assert figures["processes"] > processes, "a worker's memory was not counted"
