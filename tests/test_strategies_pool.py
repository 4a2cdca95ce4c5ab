"""What a pool's own options do: how many items a worker takes at a time, and by which of the pool's methods."""

import faulthandler
import multiprocessing
import os
import signal
import subprocess
import threading
import warnings
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
import pytest
from probes import ProbeError
from processes import PATIENCE, family, python, until

from paceline.strategies import WorkerDied
from paceline.strategies.executors import Loky
from paceline.strategies.pool import PoolFork, PoolSpawn
from paceline.workloads import Compute

WAYS = ["map", "imap_unordered"]
NOTED = ("sleep", 0.0, None)

pytestmark = [
    pytest.mark.core,
    pytest.mark.skipif(PoolFork.unavailable() is not None, reason="needs the start method fork"),
]


@pytest.fixture(params=WAYS)
def hand_out(request):
    return request.param


@pytest.fixture(autouse=True)
def nobody_left():
    yield
    assert multiprocessing.active_children() == []
    until(lambda: threading.active_count() == 1, f"{threading.enumerate()} to end")


@dataclass(frozen=True)
class Raising:
    """Raises each item that is an error, and gives back any other."""

    @contextmanager
    def worker(self):
        def give_back(item):
            if isinstance(item, Exception):
                raise item
            return item

        yield give_back


@pytest.mark.parametrize("chunksize", [0, 1, 3, 100])
def test_results_come_in_item_order(probe, hand_out, chunksize):
    items = [("sleep", seconds / 1000, seconds) for seconds in (30, 20, 10, 5, 1, 0)]
    with PoolFork(probe, 3, hand_out=hand_out, chunksize=chunksize) as started:
        assert started.map(items) == [30, 20, 10, 5, 1, 0]
        assert started.map([]) == []
        assert started.map(range(7)) == list(range(1, 8))


def test_spawned_workers_hand_results_back_too(hand_out):
    work = Compute("squares", 10)
    with PoolSpawn(work, 2, hand_out=hand_out, chunksize=2) as started:
        assert started.map(range(5)) == [work.expected(item) for item in range(5)]


@pytest.mark.parametrize(
    ("items", "workers", "chunksize", "lost"),
    [
        (16, 2, 1, 0),
        (16, 2, 5, 4),
        (16, 2, 100, 15),
        (16, 2, 0, 1),  # ceil(16 / 8) = 2 at a time
        (17, 2, 0, 2),
        (3, 2, 0, 0),
    ],
)
def test_a_failed_item_takes_the_rest_of_its_chunk_with_it(probe, hand_out, items, workers, chunksize, lost):
    with PoolFork(probe, workers, hand_out=hand_out, chunksize=chunksize) as started, pytest.raises(ProbeError):
        started.map([("fail", "the first of its chunk"), *[NOTED] * (items - 1)])
    assert len(probe.lines("item")) == items - 1 - lost


def test_zero_cuts_chunks_as_pool_map_does_when_nothing_is_said(probe, monkeypatch):
    sizes = []
    cut = multiprocessing.pool.Pool._get_tasks

    def noted(function, items, size):
        sizes.append(size)
        return cut(function, items, size)

    monkeypatch.setattr(multiprocessing.pool.Pool, "_get_tasks", staticmethod(noted))
    counts = (1, 7, 8, 9, 40, 161)
    with PoolFork(probe, 2, chunksize=0) as started:
        for count in counts:
            started.map(range(count))
            started._pool.map(abs, range(count))
    assert sizes[::2] == sizes[1::2]
    assert len(sizes) == 2 * len(counts)


def test_the_first_error_surfaces_with_its_trace_in_the_worker_and_the_pool_goes_on(probe, hand_out):
    with PoolFork(probe, 3, hand_out=hand_out) as started:
        with pytest.raises(ProbeError, match=r"^cursed$") as caught:
            started.map([0, 1, 2, ("fail", "cursed"), 4, 5])
        assert "_at_once" in str(caught.value.__cause__)
        assert started.map([1, 2, 3]) == [2, 3, 4]


def test_no_item_runs_on_into_the_next_round_after_an_error(probe, hand_out):
    with PoolFork(probe, 2, hand_out=hand_out) as started:
        with pytest.raises(ProbeError):
            started.map([("fail", "at once"), *[("sleep", 0.01, None)] * 10])
        assert len(probe.lines("item")) == 10


@pytest.mark.parametrize(
    ("hand_out", "error"),
    [
        ("map", multiprocessing.TimeoutError("an item's own")),
        ("imap_unordered", multiprocessing.TimeoutError("an item's own")),
        ("imap_unordered", StopIteration("enough")),
    ],
)
def test_an_error_that_the_pool_also_raises_itself_is_still_the_items(hand_out, error):
    with PoolFork(Raising(), 2, hand_out=hand_out) as started:
        with pytest.raises(type(error), match=str(error)):
            started.map([1, error, 3])
        assert started.map([1, 2, 3]) == [1, 2, 3]


