"""Time for which threads of this process were ready to run but had no CPU: others had it, or a quota was used up.

It is neither computing nor waiting. Linux counts it for each thread that lives; what isn't counted looks like waiting.

Source: the kernel's Documentation/scheduler/sched-stats.rst, `/proc/<pid>/schedstat`.
"""

import os
from collections.abc import Mapping

TASKS = "/proc/self/task"
OWN = "/proc/thread-self/schedstat"


def own() -> float:
    """Return the seconds of the calling thread so far; 0 where the system doesn't count them."""
    return _seconds(OWN)


def of_threads() -> dict[str, float]:
    """Return the seconds of each thread so far, by its id."""
    tasks = os.listdir(TASKS) if os.path.isdir(TASKS) else []  # noqa: PTH112, PTH208 - pathlib takes longer than an item
    return {task: _seconds(f"{TASKS}/{task}/schedstat") for task in tasks}


def since(before: Mapping[str, float]) -> float:
    """Return the seconds since then of the thread that had most: threads are held up beside each other."""
    return max((now - before.get(task, 0.0) for task, now in of_threads().items()), default=0.0)


def _seconds(path: str) -> float:
    try:
        with open(path) as file:  # noqa: PTH123 - as above
            return int(file.read().split()[1]) * 1e-9
    except OSError:  # the thread has ended, or the system doesn't count
        return 0.0
