"""What loky would do by itself, and must not while it is measured."""

import os
import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from processes import alive, until

from paceline.strategies import WorkerDied
from paceline.strategies.executors import NO_LIMIT, Loky

pytestmark = pytest.mark.skipif(Loky.unavailable() is not None, reason=str(Loky.unavailable()))

A_LOOK = 1.1  # seconds; loky looks once a second at what a worker holds


@dataclass(frozen=True)
class Growing:
    """Each item stays in the worker's memory; gives the worker's process id."""

    @contextmanager
    def worker(self):
        kept = []

        def keep(item):
            kept.append(bytes(item))
            return os.getpid()

        yield keep


@dataclass(frozen=True)
class Slow:
    """Takes its time for each item, whatever it weighs; gives the worker's process id."""

    @contextmanager
    def worker(self):
        def wait(item):
            time.sleep(item[0] / 1000)
            return os.getpid()

        yield wait


def test_the_options_say_what_was_chosen():
    started = Loky(Growing(), 2)
    assert started.options == {
        "start_method": "loky",
        "chunksize": 1,
        "reuse": False,
        "timeout": None,
        "most_growth": NO_LIMIT,
    }
    assert started.chosen == {}


def test_every_start_has_workers_of_its_own():
    seen = []
    for _ in range(2):
        with Loky(Slow(), 2) as started:
            seen.append({*started.map([b"\x14"] * 8)})
        assert alive(seen[-1]) == []
    assert seen[0].isdisjoint(seen[1])


def test_a_worker_that_grows_is_not_replaced(monkeypatch):
    monkeypatch.setenv("LOKY_MAX_MEMORY_LEAK_SIZE", "1")
    with Loky(Growing(), 1) as started:
        before = started.map([1 << 20])
        time.sleep(A_LOOK)
        assert started.map([1 << 20] * 8) == before * 8


def test_a_worker_killed_behind_heavy_items_leaves_no_thread_that_writes_to_nobody():
    heavy = b"\x14" + bytes(1 << 20)
    with pytest.raises(WorkerDied, match=r"SIGKILL.*no result"), Loky(Slow(), 2) as started:
        [victim] = started.map([b"\x00"])
        killer = threading.Timer(0.1, os.kill, (victim, signal.SIGKILL))
        killer.start()
        try:
            started.map([heavy] * 100)
        finally:
            killer.join()
    assert threading.active_count() == 1


def test_the_error_names_the_one_that_ended_where_it_can_be_told():
    with pytest.raises(WorkerDied) as caught, Loky(Slow(), 3) as started:
        victim, *others = {*started.map([b"\x32"] * 12)}
        os.kill(victim, signal.SIGABRT)
        until(lambda: not alive([victim]), "the victim to die")
        started.map([b"\x00"] * 12)
    assert f"process {victim} (signal SIGABRT)" in str(caught.value)
    assert not [pid for pid in others if str(pid) in str(caught.value)]
