"""The measuring process on a host of its own.

It is run as `python from_a_host.py SCHEDULER OWN_ADDRESS THERE WORKERS ITEMS ROUNDS HOSTS`, begins once THERE workers
are there, and reports what each round came to, one line of JSON each: whether the results are right, how many items the
instrument saw of each host, and from how many it had items in hand at the same time. It ends after ROUNDS, or once
those are HOSTS.
"""

import json
import sys

from apparatus.dask_on_hosts import items_by_host, wait_for_workers

from paceline.server.process import running
from paceline.strategies.dask import Dask
from paceline.workloads import Fetch


def report(line):
    """Write it at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    scheduler, own, *numbers = sys.argv[1:]
    there, workers, items, rounds, hosts = map(int, numbers)
    wait_for_workers(scheduler, there)
    with running(spans=True, host=own) as instrument:
        work = Fetch(f"{instrument.url}/item/{{item}}?latency=0.05&size=100", 100, "raw")
        with Dask(work, workers, cluster=scheduler) as strategy:
            for _ in range(rounds):
                report("begins")
                instrument.reset()
                results = strategy.map(range(items))
                came, together = items_by_host(instrument)
                right = results == [work.expected(item) for item in range(items)]
                report(json.dumps({"right": right, "items": came, "together": together}))
                if together == hosts:
                    break