@pytest.mark.parametrize("chunksize", [0, 1, 4])
def test_a_killed_worker_becomes_a_clear_error_while_others_still_deliver(probe, hand_out, chunksize):
    items = [("sleep", 0.01, None)] * 800
    with (
        pytest.raises(WorkerDied, match=r"SIGKILL.*no result"),
        PoolFork(probe, 2, hand_out=hand_out, chunksize=chunksize) as started,
    ):
        pid = probe.lines("open")[0][0]
        killer = threading.Timer(0.1, os.kill, (pid, signal.SIGKILL))
        killer.start()
        try:
            started.map(items)
        finally:
            killer.join()
    assert len(probe.lines("item")) < len(items) / 2, "it was only seen once all others were done"


@pytest.mark.parametrize("strategy", [PoolFork, PoolSpawn])
def test_no_worker_is_started_in_a_dead_ones_place(probe, strategy):
    with pytest.raises(WorkerDied, match="SIGKILL"), strategy(probe, 2):
        number = _next_number()
        pid, _ = probe.lines("open")[0]
        os.kill(pid, signal.SIGKILL)
        until(lambda: not psutil.pid_exists(pid), "the pool to collect the victim")
    assert _next_number() == number + 1


def _next_number():
    """Count the processes that `multiprocessing` has numbered, this call's among them."""
    return int(multiprocessing.Process().name.rpartition("-")[2])


def test_a_thread_beside_a_fork_is_told_by_its_name_before_there_is_a_process(probe):
    before, gate = family(os.getpid()), threading.Event()
    beside = threading.Thread(target=gate.wait, name="beside")
    beside.start()
    try:
        with pytest.raises(DeprecationWarning, match=r"fork beside other threads \(beside\)"), PoolFork(probe, 2):
            pytest.fail("forked beside a thread where warnings are errors")
        assert family(os.getpid()) == before
    finally:
        gate.set()
        beside.join()


def test_a_thread_that_python_knows_nothing_of_is_not_told(probe):
    faulthandler.dump_traceback_later(PATIENCE)  # a thread in C, as a library may leave some
    try:
        with warnings.catch_warnings(record=True, action="always") as told, PoolFork(probe, 2) as started:
            assert started.map(range(3)) == [1, 2, 3]
    finally:
        faulthandler.cancel_dump_traceback_later()
    assert not told


@pytest.mark.parametrize("chunksize", [-1, 1.5, True, "2", None])
def test_a_chunk_size_that_is_none_is_refused(probe, chunksize):
    wanted = "pool-fork: chunksize must be a whole number of 1 or more, or 0 for what Pool.map would choose, not"
    with pytest.raises(ValueError, match=wanted):
        PoolFork(probe, 2, chunksize=chunksize)


@pytest.mark.parametrize("hand_out", ["imap", "", None, 1])
def test_another_way_to_hand_out_is_refused_with_those_there_are(probe, hand_out):
    with pytest.raises(ValueError, match=f"pool-fork: hand_out must be map or imap_unordered, not {hand_out!r}"):
        PoolFork(probe, 2, hand_out=hand_out)


def test_the_options_say_what_was_chosen(probe):
    chosen = PoolFork(probe, 2, chunksize=0, hand_out="imap_unordered").options
    assert chosen == {"start_method": "fork", "chunksize": 0, "hand_out": "imap_unordered"}
    assert PoolFork(probe, 2).options == {"start_method": "fork", "chunksize": 1, "hand_out": "map"}


HELD = """
import copyreg
import os
import signal
import subprocess

from paceline.strategies import STRATEGIES
from paceline.workloads import Compute

def interrupt():
    os.kill(os.getpid(), signal.SIGINT)

def reduced(workload):
    interrupt()
    return Compute, (workload.kernel, workload.n)

os.register_at_fork(before=interrupt)  # a fork
copyreg.pickle(Compute, reduced)  # the workload goes to a process that was not forked
try:
    with next(one for one in STRATEGIES if one.name == {name!r})(Compute("squares", 10), 2):
        pass
except KeyboardInterrupt:
    print("interrupted")
"""


STARTED_HERE = ["pool-fork", "pool-forkserver", "pool-spawn", "processes", "loops-in-processes"]
WITHOUT_LOKY = pytest.mark.skipif(Loky.unavailable() is not None, reason=str(Loky.unavailable()))


@pytest.mark.parametrize("name", [*STARTED_HERE, pytest.param("loky", marks=WITHOUT_LOKY)])
def test_ctrl_c_that_comes_while_processes_are_started_leaves_no_pool_behind(name):
    script = HELD.format(name=name)
    with python("-W", "error", "-c", script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        shown = process.communicate(timeout=PATIENCE)[0]
    assert (process.returncode, shown) == (0, "interrupted\n")
