"""A download and a computation: an item that waits for one part of its time and computes for the other."""

import time
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

from paceline.contracts import AWAITED, AsyncRun, EveryFlavour, Flavour, Item, Result, Run, adapted, open_workload
from paceline.workloads.compute import squares
from paceline.workloads.fetch import Answer, Fetch

STEP = 200  # squares between two looks at the clock: some 10 us, by which an item may take longer than it should


@dataclass(frozen=True)
class Mixed(EveryFlavour):
    """Fetch, then compute for a set CPU time with the GIL held.

    The time is counted on the worker's own thread, so it is the same however long that waits for a CPU or the GIL.

    Args:
        fetch: what comes first, and what the item's result is.
        cpu_seconds: CPU time of the computation.

    Raises:
        ValueError: if `cpu_seconds` is below 0.
    """

    fetch: Fetch
    cpu_seconds: float

    def __post_init__(self) -> None:
        if not self.cpu_seconds >= 0:
            raise ValueError(f"cpu_seconds must be 0 or more, not {self.cpu_seconds!r}")

    def expected(self, item: Item) -> Answer:
        """Return what the download comes to; the computation adds nothing to it."""
        return self.fetch.expected(item)

    def open(self, flavour: Flavour, concurrency: int) -> Any:
        """Open the download's session; the computation lets no other task and no other greenlet run."""
        one = _one_async if flavour in AWAITED else _one
        opening = open_workload(self.fetch, flavour, concurrency)
        return adapted(opening, flavour, lambda fetch: nullcontext(partial(one, fetch, self.cpu_seconds)))


def burn(cpu_seconds: float) -> None:
    """Use that much CPU time of this thread, holding the GIL as any Python code does."""
    end = time.thread_time() + cpu_seconds
    while time.thread_time() < end:
        squares(STEP)


def _one(fetch: Run, cpu_seconds: float, item: Item) -> Result:
    result = fetch(item)
    burn(cpu_seconds)
    return result


async def _one_async(fetch: AsyncRun, cpu_seconds: float, item: Item) -> Result:
    result = await fetch(item)
    burn(cpu_seconds)
    return result
