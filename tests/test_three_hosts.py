"""A cluster of dask on hosts of our own: a scheduler, two with a worker, and the one that measures."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from apparatus.dask_on_hosts import PORT, Cluster
from apparatus.namespaces import WHY_NOT, hosts
from apparatus.partners import in_time
from processes import alive, python, until

from paceline.child import processes
from paceline.measuring.rounds import NotAMeasurement
from paceline.strategies.clusters import OutOfReach
from paceline.strategies.dask import Dask
from paceline.workloads import Compute

pytestmark = pytest.mark.skipif(
    bool(WHY_NOT or Dask.unavailable()), reason=str(WHY_NOT or f"dask {Dask.unavailable()}")
)

FROM_A_HOST = Path(__file__).with_name("from_a_host.py")
SILENCE = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "11s"}  # then a host counts as dead; dask takes no less
TIMEOUT = 60.0  # seconds in which an error has to come; far more than it needs


@contextmanager
def measuring(cluster, *, there=2, workers=2, items, rounds=200, hosts=2):
    """A process that does so many rounds, or until items come from so many hosts at once; see `read_round`."""
    arguments = (FROM_A_HOST, cluster.address, cluster.own.address, there, workers, items, rounds, hosts)
    with cluster.python(*arguments, stdout=-1, stderr=-1) as process:
        watch = threading.Timer(120, process.kill)
        watch.start()
        try:
            yield process
        finally:
            watch.cancel()
            watch.join()


def read_round(process):
    """The next line it says; None at its end."""
    line = process.stdout.readline()
    assert line or process.wait() == 0, process.stderr.read()
    return line.strip() if line.startswith("begins") else json.loads(line or "null")


def rounds_of(process):
    """What each round came to, from now on until the end."""
    return [said for said in iter(lambda: read_round(process), None) if said != "begins"]


@pytest.fixture
def here(tmp_path):
    with hosts(4) as there:
        yield Cluster(there, tmp_path, **SILENCE)


@pytest.fixture
def three(here):
    with here.scheduler(), here.own.network.entered():
        until(lambda: listens(here.head.address), "the scheduler to listen")
        yield here


def listens(address):
    try:
        socket.create_connection((address, PORT), timeout=1.0).close()
    except OSError:
        return False
    return True


@pytest.mark.nightly
def test_items_come_from_two_hosts_at_once(three):
    one, two = three.workers
    with three.worker(one), three.worker(two), measuring(three, items=10) as process:
        rounds = rounds_of(process)
    assert all(each["right"] for each in rounds)
    assert set(rounds[-1]["items"]) == {one.address, two.address}
    assert rounds[-1]["together"] == 2


@pytest.mark.nightly
def test_after_a_plug_is_pulled_every_result_arrives_or_one_clear_error_says_what_is_lost(three):
    one, two = three.workers
    with (
        three.worker(one),
        three.worker(two),
        measuring(three, items=200, rounds=1) as on_both,
        measuring(three, items=200, rounds=1, workers=1) as on_one,
    ):
        assert read_round(on_both) == read_round(on_one) == "begins"
        pulled = threading.Timer(0.5, one.unplug)
        pulled.start()
        came = read_round(on_both)
        _, complaint = on_one.communicate(timeout=TIMEOUT)
        pulled.join()
    assert came["right"]
    assert came["items"][two.address] > 100
    lost = f"{three.address}: no worker is left of those that had the items, which have no result"
    assert complaint.splitlines()[-1] == f"paceline.strategies.base.WorkerDied: {lost}"


@pytest.mark.nightly
def test_a_host_that_joins_is_used(three):
    one, two = three.workers
    with three.worker(one), measuring(three, there=1, items=10) as process:
        assert read_round(process) == "begins"
        assert set(read_round(process)["items"]) == {one.address}
        with three.worker(two):
            rounds = rounds_of(process)
    assert all(each["right"] for each in rounds)
    assert set(rounds[-1]["items"]) == {one.address, two.address}
    assert rounds[-1]["together"] == 2


@pytest.mark.nightly
def test_items_that_come_from_one_host_are_no_measurement_of_two(three):
    one, two = three.workers
    arguments = (three.address, three.own.address, [one.address, two.address], 1)
    with (
        three.worker(one),
        three.worker(one),
        pytest.raises(NotAMeasurement, match=rf"items came from {{'{one.address}': 16}}, and not from all of"),
    ):
        processes.call("apparatus.dask_on_hosts:prove", *arguments, rounds=2)


@pytest.mark.nightly
def test_an_address_at_which_no_host_is_becomes_a_clear_error(here):
    nobody = f"tcp://10.77.0.99:{PORT}"
    with here.own.network.entered(), in_time(TIMEOUT), pytest.raises(OutOfReach, match=f"no cluster at {nobody}: .*;"):
        Dask(Compute("squares", 10), 1, cluster=nobody).__enter__()


@pytest.mark.nightly
def test_a_scheduler_whose_plug_was_pulled_becomes_a_clear_error(three):
    three.head.unplug()
    with in_time(TIMEOUT), pytest.raises(OutOfReach, match=f"no cluster at {three.address}: timed out; start one"):
        Dask(Compute("squares", 10), 1, cluster=three.address).__enter__()


@pytest.mark.nightly
def test_nothing_runs_on_hosts_whose_maker_was_killed(tmp_path):
    script = (
        f"import sys; sys.path[:] = {sys.path!r}; from apparatus.namespaces import hosts; import time\n"
        "with hosts(1) as (one,), one.python('-c', 'import time; time.sleep(600)') as process:\n"
        "    print(process.pid, flush=True); time.sleep(600)"
    )
    with python("-c", script, stdout=subprocess.PIPE, cwd=tmp_path) as maker:
        there = [int(maker.stdout.readline())]
        assert alive(there) == there
        os.kill(maker.pid, signal.SIGKILL)
        until(lambda: not alive(there), "the process on the host to end")
