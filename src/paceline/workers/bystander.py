"""Something that wants to run every millisecond: when it was due, when it ran, and what kept it meanwhile."""

import math
import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

TICK = 0.001  # seconds from the end of one tick until the next is due
STALL = 0.003  # seconds; a tick that is later is a stall
TASKS = Path("/proc/self/task")  # the threads of this process
MOST_THREADS = 16  # that are looked at in each tick: some 2 us each

Cause: TypeAlias = Literal["blocked", "starved", "unknown"]


class Late(NamedTuple):
    """A tick: it was due, and it ran, seconds on `time.monotonic()`, one clock for all processes of a machine.

    `starved` is how long meanwhile its process lacked a CPU (see `StarvedClock`); NaN where the system doesn't say.
    """

    due: float
    ran: float
    starved: float = math.nan

    @property
    def seconds(self) -> float:
        return max(0.0, self.ran - self.due)  # timers may be early: uvloop's clock has whole milliseconds

    def within(self, begun: float, ended: float) -> "Late":
        """Return it without what lies outside of a span of time."""
        return self._replace(due=max(self.due, begun), ran=min(self.ran, ended))


class Bystander:
    """Notes its ticks. Whatever runs it calls `tick` at once, and again each time `TICK` seconds after the last call.

    How late a tick is depends on what wakes it, too: a thread's sleep ends some 0.1 ms late, and asyncio's loop rounds
    its waits up to whole milliseconds, uvloop to those of its own clock, so that there a good part of a millisecond is
    no delay of anybody's.
    """

    def __init__(self) -> None:
        self._ticks: list[Late] = []
        self._next = time.monotonic()
        self._over = False
        self._clock: StarvedClock | None = None

    def tick(self) -> None:
        """Note a tick, in the thread whose ticks they all are."""
        now = time.monotonic()
        if self._over:
            return
        if self._clock is None:
            self._clock = StarvedClock()
        self._note(now, self._clock)
        self._next = time.monotonic() + TICK

    def run(self, over: threading.Event) -> None:
        """Tick in this thread until `over` is set."""
        while not over.is_set():
            self.tick()
            time.sleep(TICK)
        self.tick()

    def cut(self) -> None:
        """End here what it is late by, if it is, and begin anew: between two rounds a loop rests."""
        now = time.monotonic()
        if self._next < now:
            self._note(now, self._clock)
            self._next = now

    def finish(self) -> list[Late]:
        """Return all ticks, the one that is still due as if it ran now; later ones no longer count."""
        self._over = True
        self.cut()
        if self._clock:
            self._clock.close()
        return self._ticks

    def _note(self, now: float, clock: "StarvedClock | None") -> None:
        self._ticks.append(Late(self._next, now, clock.lap() if clock else math.nan))


class StarvedClock:
    """How long threads of this process were runnable and not running, as the system's scheduler counts it.

    It looks at the thread that makes it, and at others: one that holds the GIL and gets no CPU starves whoever waits.
    """

    SIZE = 64  # bytes; a file holds three numbers of up to 20 digits

    def __init__(self) -> None:
        self._files: list[int] = []
        with suppress(ImportError, OSError, AttributeError):  # no Linux, or no C library to be had
            import ctypes  # here: what only knows ticks needs none

            # with the GIL held: letting it go for so short a call would make the bystander wait for it once more
            self._read = ctypes.PyDLL(None).pread
            self._read.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_long)
            self._read.restype = ctypes.c_ssize_t
            self._buffer = ctypes.create_string_buffer(self.SIZE)
            own = TASKS / str(threading.get_native_id())
            threads = [own, *(each for each in TASKS.iterdir() if each != own)]
            for thread in threads[:MOST_THREADS]:
                self._files.append(os.open(thread / "schedstat", os.O_RDONLY | os.O_CLOEXEC))
        self._before = [0.0, *map(self._seconds, self._files[1:])]  # a first tick that is late may be all that it did

    def lap(self) -> float:
        """Return the seconds since the last lap, its own thread's and those of the other with most of them together, as
        one starves while it waits for the other's GIL, or after that; NaN if the system counts none.
        """
        now = [*map(self._seconds, self._files)]
        own, *others = [seconds - before for seconds, before in zip(now, self._before, strict=False)] or [math.nan]
        self._before = now
        return own + max((lap for lap in others if lap >= 0), default=0.0)

    def close(self) -> None:
        while self._files:
            os.close(self._files.pop())

    def _seconds(self, file: int) -> float:
        size = self._read(file, self._buffer, self.SIZE, 0)
        ran, starved, _ = self._buffer.raw[:size].split() if size > 0 else (0, 0, 0)  # its thread has ended
        return int(starved) * 1e-9 if int(ran) else math.nan  # all are 0 where the system counts nothing


def cause(stall: Late, others: Sequence[Late]) -> Cause:
    """Tell what kept a bystander, for most of the time by which it was late.

    It was *starved* if it lacked a CPU: its thread was runnable and not running, or `others`, the ticks of one in a
    process of its own, which nothing but the machine can keep, were late at the same time. Else it was *blocked*, by
    whoever held the loop or the GIL; *unknown* where the system doesn't say.
    """
    shared = sum(max(0.0, min(stall.ran, other.ran) - max(stall.due, other.due)) for other in others)
    if max(shared, 0.0 if math.isnan(stall.starved) else stall.starved) > stall.seconds / 2:
        return "starved"
    return "unknown" if math.isnan(stall.starved) else "blocked"
