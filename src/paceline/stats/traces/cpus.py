"""On which CPU whose items ran. A trace in which any CPU is unknown gives no figure."""

import math
from collections.abc import Sequence
from itertools import pairwise

from paceline.stats.traces.assignment import best_total
from paceline.stats.traces.traced import Traced, by_worker


def cpus_per_worker(spans: Sequence[Traced]) -> dict[int, set[int]]:
    """Return the CPUs on which each worker was seen; one whose CPUs are unknown was seen on none.

    Args:
        spans: shape (n,), in any order.
    """
    return {
        worker: {cpu for span in own for cpu in (span.cpu_start, span.cpu_end) if cpu is not None}
        for worker, own in by_worker(spans).items()
    }


def migrations(spans: Sequence[Traced]) -> int | None:
    """Count how often a worker was seen to have changed its CPU: within an item, and from one item to its next.

    A move there and back between two looks is not seen, so this is the least number of moves.

    Args:
        spans: shape (n,), in any order.

    Returns:
        None if a CPU is unknown.
    """
    if not are_known(spans):
        return None
    within = sum(span.cpu_start != span.cpu_end for span in spans)
    return within + sum(
        before.cpu_end != after.cpu_start for own in by_worker(spans).values() for before, after in pairwise(own)
    )


def worker_is_cpu_share(spans: Sequence[Traced]) -> float:
    """Return the share of items that ran, from start to end, on the CPU their worker is named after: each worker after
    one CPU and no two after the same, in the way that fits most items.

    Args:
        spans: shape (n,), in any order.

    Returns:
        Fraction from 0 to 1; NaN without items or if a CPU is unknown.
    """
    if not spans or not are_known(spans):
        return math.nan
    cpus = sorted({cpu for seen in cpus_per_worker(spans).values() for cpu in seen})
    gains = [[sum(_stayed_on(span, cpu) for span in own) for cpu in cpus] for own in by_worker(spans).values()]
    return best_total(gains) / len(spans)


def are_known(spans: Sequence[Traced]) -> bool:
    """Whether every span says on which CPUs it began and ended."""
    return all(span.cpu_start is not None and span.cpu_end is not None for span in spans)


def _stayed_on(span: Traced, cpu: int) -> bool:
    return span.cpu_start == cpu == span.cpu_end
