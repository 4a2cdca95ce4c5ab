"""What items leave behind that their process would wait for: it does not keep a strategy from ending."""

import pytest
from processes import leaving_nobody

from paceline.strategies import STRATEGIES, NotEnded, WorkerDied, worker_processes
from paceline.workers import pool_worker
from paceline.workloads import Call

pytestmark = pytest.mark.core


@pytest.mark.parametrize(
    ("name", "function", "left"),
    [
        ("pool-fork", "thread", r"process \d+ for thread 'Thread-"),
        ("loky", "thread", r"process \d+ for thread 'Thread-"),
        ("processes", "process", r"process \d+ for process "),
        ("loops-in-processes", "thread_in_a_loop", r"process \d+ for thread 'Thread-"),
        ("interpreters", "thread_anywhere", "an interpreter for thread 'Thread-"),
    ],
)
def test_workers_that_wait_for_what_their_items_have_left_are_ended_and_say_so(name, function, left, monkeypatch):
    monkeypatch.setattr(pool_worker, "LEFT_TIMEOUT", 0.1)  # forked workers see it; others wait as long as they do
    chosen = next(each for each in STRATEGIES if each.name == name)
    if why := chosen.unavailable():
        pytest.skip(why)
    told = pytest.raises(NotEnded, match=f"waited for what those left: {left}")
    with leaving_nobody(), told, chosen(Call(f"left:{function}"), 1) as started:
        assert started.map([0, 1]) == [0, 1]


@pytest.mark.parametrize("name", ["processes", "loky"])
def test_workers_that_do_not_end_by_themselves_are_killed(name, monkeypatch):
    monkeypatch.setattr(worker_processes, "STOP_TIMEOUT", 0.5)
    chosen = next(each for each in STRATEGIES if each.name == name)
    if why := chosen.unavailable():
        pytest.skip(why)
    told = pytest.raises(WorkerDied, match=r"on the way out: process \d+ \(signal SIGKILL\)")
    with leaving_nobody(), told, chosen(Call("left:thread_without_end"), 1) as started:
        assert started.map([0]) == [0]
