"""A process and all that descend from it: their CPU time, their memory, their end."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import NoReturn

import psutil

MEMORY_KIND = "PSS" if sys.platform == "linux" else "USS"
"""PSS shares out what several processes have in common; where the system has none, USS leaves it out."""

_GONE = (psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError)
_LOOK = 0.002  # seconds between two looks
_LAST_DUTY = 2.0  # seconds
_PATIENCE = 5.0  # seconds; SIGKILL takes effect when the system next gets round to the process


def members(pid: int) -> list[psutil.Process]:
    """Return the process and its descendants, as far as they are alive."""
    with suppress(*_GONE):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def workers_cpu_seconds(pid: int) -> float:
    """Sum up the CPU time that the descendants have used so far, in seconds; the process itself counts its own
    better.
    """
    return _summed(_cpu_seconds_of, members(pid)[1:])


def memory_bytes(pid: int) -> int:
    """Sum up the memory of a family, in bytes of `MEMORY_KIND`."""
    return int(_summed(_memory_of, members(pid)))


def wait_for_end(processes: Iterable[psutil.Process], timeout: float) -> None:
    """Wait until processes have ended, leaving their exit status to whoever waits for it."""
    deadline = time.monotonic() + timeout
    for process in processes:
        while _runs(process) and time.monotonic() < deadline:
            time.sleep(_LOOK)


def end(pid: int) -> None:
    """Kill a process that leads a session of its own, and all that descend from it; nobody is left when it returns.

    Must be called before the process has been waited for, or its number could be somebody else's by now. The trackers
    of multiprocessing end last and by themselves, once they have removed the semaphores that the others have left.
    """
    everybody = {process.pid: process for process in (*members(pid), *_group(pid))}
    trackers = [process for process in everybody.values() if _tracks(process)]
    others = [process for process in everybody.values() if process not in trackers]
    _kill(others)
    wait_for_end([process for process in others if process.pid != pid], _PATIENCE)
    wait_for_end(trackers, _LAST_DUTY)
    _kill(trackers)
    wait_for_end(trackers, _PATIENCE)


def end_tree(pid: int) -> None:
    """Kill a process and all that descend from it, whatever groups they are in; only this process itself is spared.

    They are stopped first, so that none of them starts another meanwhile.
    """
    everybody: list[psutil.Process] = []
    while more := [each for each in members(pid) if each not in everybody and each.pid != os.getpid()]:
        everybody += more
        for each in more:
            with suppress(*_GONE):
                each.suspend()
    _kill(everybody)
    wait_for_end(everybody, _PATIENCE)


def end_own() -> NoReturn:
    """Kill all of this process's own group but the trackers, and end it."""
    if os.getpgrp() == os.getpid():
        _kill(process for process in _group(os.getpid()) if process.pid != os.getpid() and not _tracks(process))
    os._exit(1)


def _group(number: int) -> Iterator[psutil.Process]:
    """Yield the processes of a group, among them those whose parents are gone."""
    for pid in psutil.pids():
        with suppress(*_GONE, PermissionError):
            if os.getpgid(pid) == number:
                yield psutil.Process(pid)


def _kill(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with suppress(*_GONE):
            process.kill()


def _tracks(process: psutil.Process) -> bool:
    """Whether it is the resource tracker of `multiprocessing`."""
    with suppress(*_GONE):
        return any("multiprocessing.resource_tracker" in word for word in process.cmdline())
    return False


def _runs(process: psutil.Process) -> bool:
    """Whether it has not ended; one that waits to be waited for has."""
    with suppress(*_GONE):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _summed(figure: Callable[[psutil.Process], float], family: Iterable[psutil.Process]) -> float:
    total = 0.0
    for process in family:
        with suppress(*_GONE):
            total += figure(process)
    return total


def _cpu_seconds_of(process: psutil.Process) -> float:
    """CPU seconds of a process and of its children that are gone.

    On Linux a process has a clock, exact to the nanosecond; the system's other figures come in ticks of 10 ms.
    """
    times = process.cpu_times()
    gone = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    if sys.platform == "linux":
        with suppress(OSError):
            return time.clock_gettime((~process.pid << 3) | 2) + gone  # CPUCLOCK_SCHED of linux/posix-timers.h
    return times.user + times.system + gone


def _memory_of(process: psutil.Process) -> float:
    whole = process.memory_full_info()
    return float(getattr(whole, "pss", whole.uss))
