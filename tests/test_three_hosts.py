"""
A cluster of dask on hosts of our own: a scheduler, two with a worker, and the one that measures.
"""

import json
import os
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from namespaces import WHY_NOT, hosts
from processes import until

from paceline.strategies.dask import Dask

pytestmark = pytest.mark.skipif(
    bool(WHY_NOT or Dask.unavailable()), reason=str(WHY_NOT or f"dask {Dask.unavailable()}")
)

FROM_A_HOST = Path(__file__).with_name("from_a_host.py")
PORT = 8786
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join(sys.path),
    "DASK_LOGGING__DISTRIBUTED": "critical",
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "12s",  # of silence, then it counts as dead; dask takes no less
}


class Three:
    """The scheduler's host, those of two workers, and the one that measures."""

    def __init__(self, there, folder):
        self._scheduler, self.one, self.two, self._own = there
        self._folder = folder
        self.address = f"tcp://{self._scheduler.address}:{PORT}"

    @contextmanager
    def scheduler(self):
        """Start it, and wait until it listens."""
        written = self._folder / "scheduler.json"
        with self._dask("scheduler", self._scheduler, "--port", PORT, "--scheduler-file", written):
            until(written.exists, "the scheduler to listen")
            yield

    def worker(self, host):
        """Start one with one thread."""
        where = ("--local-directory", self._folder / host.address, "--nthreads", "1", "--no-nanny")
        return self._dask("worker", host, self.address, *where)

    @contextmanager
    def measuring(self, items, rounds):
        """A process that does so many rounds; what it says comes by `heard`."""
        arguments = (FROM_A_HOST, self.address, self._own.address, items, rounds)
        with self._own.python(*arguments, env=ENVIRONMENT, stdout=-1, stderr=-1) as process:
            watch = threading.Timer(180, process.kill)
            watch.start()
            try:
                yield process
            finally:
                watch.cancel()
                watch.join()

    def _dask(self, kind, host, *arguments):
        page = ("--no-dashboard", "--dashboard-address", f"{host.address}:0")
        command = ("-m", f"distributed.cli.dask_{kind}", "--host", host.address, *arguments, *page)
        return host.python(*command, env=ENVIRONMENT, stdout=-3, stderr=-3, cwd=self._folder)


def heard(process):
    """The next line it says."""
    line = process.stdout.readline()
    assert line, process.stderr.read()
    return line.strip() if line.startswith("begins") else json.loads(line)


@pytest.fixture
def three(tmp_path):
    with hosts(4) as there:
        three = Three(there, tmp_path)
        with three.scheduler():
            yield three


def test_items_come_from_two_hosts_at_once(three):
    with three.worker(three.one), three.worker(three.two), three.measuring(40, 4) as process:
        rounds = [heard(process) for _ in range(8)][1::2]
    assert all(each["right"] for each in rounds)
    assert set(rounds[-1]["items"]) == {three.one.address, three.two.address}
    assert rounds[-1]["together"]


def test_every_result_arrives_once_and_right_after_a_plug_is_pulled(three):
    with three.worker(three.one), three.worker(three.two), three.measuring(200, 1) as process:
        assert heard(process) == "begins"
        pulled = threading.Timer(1.5, three.two.unplug)
        pulled.start()
        came = heard(process)
        pulled.join()
    assert came["right"]
    assert came["items"][three.one.address] > 100


def test_a_host_that_joins_is_used(three):
    with three.worker(three.one), three.measuring(40, 12) as process:
        assert heard(process) == "begins"
        assert set(heard(process)["items"]) == {three.one.address}
        with three.worker(three.two):
            rounds = [heard(process) for _ in range(22)][1::2]
    assert all(each["right"] for each in rounds)
    assert set(rounds[-1]["items"]) == {three.one.address, three.two.address}
