"""
What the workers did, taken in the workers: wraps any workload and leaves its functions as they are.
"""

import json
import os
import resource
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from paceline.contracts import Item, Result, Workload


@dataclass(frozen=True)
class Usage:
    """
    CPU seconds (user and system) and context switches (voluntary or not).
    """

    cpu_seconds: float = 0.0
    context_switches: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(self.cpu_seconds + other.cpu_seconds, self.context_switches + other.context_switches)

    def __sub__(self, other: "Usage") -> "Usage":
        return Usage(self.cpu_seconds - other.cpu_seconds, self.context_switches - other.context_switches)


def usage() -> Usage:
    """
    What this process has used so far, all its threads together.
    """
    now = resource.getrusage(resource.RUSAGE_SELF)
    return Usage(now.ru_utime + now.ru_stime, now.ru_nvcsw + now.ru_nivcsw)


@dataclass(frozen=True)
class Metered:
    """
    Has each worker process write down what it used between opening and closing the workload.

    Workers that live in the process that made this write nothing: that process counts them itself.

    Args:
        workload: the workload to run, unchanged.
        ledger: a file to which each worker process appends one line.
        home: id of the process that measures.
    """

    workload: Workload
    ledger: Path
    home: int

    def expected(self, item: Item) -> Result:
        """
        As the workload says.
        """
        return self.workload.expected(item)

    @contextmanager
    def worker(self) -> Iterator[Callable[[Item], Result]]:
        """
        Open the workload and hand out its own function.
        """
        with self.workload.worker() as run, self._writing_down():
            yield run

    @asynccontextmanager
    async def async_worker(self, concurrency: int) -> AsyncIterator[Callable[[Item], Awaitable[Result]]]:
        """
        Open the workload for a loop and hand out its own function.
        """
        async with self.workload.async_worker(concurrency) as run:
            with self._writing_down():
                yield run

    def used(self) -> Usage:
        """
        Add up what the worker processes wrote down; complete once they have ended.
        """
        lines = self.ledger.read_text().splitlines() if self.ledger.exists() else []
        return sum((Usage(**json.loads(line)) for line in lines), Usage())

    @contextmanager
    def _writing_down(self) -> Iterator[None]:
        before = usage()
        yield
        if os.getpid() != self.home:
            line = json.dumps(asdict(usage() - before)) + "\n"
            with self.ledger.open("a") as ledger:  # one short write: lines of several processes don't mix
                ledger.write(line)
