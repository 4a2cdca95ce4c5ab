"""Linux' timerfd, for Pythons with and without it."""

import ctypes
import os
import sys
import time

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

    class TimerSpec(ctypes.Structure):
        """The C library's `struct itimerspec`."""

        _fields_ = (
            ("interval_seconds", ctypes.c_long),
            ("interval_nanoseconds", ctypes.c_long),
            ("seconds", ctypes.c_long),
            ("nanoseconds", ctypes.c_long),
        )

    LIBRARY = ctypes.CDLL(None, use_errno=True)
    SPEC = TimerSpec()
    POINTER = ctypes.byref(SPEC)

    def create() -> int:
        """Open a timer on the monotonic clock."""
        descriptor = int(LIBRARY.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC))
        if descriptor < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create failed")
        return descriptor

    def set_time(descriptor: int, nanoseconds: int) -> None:
        """Make the timer readable at a time of the monotonic clock, or never if that is 0."""
        SPEC.seconds, SPEC.nanoseconds = divmod(nanoseconds, NANOSECONDS)
        LIBRARY.timerfd_settime(descriptor, TIMER_ABSTIME, POINTER, None)
