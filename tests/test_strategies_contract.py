"""What every strategy promises, checked for every strategy: how it starts, ends, fails and is refused.

What it promises of its rounds stands in `test_strategies_map.py`.
"""

import os
import signal
import sys
import threading
from functools import cache
from pathlib import Path

import pytest
from probes import Dying, Probe, ProbeError, Unopenable
from processes import alive, everything_from, family, leaving_nobody, python, terminal, until
from several import Several
from skipping import parameters

from paceline.machine import whole_cpus
from paceline.strategies import STRATEGIES, WorkerDied
from paceline.strategies.loops import LoopsInProcesses, LoopsInThreads
from paceline.workloads import Compute, Fetch
from paceline.workloads.fetch import NAMES

WORKERS = 3
BUSY = Path(__file__).with_name("busy.py")


@pytest.fixture(params=parameters())
def strategy(request):
    return request.param


@cache
def _works_here(strategy, log):
    """Whether items are done in this process; asked once of each strategy, as some take seconds to start."""
    with strategy(Probe(log), 1) as started:
        return started.map([("pid",)]) == [os.getpid()]


@pytest.fixture
def in_processes(strategy, tmp_path_factory):
    """Only for strategies whose workers are processes."""
    if _works_here(strategy, tmp_path_factory.getbasetemp() / "works_here"):
        pytest.skip("its workers are no processes")


@pytest.fixture(autouse=True)
def _nobody_left():
    with leaving_nobody():
        yield


def test_every_session_is_closed_by_the_worker_that_opened_it(strategy, probe):
    with strategy(probe, WORKERS) as started:
        started.map(range(5))
    assert sorted(probe.lines("close")) == sorted(probe.lines("open"))


@pytest.mark.core
def test_the_first_error_surfaces_as_it_was_raised_and_the_strategy_still_closes(strategy, probe):
    with pytest.raises(ProbeError, match=r"^item 4 is cursed$"), strategy(probe, WORKERS) as started:
        started.map([0, 1, 2, 3, ("fail", "item 4 is cursed"), 5, 6])
    assert sorted(probe.lines("close")) == sorted(probe.lines("open"))


def test_an_error_while_opening_surfaces_as_it_was_raised(strategy, tmp_path):
    with pytest.raises(ProbeError, match="no session to be had"), strategy(Unopenable(tmp_path / "log"), WORKERS):
        pytest.fail("entered without an open workload")


def test_an_error_between_rounds_leaves_nobody(strategy, probe):
    with pytest.raises(ZeroDivisionError), strategy(probe, WORKERS):
        raise ZeroDivisionError
    assert sorted(probe.lines("close")) == sorted(probe.lines("open"))


@pytest.mark.core
@pytest.mark.parametrize("workers", [0, -1, 1.5, True, "3", None])
def test_a_number_of_workers_that_is_none_is_refused(strategy, probe, workers):
    with pytest.raises(ValueError, match=f"{strategy.name}: workers must be a whole number of 1 or more"):
        strategy(probe, workers)


@pytest.mark.core
def test_an_unknown_option_is_refused(strategy, probe):
    with pytest.raises(TypeError, match=f"{strategy.name}: unknown option colour"):
        strategy(probe, WORKERS, colour="red")


@pytest.mark.core
@pytest.mark.parametrize("value", [True, "", -1, 1.5])
def test_an_option_that_is_given_what_it_cannot_be_is_refused_by_its_name(strategy, probe, value):
    for option in strategy.defaults:
        with pytest.raises(ValueError, match=f"^{strategy.name}: {option} must be .*, not {value!r}$"):
            strategy(probe, WORKERS, **{option: value})


def test_no_loops_at_all_are_refused_and_none_said_is_one_for_each_cpu(probe):
    for strategy in (LoopsInThreads, LoopsInProcesses):
        with pytest.raises(ValueError, match=f"^{strategy.name}: loops must be a whole number of 1 or more, not 0$"):
            strategy(probe, WORKERS, loops=0)
        assert strategy(probe, WORKERS, loops=None).options["loops"] == min(WORKERS, whole_cpus())


@pytest.mark.core
def test_every_option_has_a_value_to_record(strategy, probe):
    options = strategy(probe, WORKERS).options
    assert all(value is None or isinstance(value, str | int | float | bool) for value in options.values())


