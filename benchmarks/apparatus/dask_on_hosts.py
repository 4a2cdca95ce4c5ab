"""A cluster of dask on hosts of our own: a scheduler, workers, and the host that measures."""

import os
import sys
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from apparatus.namespaces import hosts
from paceline.child import processes
from paceline.measuring import passes
from paceline.measuring.rounds import NotAMeasurement
from paceline.server.process import running
from paceline.strategies.dask import Dask
from paceline.workloads import Fetch

PORT = 8786
WORKERS_TIMEOUT = 30.0  # seconds
ENVIRONMENT = {
    **os.environ,
    "DASK_LOGGING__DISTRIBUTED": "critical",
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",  # as in the cluster that the strategy starts by itself
}
ITEMS, LATENCY, SIZE = 8, 0.020, 100  # of each thread in a round that proves; seconds, bytes
ROUNDS = 50  # at most; dask needs one, or some where it is slow to see that a host is idle


class Cluster:
    """The hosts, and the scheduler's address; `scheduler` and `worker` start what runs on them.

    Args:
        there: the scheduler's host, those of the workers, and the one that measures.
        folder: for what dask writes.
        settings: further ones of dask's, as variables of the environment.
    """

    def __init__(self, there, folder, **settings):
        self.head, *self.workers, self.own = there
        self.address = f"tcp://{self.head.address}:{PORT}"
        self._folder, self._environment = folder, {**ENVIRONMENT, **settings}

    def scheduler(self):
        """Start it, as a context."""
        return self._dask("scheduler", self.head, "--port", PORT)

    def worker(self, host, threads=1):
        """Start one, as a context: a process that looks for the scheduler until it is there."""
        where = ("--local-directory", self._folder / host.address, "--nthreads", threads, "--no-nanny")
        return self._dask("worker", host, self.address, *where)

    def python(self, *arguments, **options):
        """Start a process on the host that measures, as a context."""
        return self.own.python(*arguments, env=self._with_path(), **options)

    def _dask(self, kind, host, *arguments):
        page = ("--no-dashboard", "--dashboard-address", f"{host.address}:0")
        command = ("-m", f"distributed.cli.dask_{kind}", "--host", host.address, *arguments, *page)
        return host.python(*command, env=self._with_path(), stdout=-3, stderr=-3, cwd=self._folder)

    def _with_path(self):
        return {**self._environment, "PYTHONPATH": os.pathsep.join(sys.path)}


@dataclass(frozen=True)
class Proved:
    """A running cluster that was seen to use all its hosts.

    Args:
        address: the scheduler's.
        own: address of the host that measures.
        items_of_hosts: how many items of a round came from each.
    """

    address: str
    own: str
    items_of_hosts: dict[str, int]


@contextmanager
def running_on(count, threads):
    """Run a cluster with workers on so many hosts of so many threads each, and be on the host that measures meanwhile.

    Raises:
        NotAMeasurement: if items did not come from all of them at the same time.
    """
    with hosts(count + 2) as there, folder() as own, ExitStack() as started:
        made = Cluster(there, own)
        for one in (made.scheduler(), *(made.worker(host, threads) for host in made.workers)):
            started.enter_context(one)
        started.enter_context(made.own.network.entered())
        addresses = [host.address for host in made.workers]
        items = processes.call("apparatus.dask_on_hosts:prove", made.address, made.own.address, addresses, threads)
        yield Proved(made.address, made.own.address, items)


def prove(scheduler, own, addresses, threads, rounds=ROUNDS):
    """Send items through all hosts to an instrument that records where each came from, and when.

    Args:
        scheduler: its address.
        own: address of this host.
        addresses: of the workers' hosts.
        threads: of each of them.
        rounds: at most.

    Returns:
        How many items of the last round came from each host.

    Raises:
        NotAMeasurement: if they come from others, or never from all of them at the same time.
    """
    wait_for_workers(scheduler, len(addresses))
    workers = threads * len(addresses)
    items = {}
    with running(spans=True, host=own) as instrument:
        work = Fetch(f"{instrument.url}/item/{{item}}?latency={LATENCY}&size={SIZE}", SIZE, "raw")
        with Dask(work, workers, cluster=scheduler) as strategy:
            for _ in range(rounds):
                instrument.reset()
                strategy.map(range(ITEMS * workers))
                items, most = items_by_host(instrument)
                if set(items) == set(addresses) and most == len(addresses):
                    return items
    raise NotAMeasurement(f"items came from {items}, and not from all of {addresses} at the same time")


def most_at_once(strategy, items):
    """Return how many items of a round were under way at once, in a pass of its own in a fresh process."""
    watch = "paceline.measuring.passes:figures_of"
    timeout = passes.cell_timeout(strategy.workload, items, passes=2)
    with folder() as own:
        figures = processes.call(watch, strategy, items, own / "spans", traced=False, timeout=timeout)
    return figures["most_in_flight"]


@contextmanager
def folder():
    """Open a folder that is removed at the end, whatever a killed process has left in it."""
    with TemporaryDirectory(prefix="paceline-hosts-", ignore_cleanup_errors=True) as path:
        yield Path(path)


def wait_for_workers(scheduler, count):
    """Wait until a cluster has so many workers.

    Raises:
        TimeoutError: if it has not in time.
    """
    from distributed import Client

    with Client(scheduler, timeout=WORKERS_TIMEOUT, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=WORKERS_TIMEOUT)


def items_by_host(instrument):
    """Return what an instrument with spans saw since its last reset.

    Returns:
        How many items came from each host, and from how many of them it had items in hand at the same time.
    """
    hosts_of, (spans, _) = instrument.hosts(), instrument.spans()
    items = [(hosts_of[span.connection], span.start, span.end) for span in spans]
    return dict(Counter(host for host, *_ in items)), max((_others(one, items) for one in items), default=0)


def _others(one, items):
    """Of how many hosts there are items that were in hand when this one came."""
    return len({host for host, start, end in items if start <= one[1] < end})
