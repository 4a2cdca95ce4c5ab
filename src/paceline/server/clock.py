"""Waiting until a moment, and never less: a timer of the kernel where there is one."""

import asyncio
import ctypes
import os
import sys
import time
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import count
from math import ceil
from time import monotonic
from typing import Protocol

NANOSECONDS = 1_000_000_000

if sys.version_info >= (3, 13):

    def create() -> int:
        """Open a timer on the monotonic clock."""
        return os.timerfd_create(time.CLOCK_MONOTONIC, flags=os.TFD_NONBLOCK | os.TFD_CLOEXEC)

    def set_time(descriptor: int, nanoseconds: int) -> None:
        """Make the timer readable at a time of the monotonic clock, or never if that is 0."""
        os.timerfd_settime_ns(descriptor, flags=os.TFD_TIMER_ABSTIME, initial=nanoseconds)

else:
    TIMER_ABSTIME = 1

    LIBRARY = ctypes.CDLL(None, use_errno=True)
    SPEC = (ctypes.c_long * 4)()  # struct itimerspec: the interval and the time, each in seconds and nanoseconds
    POINTER = ctypes.byref(SPEC)

    def create() -> int:
        """Open a timer on the monotonic clock."""
        descriptor = int(LIBRARY.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC))
        if descriptor < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create failed")
        return descriptor

    def set_time(descriptor: int, nanoseconds: int) -> None:
        """Make the timer readable at a time of the monotonic clock, or never if that is 0."""
        SPEC[2], SPEC[3] = divmod(nanoseconds, NANOSECONDS)
        LIBRARY.timerfd_settime(descriptor, TIMER_ABSTIME, POINTER, None)


class LoopTimer:
    """The event loop's own timer; uvloop's is off by up to a millisecond either way."""

    def __init__(self, loop: asyncio.AbstractEventLoop, wake: Callable[[], None]) -> None:
        self.loop = loop
        self.wake = wake
        self.handle: asyncio.TimerHandle | None = None

    def set(self, due: float | None) -> None:
        """Wake at `due`, seconds of the monotonic clock, or a tick of the loop's off; never for None."""
        if self.handle is not None:
            self.handle.cancel()
        self.handle = None if due is None else self.loop.call_later(max(0.0, due - monotonic()), self.wake)

    def close(self) -> None:
        """Wake no more."""
        self.set(None)


class FileTimer:
    """Linux' timerfd, sharp to some microseconds. Setting it clears its readiness, so it is never read."""

    def __init__(self, loop: asyncio.AbstractEventLoop, wake: Callable[[], None]) -> None:
        self.loop = loop
        self.descriptor = create()
        loop.add_reader(self.descriptor, wake)

    def set(self, due: float | None) -> None:
        """Wake at `due`, seconds of the monotonic clock, rounded up to a nanosecond; never for None."""
        set_time(self.descriptor, 0 if due is None else ceil(due * NANOSECONDS))

    def close(self) -> None:
        """Wake no more."""
        self.loop.remove_reader(self.descriptor)
        os.close(self.descriptor)


def timer(loop: asyncio.AbstractEventLoop, wake: Callable[[], None]) -> FileTimer | LoopTimer:
    """Return the sharpest timer that this system has. It may wake early, so what is woken looks at the clock."""
    try:
        return FileTimer(loop, wake)
    except (OSError, AttributeError):  # another system, or a sandbox that forbids it
        return LoopTimer(loop, wake)


MANY = 1000


class Sleeper(Protocol):
    """Waits for a due time; `ring` is called once, when it has come and never before, if it is still `waiting`."""

    @property
    def waiting(self) -> bool: ...
    def ring(self) -> None: ...


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
        """Ring all that are due, then set the timer for the next one. A wake-up before the time rings none."""
        heap = self.heap
        now = monotonic()
        while heap and heap[0][0] <= now:
            heappop(heap)[2].ring()
        self.set_to = heap[0][0] if heap else None
        self.timer.set(self.set_to)

    def forget(self, sleepers: int) -> None:
        """Note that so many sleepers have stopped waiting, and sweep them out when they are half of all.

        Without the sweep, clients that ask for an hour of latency and leave would fill the memory.
        """
        self.forgotten += sleepers
        if self.forgotten > MANY and 2 * self.forgotten > len(self.heap):
            self.heap[:] = [entry for entry in self.heap if entry[2].waiting]
            heapify(self.heap)
            self.forgotten = 0
