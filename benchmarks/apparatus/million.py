"""A round of very many items with nothing to do: its time, and how much memory it takes at its height."""

import os
import re
import resource
import time
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

WARM_UP = 100  # items of a round that goes before, so that no start is counted


class Same:
    """A workload whose items are done at once: each gives itself back."""

    def expected(self, item):
        return item

    @contextmanager
    def worker(self):
        yield self.expected

    @asynccontextmanager
    async def async_worker(self, _concurrency):
        yield self._at_once

    async def _at_once(self, item):
        return item


def measure_round(strategy, workers, items, fetch=None):
    """Do a round of `items` items, and watch the memory of this process and of all that descend from it.

    Args:
        strategy: its name.
        workers: items under way at once.
        items: how many.
        fetch: a `Fetch` to do in place of nothing.

    Returns:
        seconds: of the round.
        seconds_per_item: over all items.
        peak_bytes: what the processes held at their height, each at its own; more than they did at one time, if at all.
        grown_bytes: how much more that is than after the round that went before.
        memory_per_item: bytes of that, over all items; a result in its list alone takes some 40.
    """
    from paceline.strategies import STRATEGIES

    kind = next(known for known in STRATEGIES if known.name == strategy)
    workload = fetch or Same()
    with kind(workload, workers) as started:
        started.map(range(WARM_UP))
        before = _peaks()
        begun = time.perf_counter()
        results = started.map(range(items))
        seconds = time.perf_counter() - begun
        after = _peaks()
    if any(result != workload.expected(item) for item, result in enumerate(results)):
        raise ValueError("a result is lost, wrong, or in the wrong place")
    return {
        "seconds": [seconds],
        "seconds_per_item": seconds / items,
        "peak_bytes": after,
        "grown_bytes": after - before,
        "memory_per_item": (after - before) / items,
    }


def measure_downloads(strategy, workers, items, fetch):
    """Do a round of real downloads, and put beside it what `paceline predict` says of it.

    Returns:
        What `measure_round` does, and predicted_seconds, low_seconds and high_seconds: the prediction and its interval.
    """
    figures = measure_round(strategy, workers, items, fetch)
    from apparatus.prediction import predicted  # only now, as it brings NumPy's threads

    return {**figures, **predicted(strategy, fetch.client, workers, items, fetch.size)}


def _peaks():
    from paceline.child import processes  # only now, so that no forked worker shares it

    return sum(_peak(process.pid) for process in processes.members(os.getpid()))


def _peak(pid):
    """The most that a process ever held, bytes; where /proc doesn't tell, of this process alone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss if pid == os.getpid() else 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0
