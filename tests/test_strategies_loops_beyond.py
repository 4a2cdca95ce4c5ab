"""What trio and gevent promise beside the contract: no thread stays, nothing is patched, Ctrl-C ends a round
anywhere.
"""

import gc
import os
import signal
import threading
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import pytest
from probes import Probe, ProbeError
from processes import open_files, python, until

from paceline.strategies import STRATEGIES
from paceline.workloads import Call, Compute

NAMES = ("trio", "gevent")
FOR_EVER = ("sleep", 3600.0, None)


@pytest.fixture(params=NAMES)
def strategy(request):
    pytest.importorskip(request.param)
    return next(each for each in STRATEGIES if each.name == request.param)


@pytest.fixture(autouse=True)
def nothing_left():
    before = tasks()
    yield
    assert threading.enumerate() == [threading.main_thread()]
    # fewer, where the system was still ending a thread of the test before
    until(lambda: tasks() <= before, "the system to end a thread that Python has ended")


def tasks():
    """Threads of this process, those of C libraries too."""
    return len(list(Path("/proc/self/task").iterdir()))


def interrupt_when(condition):
    """Press Ctrl-C as soon as `condition()` holds, and again where it was lost: Python does not see the one that comes
    in the moment before its main thread begins to wait for a lock.
    """
    seen = threading.Event()

    def handle(number, frame):
        seen.set()
        signal.signal(signal.SIGINT, before)
        signal.default_int_handler(number, frame)

    def press():
        until(condition, "the moment for Ctrl-C")
        os.kill(os.getpid(), signal.SIGINT)
        while not seen.wait(1):
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, handle)
    thread = threading.Thread(target=press)
    thread.start()
    return thread


def test_an_error_ends_what_waits_beside_it(strategy, probe):
    with strategy(probe, 3) as started:
        with pytest.raises(ProbeError, match="cursed"):
            started.map([FOR_EVER, FOR_EVER, ("fail", "cursed"), FOR_EVER])
        assert started.map(range(5)) == [1, 2, 3, 4, 5]
    assert sorted(probe.lines("close")) == sorted(probe.lines("open"))


def test_the_first_of_several_errors_counts(strategy, probe):
    with strategy(probe, 3) as started, pytest.raises(ProbeError, match="first"):
        started.map([FOR_EVER, ("fail", "first"), ("fail", "second")])


def test_ctrl_c_ends_items_that_wait_and_the_strategy_goes_on(strategy, probe):
    with strategy(probe, 3) as started:
        presser = interrupt_when(lambda: len(probe.lines("item")) == 3)
        with pytest.raises(KeyboardInterrupt):
            started.map([FOR_EVER] * 6)
        presser.join()
        assert len(probe.lines("item")) == 3
        assert started.map(range(4)) == [1, 2, 3, 4]
    assert sorted(probe.lines("close")) == sorted(probe.lines("open"))


class Endless:
    """Items that nobody comes to the end of."""

    def __len__(self):
        return 10**6

    def __iter__(self):
        return repeat(0)


@dataclass(frozen=True)
class Computing(Compute):
    """Says that it has begun, and goes on; it never waits."""

    log: Path

    def expected(self, item):
        self.log.touch()
        return super().expected(item)


def test_ctrl_c_ends_a_round_of_items_that_only_compute(strategy, tmp_path):
    log = tmp_path / "begun"
    with strategy(Computing("squares", 1000, log), 3) as started:
        presser = interrupt_when(log.exists)
        with pytest.raises(KeyboardInterrupt):
            started.map(Endless())
        presser.join()


def test_ctrl_c_that_surfaces_is_not_printed_before(strategy, probe, capfd):
    with pytest.raises(KeyboardInterrupt), strategy(probe, 3) as started:
        presser = interrupt_when(lambda: probe.lines("item"))
        started.map([FOR_EVER] * 3)
    presser.join()
    assert capfd.readouterr() == ("", "")


class OneSided:
    """Has no side but the one that the strategy opens."""

    @asynccontextmanager
    async def trio_worker(self, concurrency):  # noqa: ARG002
        async def one(item):
            return item + 1

        yield one

    @contextmanager
    def gevent_worker(self):
        yield lambda item: item + 1


def test_a_workload_needs_no_other_side_than_the_one_that_is_opened(strategy):
    with strategy(OneSided(), 2) as started:
        assert started.map([1, 2, 3]) == [2, 3, 4]


