"""Strategies on a cluster that was there before."""

import os
import signal
import socket
import sys
import threading

import pytest
from dask_hosts import cluster, other_paceline
from probes import Dying, ProbeError, Unopenable
from processes import alive, until

from paceline import __version__
from paceline.strategies import WorkerDied
from paceline.strategies.clusters import OutOfReach, WorkersDiffer
from paceline.strategies.dask import Dask, chosen
from paceline.strategies.dask_client import Client
from paceline.workloads.compute import Carry

pytestmark = pytest.mark.skipif(bool(Dask.unavailable()), reason=f"dask {Dask.unavailable()}")


@pytest.fixture
def there(tmp_path):
    (tmp_path / "cluster").mkdir()
    with cluster(tmp_path / "cluster") as started:
        yield started


@pytest.fixture(autouse=True)
def no_thread_left():
    yield
    until(lambda: threading.active_count() == 1, f"{threading.enumerate()} to end")


def test_a_cluster_that_is_there_is_used_and_outlives_the_strategy(there, probe):
    workers = [there.worker(), there.worker()]
    with Dask(probe, 2, cluster=there.address) as started:
        until(lambda: set(started.map([("pid",)] * 20)) == {each.pid for each in workers}, "both workers to be used")
        assert started.map(range(20)) == list(range(1, 21))
    assert sorted(probe.lines("close")) == sorted(probe.lines("open"))
    everybody = [there.scheduler.pid, *(each.pid for each in workers)]
    assert alive(everybody) == everybody


@pytest.mark.nightly
def test_no_more_workers_are_used_than_asked_for(there, probe):
    everybody = {there.worker().pid for _ in range(3)}
    with Dask(probe, 3, cluster=there.address) as started:
        until(lambda: set(started.map([("pid",)] * 20)) == everybody, "all to be there")
    with Dask(probe, 1, cluster=there.address) as started:
        assert len(set(started.map([("pid",)] * 20))) == 1


@pytest.mark.nightly
def test_a_worker_that_joins_later_is_used(there, probe):
    first = there.worker()
    with Dask(probe, 2, cluster=there.address) as started:
        assert set(started.map([("pid",)] * 10)) == {first.pid}
        second = there.worker()
        until(lambda: set(started.map([("pid",)] * 10)) == {first.pid, second.pid}, "the second one to be used")
    assert sorted(probe.lines("close")) == sorted(probe.lines("open"))


def test_what_a_lost_worker_had_arrives_once_and_right(there, probe):
    first, second = there.worker(), there.worker()
    with Dask(probe, 2, cluster=there.address) as started:
        until(lambda: len(set(started.map([("pid",)] * 10))) == 2, "both workers to be used")
        killer = threading.Timer(0.3, os.kill, (first.pid, signal.SIGKILL))
        killer.start()
        assert started.map([("sleep", 0.05, number) for number in range(40)]) == list(range(40))
        killer.join()
        assert set(started.map([("pid",)] * 5)) == {second.pid}


@pytest.mark.nightly
def test_a_cluster_that_has_lost_all_its_workers_becomes_a_clear_error(there, probe):
    only = there.worker()
    killer = threading.Timer(0.3, os.kill, (only.pid, signal.SIGKILL))
    with pytest.raises(WorkerDied, match="no worker is left"), Dask(probe, 1, cluster=there.address) as started:
        killer.start()
        started.map([("sleep", 0.05, None)] * 40)
    killer.join()


def test_a_scheduler_that_dies_becomes_a_clear_error(there, probe):
    there.worker()
    killer = threading.Timer(0.3, os.kill, (there.scheduler.pid, signal.SIGKILL))
    with pytest.raises(WorkerDied, match="no result"), Dask(probe, 1, cluster=there.address) as started:
        killer.start()
        started.map([("sleep", 0.05, None)] * 400)
    killer.join()


def test_a_client_that_gave_its_lost_scheduler_up_leaves_no_thread(there):
    client = Client(there.address)
    client.client._timeout = 0.1  # seconds until dask closes it, in place of some that closing may take here
    there.scheduler.kill()
    until(lambda: client.client.status == "closed", "dask to give up")
    client.close()


def test_a_worker_lost_while_it_opens_the_workload_becomes_a_clear_error(there, tmp_path):
    there.worker()
    with pytest.raises(WorkerDied, match=f"^{there.address} lost a worker, or itself, while the workload was opened$"):
        Dask(Dying(tmp_path / "log", "open"), 1, cluster=there.address).__enter__()


