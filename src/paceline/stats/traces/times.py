"""Who was at work when."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from paceline.stats.traces.traced import Traced, by_worker, in_item_order


def items_per_worker(spans: Sequence[Traced]) -> dict[int, int]:
    """Count the items of each worker that did any.

    Args:
        spans: shape (n,), in any order.
    """
    return {worker: len(own) for worker, own in by_worker(spans).items()}


def makespan(spans: Sequence[Traced]) -> float:
    """Return the seconds from the first item's start to the last one's end; NaN without items.

    Args:
        spans: shape (n,), in any order.
    """
    if not spans:
        return math.nan
    return max(span.end for span in spans) - min(span.start for span in spans)


def idle_shares(spans: Sequence[Traced], begin: float, end: float, workers: int | None = None) -> dict[int, float]:
    """Return the share of the time from `begin` to `end` in which each worker did no item.

    Args:
        spans: shape (n,), in any order; those of one worker don't overlap.
        begin: seconds on the spans' clock.
        end: likewise.
        workers: how many there were, numbered from 0; one without an item is idle all the time. None: those that did
            an item.

    Returns:
        Worker -> fraction from 0 to 1; NaN if no time passes.
    """
    own = by_worker(spans)
    return {
        worker: 1 - _busy(own.get(worker, ()), begin, end) / (end - begin) if end > begin else math.nan
        for worker in _numbers(own, workers)
    }


def most_in_flight(spans: Sequence[Traced]) -> int:
    """Count how many items were under way at once at most; one that begins the moment another ends doesn't meet it.

    Args:
        spans: shape (n,), in any order.
    """
    changes = sorted([(span.start, 1) for span in spans] + [(span.end, -1) for span in spans])
    under_way = most = 0
    for _, change in changes:
        under_way += change
        most = max(most, under_way)
    return most


def share_of_repeats_from_idle(spans: Sequence[Traced], workers: int | None = None) -> float:
    """Of the pairs of items next to each other in submission order that the same worker ran, the share in which no
    other worker was idle when the second one began: there was nobody else to take it.

    Args:
        spans: shape (n,), in any order.
        workers: how many there were; None: those that did an item.

    Returns:
        Fraction from 0 to 1; NaN if no worker ran two items in a row.
    """
    every = set(_numbers(by_worker(spans), workers))
    repeats = [second for first, second in pairwise(in_item_order(spans)) if first.worker == second.worker]
    forced = sum(idle <= {second.worker} for second, idle in _idle_at_starts(repeats, spans, every))
    return forced / len(repeats) if repeats else math.nan


def _numbers(own: dict[int, list[Traced]], workers: int | None) -> Sequence[int]:
    return list(own) if workers is None else range(workers)


def _busy(own: Sequence[Traced], begin: float, end: float) -> float:
    return math.fsum(max(0.0, min(span.end, end) - max(span.start, begin)) for span in own)


def _idle_at_starts(
    asked: Sequence[Traced], spans: Sequence[Traced], every: set[int]
) -> Iterator[tuple[Traced, set[int]]]:
    """Go through a round once, and give with each span asked for those of `every` worker that were idle when it
    began.
    """
    own = [span for span in spans if span.worker in every]
    changes = sorted([(span.start, 1, span.worker) for span in own] + [(span.end, -1, span.worker) for span in own])
    idle, under_way, place = set(every), Counter[int](), 0
    for span in sorted(asked, key=lambda span: span.start):
        while place < len(changes) and changes[place][0] <= span.start:
            _, change, worker = changes[place]
            under_way[worker] += change
            (idle.discard if under_way[worker] > 0 else idle.add)(worker)
            place += 1
        yield span, idle
