"""What it takes to start workers, until the first is open, all are, and the first item is done; and to stop them."""

import os
import tempfile
import time
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path


class Noted:
    """A workload with nothing to do: each worker notes when it opens it, so that starting is all that is measured.

    Its module imports next to nothing, as every spawned worker would be charged for it.
    """

    def __init__(self, log):
        self.log = log

    def expected(self, item):
        return item

    @contextmanager
    def worker(self):
        self._note()
        yield self.expected

    @asynccontextmanager
    async def async_worker(self, _concurrency):
        self._note()
        yield self._at_once

    def opened(self):
        """When each worker opened it, in seconds on the machine's monotonic clock."""
        return [float(line) for line in Path(self.log).read_text().splitlines()]

    async def _at_once(self, item):
        return item

    def _note(self):
        log = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(log, b"%.9f\n" % time.monotonic())  # one short write: lines of several workers don't mix
        os.close(log)


def starts(strategy, workers):
    """Start a strategy twice, cold and warm: first and then again in this interpreter, which has imported it before.

    Returns:
        seconds: of the cold start, until all workers are ready.
        cold_first_seconds, cold_ready_seconds, cold_item_seconds: from the call until the first worker is open, until
            all are and the strategy is entered, until it has given the first item's result.
        warm_first_seconds, warm_ready_seconds, warm_item_seconds: the same for the second start.
        stop_seconds: after the cold start, until every worker is gone.
    """
    from paceline.strategies import STRATEGIES

    kind = next(known for known in STRATEGIES if known.name == strategy)
    cold, stop_seconds = _start(kind, workers)
    warm, _ = _start(kind, workers)
    named = {
        f"{name}_{part}_seconds": value for name, times in (("cold", cold), ("warm", warm)) for part, value in times
    }
    return {"seconds": [named["cold_ready_seconds"]], **named, "stop_seconds": stop_seconds}


def _start(kind, workers):
    """One start: the times of its parts, and what it takes to stop."""
    with tempfile.TemporaryDirectory() as folder:
        workload = Noted(os.path.join(folder, "opened"))  # noqa: PTH118 - it travels to the workers as plain text
        begun = time.monotonic()
        with kind(workload, workers) as started:
            ready = time.monotonic()
            results = started.map([0])
            done = time.monotonic()
            opened = workload.opened()
        stopped = time.monotonic()
    if results != [0]:
        raise ValueError(f"the first item came to {results}, not to [0]")
    if len(opened) != (started.sessions or started.workers):
        raise ValueError(f"{len(opened)} workers opened the workload, of {started.workers}")
    times = {"first": min(opened), "ready": ready, "item": done}
    return [(part, at - begun) for part, at in times.items()], stopped - done