@pytest.mark.nightly
def test_workers_lost_while_they_close_the_workload_take_nothing_with_them(there, tmp_path):
    workers = [there.worker(), there.worker()]
    pids = {each.pid for each in workers}
    with Dask(Dying(tmp_path / "log", "close"), 2, cluster=there.address) as started:
        until(lambda: set(started.map([("pid",)] * 20)) == pids, "both workers to be used")
        assert started.map(range(20)) == list(range(1, 21))
    until(lambda: not alive(pids), "both to die")
    assert alive([there.scheduler.pid])


@pytest.mark.nightly
def test_a_scheduler_that_dies_before_leaving_becomes_a_clear_error(there, probe):
    there.worker()
    lost = f"^{there.address} lost a worker, or itself, while the workload was closed$"
    with pytest.raises(WorkerDied, match=lost), Dask(probe, 1, cluster=there.address) as started:
        assert started.map(range(5)) == list(range(1, 6))
        there.scheduler.kill()
        there.scheduler.wait()


def test_an_error_in_an_item_surfaces_and_the_cluster_goes_on(there, probe):
    there.worker()
    with Dask(probe, 1, cluster=there.address) as started:
        with pytest.raises(ProbeError, match="^cursed$"):
            started.map([0, ("fail", "cursed"), 2])
        assert started.map([1, 2]) == [2, 3]


@pytest.mark.nightly
def test_a_workload_that_cannot_be_opened_does_no_harm_to_the_cluster(there, probe, tmp_path):
    there.worker()
    with pytest.raises(ProbeError, match="no session to be had"):
        Dask(Unopenable(tmp_path / "log"), 1, cluster=there.address).__enter__()
    with Dask(probe, 1, cluster=there.address) as started:
        assert started.map([1]) == [2]


@pytest.mark.nightly
def test_workers_with_another_paceline_are_refused_before_the_first_round(there, probe, tmp_path):
    there.worker(other_paceline(tmp_path, "0.0.1"))
    ours = f"Python {sys.version_info.major}.{sys.version_info.minor} and Paceline {__version__}"
    with pytest.raises(WorkersDiffer, match=rf"its worker tcp://.* has .*Paceline 0\.0\.1; here is {ours}"):
        Dask(probe, 1, cluster=there.address).__enter__()
    assert not probe.lines("open")


def test_an_address_where_nobody_listens_is_a_clear_error(probe):
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(OutOfReach, match=f"no cluster at {address}: .*refused; start one"):
        Dask(probe, 1, cluster=address).__enter__()


@pytest.mark.nightly
def test_somebody_who_never_answers_is_a_clear_error(probe):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(
            OutOfReach, match=f"no cluster at {address}: no scheduler of dask answered within 5 s; start one"
        ):
            Dask(probe, 1, cluster=address).__enter__()


@pytest.mark.nightly
def test_a_scheduler_without_workers_is_a_clear_error(there, probe):
    with pytest.raises(OutOfReach, match="a scheduler is there, and no worker of it within 5 s"):
        Dask(probe, 1, cluster=there.address).__enter__()


@pytest.mark.parametrize("address", ["", "host", "tcp://host", "tcp://host:x", "ray://host:10001", 5])
def test_an_address_that_is_none_is_refused(probe, address):
    with pytest.raises(ValueError, match="dask: cluster must be an address such as tcp://host:8786"):
        Dask(probe, 1, cluster=address)


@pytest.mark.nightly
def test_items_of_many_bytes_leave_no_thread():
    work = Carry(0.0, 15_000_000, 0)
    items = work.items(2)
    with Dask(work, 1) as started:
        assert started.map(items) == [work.expected(item) for item in items]
    assert threading.active_count() == 1


def test_workers_are_chosen_from_each_host_in_turn():
    threads = dict.fromkeys(("tcp://one:1", "tcp://one:2", "tcp://two:1", "tcp://two:2"), 1)
    assert chosen(threads, 2) == ["tcp://one:1", "tcp://two:1"]
    assert chosen(threads, 9) == ["tcp://one:1", "tcp://two:1", "tcp://one:2", "tcp://two:2"]
    assert chosen({"tcp://one:1": 8, "tcp://two:1": 2}, 4) == ["tcp://two:1"]
