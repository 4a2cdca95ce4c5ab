"""What is known of each kind of workload: what describes its cells, and what the limit of its time is made of."""

from collections.abc import Sequence
from functools import singledispatch
from typing import Any
from urllib.parse import urlsplit

from paceline import machine
from paceline.contracts import Face, Item
from paceline.server.service import Service
from paceline.stats import limits
from paceline.workloads import Call, Carry, Compute, Fetch, Mixed

STEP_SECONDS = 1e-6  # of a computation, where it is slow
UNKNOWN_SECONDS = 1.0  # of an item of which nothing is known


@singledispatch
def described(workload: object, face: Face) -> dict[str, Any]:
    """Return what tells a workload's cells apart: client, kernel, steps, latency, size, share, function, item length;
    nothing of a foreign one.
    """
    del workload, face
    return {}


@described.register
def _(workload: Compute, face: Face) -> dict[str, Any]:
    del face
    return {"kernel": workload.kernel, "n": workload.n}


@described.register
def _(workload: Call, face: Face) -> dict[str, Any]:
    del face
    return {"function": workload.function}


@described.register
def _(workload: Carry, face: Face) -> dict[str, Any]:
    del face
    return {"size": workload.size, "item_cpu_seconds": workload.cpu_seconds, "steps": workload.steps}


@described.register
def _(workload: Fetch, face: Face) -> dict[str, Any]:
    return {"client": workload.client_for(face), "latency": _service(workload).latency, "size": workload.size}


@described.register
def _(workload: Mixed, face: Face) -> dict[str, Any]:
    figures = described(workload.fetch, face)
    whole = figures["latency"] + workload.cpu_seconds
    return {**figures, "share": workload.cpu_seconds / whole if whole else 0.0}


@singledispatch
def limit(
    workload: object, items: Sequence[Item], workers: int, cpu_seconds: float, bandwidth: float | None
) -> float | None:
    """Return the least time in which a workload could be done for all items, seconds.

    Args:
        workload: one that `described` knows; for any other there is no limit.
        items: shape (n,).
        workers: 1 or more.
        cpu_seconds: CPU time that one worker took to find the expected answers of all items.
        bandwidth: bytes per second of the instrument's link, or None.

    Returns:
        Seconds, or None where nothing known bounds it.
    """
    del workload, items, workers, cpu_seconds, bandwidth
    return None


@limit.register
def _(
    workload: Compute | Carry, items: Sequence[Item], workers: int, cpu_seconds: float, bandwidth: float | None
) -> float | None:
    del workload, items, bandwidth
    return limits.computing(cpu_seconds, workers, machine.usable_cpus())


@limit.register
def _(
    workload: Fetch, items: Sequence[Item], workers: int, cpu_seconds: float, bandwidth: float | None
) -> float | None:
    del cpu_seconds
    waits = limits.waiting(_waits(workload, items), workers)
    return max(waits, limits.carrying(workload.size * len(items), bandwidth))


@limit.register
def _(
    workload: Mixed, items: Sequence[Item], workers: int, cpu_seconds: float, bandwidth: float | None
) -> float | None:
    del cpu_seconds  # that of looking up the expected answers, which here are the download's
    whole = [wait + workload.cpu_seconds for wait in _waits(workload.fetch, items)]
    computing = limits.computing(workload.cpu_seconds * len(items), workers, machine.usable_cpus())
    carrying = limits.carrying(workload.fetch.size * len(items), bandwidth)
    return max(limits.waiting(whole, workers), computing, carrying)


@singledispatch
def cpu_seconds(workload: object) -> float:
    """Return the CPU time that one item may take, seconds: guessed high, for a time-out and never for a figure."""
    del workload
    return UNKNOWN_SECONDS


@cpu_seconds.register
def _(workload: Compute) -> float:
    return workload.n * STEP_SECONDS


@cpu_seconds.register
def _(workload: Carry) -> float:
    return workload.cpu_seconds


def _waits(workload: Fetch, items: Sequence[Item]) -> list[float]:
    service = _service(workload)
    return [service.seconds(item) for item in items]


def _service(workload: Fetch) -> Service:
    return Service.parse(urlsplit(workload.url).query)
