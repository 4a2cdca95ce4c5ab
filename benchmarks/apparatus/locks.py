"""A counter that several workers count up at the same time, with and without its lock.

One update reads the counter, calls a function with what it read, and writes back what that gave: another worker may
write in between. All workers start at a barrier, so that they really meet.
"""

import queue
import threading
import time
from types import SimpleNamespace

from apparatus import partners
from apparatus.partners import FORK

WITH, WITHOUT, EACH = "with lock", "without lock", "each access locked"


def count(strategy, counter, lock, workers, updates):
    """Let `workers` processes or threads make `updates` updates each.

    Args:
        strategy: "processes" or "threads".
        counter: "Value" (shared memory), "attribute" (of an ordinary object, for threads), or "attribute += 1" (the
            same, without a call between read and write).
        lock: "with lock" holds it from read to write; "without lock" has none; "each access locked" is a Value as
            multiprocessing makes it, which locks each read and each write, and not the pair.

    Returns:
        seconds: from the first worker's start to the last one's end.
        updates: of all workers together.
        lost_updates: those that the counter doesn't show; lost_share: the same as a fraction.
        seconds_per_update: over all updates.
    """
    counted, guard = COUNTERS[counter, lock]()
    loop = _add if counter.endswith("+= 1") else _update
    together, barrier, times = TOGETHER[strategy](workers)

    def work(_place):
        barrier.wait(partners.TIMEOUT)
        begun = time.monotonic()
        loop(counted, guard, updates)
        times.put((begun, time.monotonic()))

    together(work, workers)
    begun, ended = zip(*(times.get() for _ in range(workers)), strict=True)
    seconds, made = max(ended) - min(begun), workers * updates
    return {
        "seconds": [seconds],
        "updates": made,
        "lost_updates": made - counted.value,
        "lost_share": (made - counted.value) / made,
        "seconds_per_update": seconds / made,
    }


def one_more(number):
    """A function's call between read and write: where real code computes."""
    return number + 1


def _update(counted, guard, updates):
    if guard is None:
        for _ in range(updates):
            counted.value = one_more(counted.value)
    else:
        for _ in range(updates):
            with guard:
                counted.value = one_more(counted.value)


def _add(counted, _guard, updates):
    for _ in range(updates):
        counted.value += 1


def _locked_value():
    value = FORK.Value("q", 0)
    return value, value.get_lock()


COUNTERS = {
    ("Value", WITH): _locked_value,
    ("Value", EACH): lambda: (FORK.Value("q", 0), None),
    ("Value", WITHOUT): lambda: (FORK.Value("q", 0, lock=False), None),
    ("attribute", WITH): lambda: (SimpleNamespace(value=0), threading.Lock()),
    ("attribute", WITHOUT): lambda: (SimpleNamespace(value=0), None),
    ("attribute += 1", WITHOUT): lambda: (SimpleNamespace(value=0), None),
}
"""Each gives something with a `value`, and the lock to hold for an update, if any."""

TOGETHER = {
    "processes": lambda workers: (partners.processes, FORK.Barrier(workers), FORK.SimpleQueue()),
    "threads": lambda workers: (partners.threads, threading.Barrier(workers), queue.SimpleQueue()),
}
"""Each gives a way to run workers at the same time, where they meet, and where they put their times."""
