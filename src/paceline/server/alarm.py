"""Many due times on one timer."""

import asyncio
from heapq import heapify, heappop, heappush
from itertools import count
from time import monotonic
from typing import Protocol

from paceline.server.timer import timer

MANY = 1000


class Sleeper(Protocol):
    """Somebody who waits for a due time."""

    @property
    def waiting(self) -> bool:
        """Tell whether ringing still means anything."""

    def ring(self) -> None:
        """Called once, when the time has come and never before."""


class Alarm:
    """Rings sleepers when they are due; the timer is set anew only when the earliest due time changes."""

    __slots__ = ("forgotten", "heap", "set_to", "tickets", "timer")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.timer = timer(loop, self.wake)
        self.heap: list[tuple[float, int, Sleeper]] = []
        self.tickets = count()  # keeps equal due times in order, and sleepers out of the comparison
        self.set_to: float | None = None
        self.forgotten = 0

    def at(self, due: float, sleeper: Sleeper) -> None:
        """Ring `sleeper` at `due`, seconds of the monotonic clock."""
        heappush(self.heap, (due, next(self.tickets), sleeper))
        if self.set_to is None or due < self.set_to:
            self.set_to = due
            self.timer.set(due)

    def wake(self) -> None:
        """Ring everybody who is due, then set the timer for the next one. A wake-up before the time rings nobody."""
        heap = self.heap
        now = monotonic()
        while heap and heap[0][0] <= now:
            heappop(heap)[2].ring()
        self.set_to = heap[0][0] if heap else None
        self.timer.set(self.set_to)

    def forget(self, sleepers: int) -> None:
        """Take note that so many sleepers have stopped waiting; when they are the half of all, sweep them out.

        Without the sweep, clients that ask for an hour of latency and leave would fill the memory.
        """
        self.forgotten += sleepers
        if self.forgotten > MANY and 2 * self.forgotten > len(self.heap):
            self.heap[:] = [entry for entry in self.heap if entry[2].waiting]
            heapify(self.heap)
            self.forgotten = 0
