"""One wake-up at a given time of the monotonic clock, as sharp as the system can."""

import asyncio
import os
from collections.abc import Callable
from math import ceil
from time import monotonic
from typing import Protocol

from paceline.server import timerfd


class Timer(Protocol):
    """Wakes somebody once. It may be early, so whoever is woken looks at the clock, and sets it anew."""

    def set(self, due: float | None) -> None:
        """Wake at `due`, seconds of the monotonic clock, in place of any earlier wish; None is never."""

    def close(self) -> None:
        """Wake nobody any more."""


class LoopTimer:
    """The event loop's own timer; uvloop's is off by up to a millisecond either way."""

    def __init__(self, loop: asyncio.AbstractEventLoop, wake: Callable[[], None]) -> None:
        self.loop = loop
        self.wake = wake
        self.handle: asyncio.TimerHandle | None = None

    def set(self, due: float | None) -> None:
        """Wake at `due`, or a tick of the loop's clock off."""
        if self.handle is not None:
            self.handle.cancel()
        self.handle = None if due is None else self.loop.call_later(max(0.0, due - monotonic()), self.wake)

    def close(self) -> None:
        """Wake nobody any more."""
        self.set(None)


class FileTimer:
    """Linux' timerfd, sharp to some microseconds. Setting it clears its readiness, so it is never read."""

    def __init__(self, loop: asyncio.AbstractEventLoop, wake: Callable[[], None]) -> None:
        self.loop = loop
        self.descriptor = timerfd.create()
        loop.add_reader(self.descriptor, wake)

    def set(self, due: float | None) -> None:
        """Wake at `due`, rounded up to a nanosecond."""
        timerfd.set_time(self.descriptor, 0 if due is None else ceil(due * timerfd.NANOSECONDS))

    def close(self) -> None:
        """Wake nobody any more."""
        self.loop.remove_reader(self.descriptor)
        os.close(self.descriptor)


def timer(loop: asyncio.AbstractEventLoop, wake: Callable[[], None]) -> Timer:
    """Return the sharpest timer that this system has."""
    try:
        return FileTimer(loop, wake)
    except (OSError, AttributeError):  # another system, or a sandbox that forbids it
        return LoopTimer(loop, wake)
