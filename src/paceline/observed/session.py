"""One opening of a watched workload: what its worker, or the places of its loop, write into the log."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paceline.contracts import Item
from paceline.observed import cpu
from paceline.observed.log import opened_for_appending, write

LARGEST = 2**63  # beyond, an item is no number that anybody counts with, and its record could become long


class Session:
    """One opening, with its own way into the log."""

    def __init__(self, descriptor: int, places: int) -> None:
        self._descriptor = descriptor
        self._name = os.urandom(8).hex()  # differs in every process and interpreter, after a fork too
        self._cpu = cpu.finder()
        where = {"pid": os.getpid(), "thread": threading.get_native_id(), "at": time.monotonic()}
        write(descriptor, {"opened": self._name, "places": places, **where})

    def begin(self) -> tuple[int | None, float]:
        """Return CPU and time of an item's start."""
        return self._cpu(), time.monotonic()

    def end(self, item: Item, place: int, begun: tuple[int | None, float]) -> None:
        """Leave the item's span."""
        end, cpu_end = time.monotonic(), self._cpu()
        span = {
            "session": self._name,
            "place": place,
            "item": number(item),
            "pid": os.getpid(),
            "thread": threading.get_native_id(),
            "cpu_start": begun[0],
            "cpu_end": cpu_end,
            "start": begun[1],
            "end": end,
        }
        write(self._descriptor, span)


@contextmanager
def session(log: Path, places: int) -> Iterator[Session]:
    """Open the log, say that so many places are ready, and close it after."""
    descriptor = opened_for_appending(log)
    try:
        yield Session(descriptor, places)
    finally:
        os.close(descriptor)


def number(item: Item) -> int | None:
    """Return the number that stands for an item in its span; None for one that is no whole number."""
    whole = isinstance(item, int) and not isinstance(item, bool)
    return int(item) if whole and abs(item) < LARGEST else None