@dataclass(frozen=True)
class Unclosable(Probe):
    """Fails while a worker closes it."""

    @contextmanager
    def worker(self):
        yield lambda item: item
        raise ProbeError("the door is stuck")

    @asynccontextmanager
    async def async_worker(self, concurrency):  # noqa: ARG002
        with self.worker() as run:

            async def one(item):
                return run(item)

            yield one

    trio_worker = async_worker
    gevent_worker = worker


def test_an_error_while_closing_surfaces(strategy, tmp_path, capfd):
    with pytest.raises(ProbeError, match="the door is stuck"), strategy(Unclosable(tmp_path), 2) as started:
        assert started.map([1, 2, 3]) == [1, 2, 3]
    assert capfd.readouterr() == ("", "")


def test_strategies_that_overlap_leave_each_other_alone(strategy, probe):
    first, second = strategy(probe, 2), strategy(probe, 2)
    first.__enter__()
    second.__enter__()
    assert first.map([1, 2]) == second.map([1, 2]) == [2, 3]
    first.__exit__(None, None, None)
    assert second.map([3]) == [4]
    second.__exit__(None, None, None)


def test_no_descriptor_stays_open_however_often_it_is_started(strategy, probe):
    def once():
        with strategy(probe, 3) as started:
            started.map(range(3))
        gc.collect()  # what a test before left to be collected closes its own at any moment
        return open_files()

    assert len({once() for _ in range(5)}) == 1


def test_gevent_has_no_thread_and_trio_one_while_it_is_open(strategy, probe):
    before = tasks()
    with strategy(probe, 3) as started:
        started.map(range(3))
        assert tasks() - before == {"trio": 1, "gevent": 0}[strategy.name]


def test_a_hub_that_was_there_before_stays(probe):
    gevent = pytest.importorskip("gevent")
    hub = gevent.get_hub()
    try:
        with next(each for each in STRATEGIES if each.name == "gevent")(probe, 2) as started:
            started.map(range(3))
        assert gevent.get_hub() is hub
        gevent.sleep(0)
        assert hub.NOT_ERROR == type(hub).NOT_ERROR
    finally:
        hub.destroy(destroy_loop=True)


UNTOUCHED = """
import os, queue, select, signal, socket, ssl, subprocess, sys, threading, time

def things():
    modules = (os, queue, select, signal, socket, ssl, subprocess, threading, time)
    return {(module.__name__, name): thing for module in modules for name, thing in vars(module).items()}

before = things()
from paceline.server.process import running
from paceline.strategies.event_loop import Gevent
from paceline.workloads import Fetch
with running() as instrument, Gevent(Fetch(instrument.url + "/item/{item}?size=9", 9), 3) as started:
    assert len(started.map(range(9))) == 9
    during = things()
after = things()
print([name for name in before if not before[name] is during[name] is after[name]])
import gevent.monkey
print(gevent.monkey.saved)
"""


def test_gevent_patches_nothing():
    pytest.importorskip("gevent")
    with python("-c", UNTOUCHED, stdout=-1) as process:
        assert process.communicate()[0].splitlines() == ["[]", "{}"]


def test_neither_library_is_imported_before_it_is_used():
    imported = "import sys, paceline.plugin.laboratory, paceline.cli"
    script = f"{imported}; print({{'trio', 'gevent', 'greenlet'}} & set(sys.modules))"
    with python("-c", script, stdout=-1) as process:
        assert process.communicate()[0].strip() == "set()"


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_library_is_named_with_the_command_that_installs_it(name, monkeypatch):
    strategy = next(each for each in STRATEGIES if each.name == name)
    monkeypatch.setattr("paceline.strategies.base.find_spec", lambda _: None)
    monkeypatch.setattr("paceline.machine.free_threaded", lambda: False)
    assert strategy.unavailable() == f"needs {name}: pip install 'paceline[{name}]'"
    assert strategy.extra == name


def test_a_build_without_a_gil_does_without_gevent(monkeypatch):
    strategy = next(each for each in STRATEGIES if each.name == "gevent")
    monkeypatch.setattr("paceline.machine.free_threaded", lambda: True)
    assert strategy.unavailable().startswith("needs a Python with a GIL")


def test_a_trio_function_of_somebodys_own_runs_under_trio(tmp_path, monkeypatch):
    pytest.importorskip("trio")
    (tmp_path / "trio_module_of_the_test.py").write_text(
        "import trio\n\nasync def double(item):\n    await trio.sleep(0)\n    return item * 2\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with next(each for each in STRATEGIES if each.name == "trio")(Call("trio_module_of_the_test:double"), 2) as started:
        assert started.map([1, 2, 3]) == [2, 4, 6]
