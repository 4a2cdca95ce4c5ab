"""The apparatus beside the experiments: what it gives, and that nothing waits for the dead."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from processes import alive, family, python, until

from paceline.child import processes

BENCHMARKS = str(Path(__file__).parents[1] / "benchmarks")
HERE = str(Path(__file__).parent)

needs_interpreters = pytest.mark.skipif(sys.version_info < (3, 14), reason="interpreters need Python 3.14 or newer")


@pytest.mark.parametrize("wait", ["queue", "pipe", "semaphore"])
def test_a_partner_that_dies_is_told_and_not_waited_for(wait):
    told, left = processes.call("partnered:wait_for_a_partner_that_dies", wait, timeout=30.0)
    assert told == "the partner ended in the middle, with exit code 3"
    assert left == 0


def test_a_partner_that_hangs_is_not_waited_for_longer_than_said():
    with pytest.raises(RuntimeError, match="not done within 0.2 s; a partner may hang"):
        processes.call("partnered:wait_for_one_that_hangs", 0.2, timeout=30.0)


def test_of_processes_that_run_together_the_others_end_when_one_dies():
    told, left = processes.call("partnered:run_together", ["hangs", "ends", "dies"], timeout=30.0)
    assert told == "one of 3 processes ended with exit code 3"
    assert left == 0


@pytest.mark.parametrize("construct", ["pipe", "manager-queue"])
def test_whoever_is_at_the_other_end_ends_with_a_parent_that_is_killed(construct):
    script = (
        f"import sys; sys.path[:0] = {[HERE, BENCHMARKS]!r}; import partnered; partnered.wait_beside({construct!r})"
    )
    with python("-c", script, stdout=subprocess.PIPE) as parent:
        others = [int(pid) for pid in parent.stdout.readline().split()]
        assert others
        assert set(others) <= set(family(parent.pid))
        os.kill(parent.pid, signal.SIGKILL)
        until(lambda: not alive(others), "the partners' end")


@pytest.mark.parametrize("size", [0, 5000])
@pytest.mark.parametrize(
    "construct",
    [
        "queue",
        "simple-queue",
        "pipe",
        "array",
        "shared-memory",
        "manager-queue",
        "thread-queue",
        pytest.param("interpreter-queue", marks=needs_interpreters),
    ],
)
def test_a_round_trip_has_a_time_for_each_trip_and_a_rate_where_there_are_bytes(construct, size):
    figures = processes.call("apparatus.talking:round_trips", construct, size, 3)
    assert len(figures["seconds"]) == 3
    assert ("bytes_per_second" in figures) == bool(size)
    assert (figures["pickling_share"] > 0) == (construct in ("queue", "simple-queue", "pipe", "manager-queue"))


def test_a_value_takes_eight_bytes_there_and_back():
    assert processes.call("apparatus.talking:round_trips", "value", 8, 3)["bytes_per_second"] > 0


def test_what_comes_back_wrong_is_no_round_trip():
    with pytest.raises(ValueError, match="10 bytes went there, and 9 others came back"):
        processes.call("partnered:trip_to_a_liar")


def test_another_process_changes_shared_memory_and_no_list_of_ours():
    seen = {
        kind: processes.call("apparatus.talking:change_elsewhere", kind) for kind in ("global-list", "shared-memory")
    }
    assert {kind: figures["seen_by_parent"] for kind, figures in seen.items()} == {"global-list": 0, "shared-memory": 1}


@pytest.mark.parametrize(("kind", "counter"), [("processes", "Value"), ("threads", "Value"), ("threads", "attribute")])
def test_updates_add_up_with_a_lock(kind, counter):
    figures = processes.call("apparatus.locks:count", kind, counter, "with lock", 3, 500)
    assert figures["updates"] == 1500
    assert figures["lost_updates"] == figures["lost_share"] == 0
    assert figures["seconds"] == [pytest.approx(1500 * figures["seconds_per_update"])]


def test_updates_that_are_lost_are_counted():
    figures = processes.call("apparatus.locks:count", "processes", "Value", "without lock", 2, 500)
    assert 0 <= figures["lost_updates"] < 1000
    assert figures["lost_share"] == figures["lost_updates"] / 1000


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no process to a CPU")
def test_a_pool_by_default_has_a_process_for_each_cpu_it_knows_of():
    free, bound = (processes.call("apparatus.pools:default_size", affinity) for affinity in ("all CPUs", "one CPU"))
    assert bound["cpus_usable"] == 1
    assert free["cpus_usable"] == len(os.sched_getaffinity(0))
    counts = ("cpus_usable",) if sys.version_info >= (3, 13) else ("cpus_online",)
    assert [bound["default_workers"], free["default_workers"]] == [
        each[name] for each in (bound, free) for name in counts
    ]


def test_each_process_of_a_pool_calls_the_initializer_once():
    figures = processes.call("apparatus.pools:initializer_calls", 2, 12, None)
    assert (figures["workers_started"], figures["initializer_calls"], figures["most_calls_in_one_process"]) == (2, 2, 1)


def test_processes_that_take_anothers_place_are_counted_too():
    figures = processes.call("apparatus.pools:initializer_calls", 2, 12, 3)
    assert figures["workers_started"] >= 4
    assert figures["initializer_calls"] == figures["workers_started"]


@pytest.mark.parametrize(
    "strategy",
    ["threads", "asyncio", "pool-fork", "processes", pytest.param("interpreters", marks=needs_interpreters)],
)
def test_a_start_opens_the_first_worker_then_all_then_does_an_item(strategy):
    figures = processes.call("apparatus.starting:starts", strategy, 2)
    for start in ("cold", "warm"):
        first, ready, item = (figures[f"{start}_{part}_seconds"] for part in ("first", "ready", "item"))
        assert 0 < first <= ready <= item
    assert figures["seconds"] == [figures["cold_ready_seconds"]]
    assert figures["stop_seconds"] > 0


def test_the_memory_of_a_pool_is_that_of_all_its_processes():
    figures = processes.call("apparatus.memory:footprint", "pool-fork", 2, 100)
    assert figures["processes"] == 3
    assert figures["measure"] == ("PSS" if "pss_bytes" in figures else "USS")
    assert 0 < figures["uss_bytes"] <= figures["rss_bytes"]


def test_the_memory_of_threads_is_that_of_one_process():
    assert processes.call("apparatus.memory:footprint", "threads", 2, 100)["processes"] == 1
