"""
The measuring process on a host of its own: python from_a_host.py SCHEDULER OWN_ADDRESS ITEMS ROUNDS

It says what each round came to, one line of JSON each: whether the results are right, how many items the instrument saw
of each host, and whether it had items of several hosts in hand at the same time.
"""

import json
import sys
from collections import Counter
from itertools import combinations

from paceline.server.process import running
from paceline.strategies.dask import Dask
from paceline.workloads import Fetch


def say(line):
    """Write it at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def said(instrument, right):
    """What the instrument saw since its last reset."""
    hosts, (spans, _) = instrument.hosts(), instrument.spans()
    items = [(hosts[span.connection], span.start, span.end) for span in spans]
    together = any(a[0] != b[0] and a[1] < b[2] and b[1] < a[2] for a, b in combinations(items, 2))
    return {"right": right, "items": Counter(host for host, *_ in items), "together": together}


if __name__ == "__main__":
    scheduler, own, items, rounds = sys.argv[1:]
    with running(spans=True, host=own) as instrument:
        work = Fetch(f"{instrument.url}/item/{{item}}?latency=0.05&size=100", 100, "raw")
        with Dask(work, 2, cluster=scheduler) as strategy:
            for _ in range(int(rounds)):
                say("begins")
                instrument.reset()
                results = strategy.map(range(int(items)))
                right = results == [work.expected(item) for item in range(int(items))]
                say(json.dumps(said(instrument, right)))
