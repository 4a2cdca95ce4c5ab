"""What `multiprocessing.Pool` does by itself: how many processes it starts, and how often it calls the initializer."""

import multiprocessing
import os
import tempfile
import time
from collections import Counter
from pathlib import Path

from apparatus import partners
from apparatus.partners import FORK
from paceline import machine

ITEM_SECONDS = 0.001  # long enough for every worker to get some


def default_size(affinity):
    """Start a pool without a number of processes.

    Args:
        affinity: "all CPUs" as it is, or "one CPU", to which this process is bound before.

    Returns:
        seconds: to start the pool.
        default_workers: its processes.
        cpus_online, cpus_usable, cpus_quota: what the system has, what this process may run on, and what its control
            groups allow it (None without a quota).
    """
    if affinity == "one CPU":
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with partners.in_time():
        begun = time.perf_counter()
        with FORK.Pool() as pool:
            seconds = time.perf_counter() - begun
            workers = len(multiprocessing.active_children())
            _end(pool)
    return {
        "seconds": [seconds],
        "default_workers": workers,
        "cpus_online": os.cpu_count(),
        "cpus_usable": len(os.sched_getaffinity(0)),
        "cpus_quota": min(machine.quotas(), default=None),
    }


def initializer_calls(workers, items, items_per_process):
    """Count the calls of a pool's initializer, which notes where it runs.

    Args:
        workers: processes of the pool.
        items: how many it does, one at a time.
        items_per_process: after which a process is replaced; None for never.

    Returns:
        seconds: for all items.
        workers_started: processes that the pool started, those in place of others too, counted where they are started.
        initializer_calls: as many as were noted; most_calls_in_one_process: by the same process.
    """
    started = []
    with tempfile.TemporaryDirectory() as folder, partners.in_time():
        log = Path(folder, "calls")
        with _counting(started).Pool(workers, note_process, [log], items_per_process) as pool:
            begun = time.perf_counter()
            pool.map(time.sleep, [ITEM_SECONDS] * items, chunksize=1)
            seconds = time.perf_counter() - begun
            _end(pool)
        calls = Counter(log.read_text().splitlines())
    return {
        "seconds": [seconds],
        "workers_started": len(started),
        "initializer_calls": calls.total(),
        "most_calls_in_one_process": max(calls.values()),
    }


def note_process(log):
    """The initializer: note in which process it is called; the pool gives each a name of its own."""
    with log.open("a") as lines:  # one short write: lines of several processes don't mix
        lines.write(multiprocessing.current_process().name + "\n")


def _counting(started):
    """A context whose processes are counted as they are started."""

    class Process(multiprocessing.context.ForkProcess):
        def start(self):
            super().start()
            started.append(self.name)

    class Context(multiprocessing.context.ForkContext):
        pass

    Context.Process = Process
    return Context()


def _end(pool):
    """Let the processes end by themselves; leaving the block would kill them."""
    pool.close()
    pool.join()
