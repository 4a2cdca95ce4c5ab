"""The strategy ray on a cluster that was there before."""

import multiprocessing
import os
import signal
import socket
import sys
import threading

import pytest
from dask_hosts import other_paceline
from probes import ProbeError, Unopenable
from processes import alive, until
from ray_hosts import cluster, pull

from paceline import __version__
from paceline.strategies import WorkerDied
from paceline.strategies.clusters import OutOfReach, WorkersDiffer
from paceline.strategies.ray import Ray

pytestmark = pytest.mark.skipif(bool(Ray.unavailable()), reason=f"ray {Ray.unavailable()}")


@pytest.fixture(scope="module")
def there():
    """A head with two CPUs: whoever changes it puts it back."""
    with cluster(cpus=2) as started:
        yield started


@pytest.fixture(autouse=True)
def nobody_left():
    yield
    assert threading.active_count() == 1
    assert multiprocessing.active_children() == []


def pids(started):
    """The processes that do items."""
    return set(started.map([("pid",)] * 20))


def test_a_cluster_that_is_there_is_used_and_outlives_the_strategy(there, probe):
    with Ray(probe, 2, cluster=there.address) as started:
        assert len(pids(started)) == 2
        assert started.map(range(20)) == list(range(1, 21))
    opened = probe.lines("open")
    assert len(opened) == 2
    assert sorted(probe.lines("close")) == sorted(opened)
    until(lambda: not alive(pid for pid, _ in opened), "the workers to end")
    assert there.head.poll() is None


def test_what_a_killed_worker_had_arrives_once_and_right_and_another_takes_its_place(there, probe):
    with Ray(probe, 2, cluster=there.address, chunksize=3) as started:
        first, _ = pids(started)
        killer = threading.Timer(0.3, os.kill, (first, signal.SIGKILL))
        killer.start()
        assert started.map([("sleep", 0.05, number) for number in range(40)]) == list(range(40))
        killer.join()
        until(lambda: len(pids(started)) == 2, "another worker to be used")
        assert first not in pids(started)


def test_a_cluster_on_which_every_worker_is_killed_becomes_a_clear_error(there, probe):
    with pytest.raises(WorkerDied, match="SIGKILL.*no result"), Ray(probe, 1, cluster=there.address) as started:
        (only,) = pids(started)
        killer = threading.Timer(0.3, os.kill, (only, signal.SIGKILL))
        killer.start()
        try:
            started.map([("sleep", 0.05, None)] * 40)
        finally:
            killer.join()


def test_a_host_that_joins_is_used_and_may_be_lost_again(there, probe):
    with Ray(probe, 3, cluster=there.address) as started:
        before = pids(started)
        assert len(before) == 2
        host = there.host()
        until(lambda: len(pids(started)) == 3, "the host that joined to be used")
        puller = threading.Timer(0.3, pull, (host,))
        puller.start()
        assert started.map([("sleep", 0.05, number) for number in range(60)]) == list(range(60))
        puller.join()
        assert pids(started) == before


def test_an_error_in_an_item_surfaces_and_the_cluster_goes_on(there, probe):
    with Ray(probe, 1, cluster=there.address) as started:
        assert len(pids(started)) == 1, "no more workers are used than asked for"
        with pytest.raises(ProbeError, match="^cursed$"):
            started.map([0, ("fail", "cursed"), 2])
        assert started.map([1, 2]) == [2, 3]


def test_a_workload_that_cannot_be_opened_does_no_harm_to_the_cluster(there, probe, tmp_path):
    with pytest.raises(ProbeError, match="no session to be had"):
        Ray(Unopenable(tmp_path / "log"), 1, cluster=there.address).__enter__()
    with Ray(probe, 1, cluster=there.address) as started:
        assert started.map([1]) == [2]


def test_nobody_works_on_after_ctrl_c(there, probe):
    with pytest.raises(KeyboardInterrupt), Ray(probe, 2, cluster=there.address) as started:
        working = pids(started)
        interrupt = threading.Timer(0.3, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
        interrupt.start()
        started.map([("sleep", 60, None)] * 2)
    interrupt.join()
    until(lambda: not alive(working), "the workers to end")


def test_hosts_with_another_paceline_are_refused_when_they_join_and_before_the_first_round(there, probe, tmp_path):
    ours = f"Python {sys.version_info.major}.{sys.version_info.minor} and Paceline {__version__}"
    refused = pytest.raises(WorkersDiffer, match=rf"its worker \S+ has .*Paceline 0\.0\.1; here is {ours}")
    with Ray(probe, 3, cluster=there.address) as started:
        host = there.host(other_paceline(tmp_path, "0.0.1"))
        with refused:
            until(lambda: not started.map(range(3)), "the host that joined to be refused")
    opened = probe.lines("open")
    with refused:
        Ray(probe, 1, cluster=there.address).__enter__()
    assert probe.lines("open") == opened
    pull(host)
    until(lambda: fits(there, probe), "the cluster to forget the host")


def fits(there, probe):
    """Whether a strategy can use the cluster."""
    try:
        with Ray(probe, 1, cluster=there.address):
            return True
    except WorkersDiffer:
        return False


def test_a_cluster_of_another_ray_is_refused(there, probe, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text("import ray; ray.__version__ = '0.0.1'")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(WorkersDiffer, match=r"Version mismatch: .*Ray: 0\.0\.1"):
        Ray(probe, 1, cluster=there.address).__enter__()
    assert not probe.lines("open")


def test_an_address_where_nobody_listens_is_a_clear_error(probe):
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"ray://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(OutOfReach, match=f"no cluster at {address}: .*refused; start one"):
        Ray(probe, 1, cluster=address).__enter__()


def test_somebody_who_never_answers_is_a_clear_error(probe):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"ray://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(OutOfReach, match=f"no cluster at {address}: ray did not answer: .*; start one"):
            Ray(probe, 1, cluster=address).__enter__()


@pytest.mark.parametrize("address", ["", "host", "ray://host", "ray://host:x", "tcp://host:8786", 5])
def test_an_address_that_is_none_is_refused(probe, address):
    with pytest.raises(ValueError, match="ray: cluster must be an address such as ray://host:10001"):
        Ray(probe, 1, cluster=address)
