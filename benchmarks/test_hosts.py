"""What does a second host bring?

Question: how much faster does a cluster of dask download and compute with workers on two hosts than on one?
Setup:    hosts of our own on this machine, network namespaces joined by a switch: one for the scheduler, one or two
          with a worker, and one for the process that measures and the instrument. Downloads of 20 ms and 1 KiB with the
          raw client, 4 at a time on each host; computations of some 40 ms that hold the GIL, one at a time on each.
          Before each cell, an instrument sees that items come from every host at the same time.
Expect:   downloads take half the time, and computing comes close to that where a CPU is left for the second host: all
          hosts share those of this machine, and the scheduler and the measuring process need some of them too. What
          is left between the time and the limit is the way of each item through the scheduler and over the network.
"""

import pytest
from apparatus import dask_on_hosts
from apparatus.namespaces import WHY_NOT

from paceline.strategies.dask import Dask

HOSTS = [1, 2]
THREADS = 4  # of each host, for downloads

pytestmark = [
    pytest.mark.extended,
    pytest.mark.replicated(processes=1),
    pytest.mark.skipif(bool(WHY_NOT or Dask.unavailable()), reason=str(WHY_NOT or f"dask {Dask.unavailable()}")),
    pytest.mark.parametrize("strategy", ["dask"], indirect=True),
]


def with_threads(count):
    chosen = [pytest.param(hosts, hosts * count, id=f"hosts={hosts}-workers={hosts * count}") for hosts in HOSTS]
    return pytest.mark.parametrize(("hosts", "workers"), chosen, indirect=["workers"])


@pytest.fixture
def cluster(hosts, workers):
    with dask_on_hosts.running_on(hosts, workers // hosts) as proved:
        yield proved


@pytest.fixture
def instrument(cluster, serve):
    with serve(host=cluster.own) as server:
        yield server


@pytest.fixture
def computing(cluster, strategy, compute, items, workers):
    dask = strategy(compute, workers, cluster=cluster.address)
    return dask, dask_on_hosts.most_at_once(dask, items)


@with_threads(THREADS)
@pytest.mark.parametrize("client", ["raw"], indirect=True)
@pytest.mark.scale(items=64, latency=0.020)
def test_downloading_on_hosts(cluster, measure, timed, strategy, fetch, items, workers, hosts):
    dask = strategy(fetch, workers, cluster=cluster.address)
    cell = measure(dask, items, hosts=str(hosts), items_of_hosts=cluster.items_of_hosts)
    if timed:
        fewer = workers - workers // hosts
        assert cell.ledger["max_in_flight"] > fewer, f"{fewer} may be under way with one host less"


@with_threads(1)
@pytest.mark.parametrize("kernel", ["squares"], ids="kernel={}".format)
@pytest.mark.scale(items=16, n=800_000)
def test_computing_on_hosts(cluster, computing, measure, timed, items, hosts):
    dask, most = computing
    measure(dask, items, hosts=str(hosts), items_of_hosts=cluster.items_of_hosts, most_in_flight=most)
    if timed:
        assert most == hosts, "each host has one thread, so this is how many of them computed at the same time"
