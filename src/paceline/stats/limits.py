"""Limits: the least time in which work could be done. Pure arithmetic, seconds and bytes.

Source: the makespan bounds of parallel machine scheduling (R. L. Graham, "Bounds on multiprocessing timing anomalies",
1969): no schedule ends before its longest item does, nor before the mean load per worker is done.
"""

import math
from collections.abc import Sequence


def waiting(latencies: Sequence[float], workers: int) -> float:
    """The limit of items that only wait, `workers` at a time.

    Args:
        latencies: seconds each item waits, shape (n,).
        workers: 1 or more.

    Returns:
        Seconds: `ceil(n / workers) * latency` for equal items, which is exact; else the larger of the longest item and
        the mean load, which no schedule can beat but not every one can reach.
    """
    if not latencies:
        return 0.0
    longest = max(latencies)
    if min(latencies) == longest:
        return math.ceil(len(latencies) / workers) * longest
    return max(longest, math.fsum(latencies) / workers)


def computing(cpu_seconds: float, workers: int, cpus: float) -> float:
    """The limit of work that takes one worker `cpu_seconds`.

    Args:
        cpu_seconds: CPU time of one worker doing all items.
        workers: 1 or more.
        cpus: usable CPUs, which a quota may make a fraction.
    """
    return cpu_seconds / min(workers, cpus)


def carrying(total_bytes: int, bandwidth: float | None) -> float:
    """The limit of moving `total_bytes` over a link of `bandwidth` bytes per second; 0 where there is no such link."""
    return total_bytes / bandwidth if bandwidth else 0.0


def efficiency(limit: float | None, median: float) -> float | None:
    """Limit over median time, a fraction; None where there is no limit or it is 0."""
    return limit / median if limit else None


def overhead(limit: float | None, median: float, items: int) -> float | None:
    """Seconds per item that the strategy itself cost; None where there is no limit or no item."""
    return (median - limit) / items if limit is not None and items else None
