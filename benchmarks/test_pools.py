"""What does a Pool do by default?

Question: how many processes does `multiprocessing.Pool()` start, on all CPUs and when bound to one? And how often is
          its initializer called: once for each process, also when processes are replaced?
Setup:    Pool() by fork, beside the CPUs that are online, that this process may use, and that a quota allows; then a
          pool of 4 for 40 items of 1 ms, with processes that stay, and with `maxtasksperchild=5`. Processes are counted
          where they are started, calls where they happen.
Expect:   one process per CPU that is online up to Python 3.12, and per CPU that may be used from 3.13 on; no quota is
          looked at. One call for each process, those that take another's place too.
"""

import os

import pytest

WORKERS, ITEMS = 4, 40

pytestmark = [pytest.mark.extended, pytest.mark.replicated]

without_affinity = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="this system binds no process to a CPU"
)


@without_affinity
@pytest.mark.parametrize("affinity", ["all CPUs", "one CPU"], ids=["affinity=all", "affinity=one"])
def test_default_size(cost, affinity):
    cost("apparatus.pools:default_size", affinity, strategy="pool-fork", workload="Nothing", affinity=affinity)


@pytest.mark.parametrize("items_per_process", [None, 5], ids="maxtasksperchild={}".format)
def test_initializer(cost, items_per_process):
    replaced = f"after {items_per_process} items" if items_per_process else "never"
    work = {"strategy": "pool-fork", "workload": "Sleep", "workers": WORKERS, "items": ITEMS, "replaced": replaced}
    figures = cost("apparatus.pools:initializer_calls", WORKERS, ITEMS, items_per_process, **work)
    assert figures["workers_started"] >= WORKERS, "processes were started that nobody counted"