@pytest.mark.core
def test_computing_and_downloads_give_what_a_plain_loop_gives(strategy, instrument):
    clients = [client for client in NAMES if Fetch.fits(client, strategy.flavour)]
    downloads = [Fetch(f"{instrument.url}/item/{{item}}?size=300", 300, client) for client in clients]
    works = (Compute("squares", 1000), Compute("hash", 1000), *downloads)
    with strategy(Several(works), WORKERS) as started:
        for place, work in enumerate(works):
            instrument.reset()
            results = started.map([(place, item) for item in range(8)])
            assert results == [work.expected(item) for item in range(8)], work
            assert instrument.ledger().requests == (8 if work in downloads else 0), work
            assert instrument.ledger().max_in_flight <= started.workers, work


@pytest.fixture(params=range(WORKERS))
def victim(request, strategy):
    """Which worker is to be killed; one of a slow starter, whose engine knows no first and no last, is enough."""
    if strategy.slow_start and request.param:
        pytest.skip("its workers are alike, and take seconds to start")
    return request.param


def _victim(probe, index):
    pids = sorted({pid for pid, _ in probe.lines("open")})
    return pids[index % len(pids)]


@pytest.mark.core
@pytest.mark.usefixtures("in_processes")
def test_a_worker_killed_in_the_middle_becomes_a_clear_error(strategy, probe, victim):
    with pytest.raises(WorkerDied, match=r"SIGKILL.*no result"), strategy(probe, WORKERS) as started:
        pid = _victim(probe, victim)
        killer = threading.Timer(0.1, os.kill, (pid, signal.SIGKILL))
        killer.start()
        try:
            started.map([("sleep", 0.05, None)] * 40)
        finally:
            killer.join()


@pytest.mark.usefixtures("in_processes")
def test_a_worker_killed_between_rounds_becomes_a_clear_error(strategy, probe, victim):
    with pytest.raises(WorkerDied, match="SIGKILL"), strategy(probe, WORKERS) as started:
        started.map(range(5))
        pid = _victim(probe, victim)
        os.kill(pid, signal.SIGKILL)
        until(lambda: not alive([pid]), "the victim to die")
        started.map(range(5))


@pytest.mark.usefixtures("in_processes")
def test_workers_killed_before_leaving_become_a_clear_error(strategy, probe):
    with pytest.raises(WorkerDied, match="SIGKILL"), strategy(probe, WORKERS):
        victims = [pid for pid, _ in probe.lines("open")]
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        until(lambda: not alive(victims), "the victims to die")


@pytest.mark.usefixtures("in_processes")
@pytest.mark.parametrize("word", ["open", "close"])
def test_workers_killed_on_the_way_in_or_out_become_a_clear_error(strategy, tmp_path, word):
    with pytest.raises(WorkerDied, match="SIGKILL"), strategy(Dying(tmp_path / "log", word), WORKERS) as started:
        assert started.map(range(5)) == list(range(1, 6))


@pytest.mark.core
@pytest.mark.usefixtures("in_processes")
def test_workers_end_when_their_parent_is_killed(strategy, probe):
    with python(BUSY, strategy.name, probe.log, 60) as process:
        until(lambda: len(probe.lines("item")) == WORKERS, "all workers to be busy")
        everyone = family(process.pid)
        process.kill()
        until(lambda: not alive(everyone), "the whole family to end")


@pytest.mark.core
def test_ctrl_c_at_a_terminal_ends_everything_with_one_traceback(strategy, probe):
    with terminal(BUSY, strategy.name, probe.log, 1) as (process, screen):
        until(lambda: probe.lines("item"), "the first item to start")
        everyone = family(process.pid)
        os.write(screen, b"\x03")
        shown = everything_from(screen)
        assert process.wait(30) in (-signal.SIGINT, 128 + signal.SIGINT)
    assert shown.rstrip().endswith("KeyboardInterrupt")
    assert shown.count("KeyboardInterrupt") - shown.count("raise KeyboardInterrupt") == 1, shown
    until(lambda: not alive(everyone), "the whole family to end")


def test_names_are_unique_and_fit_a_node_id():
    names = [strategy.name for strategy in STRATEGIES]
    assert len(set(names)) == len(names)
    assert all(name.replace("-", "").isalnum() and name == name.lower() for name in names)


def test_the_plugin_leaves_one_thread_before_a_fork():
    tasks = "import os, paceline.plugin.laboratory; print(len(os.listdir('/proc/self/task')))"
    with python("-c", tasks, stdout=-1) as process:
        assert process.communicate()[0].strip() == "1"
    assert sys.platform == "linux"
