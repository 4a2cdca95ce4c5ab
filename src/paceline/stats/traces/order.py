"""
In which order things happened.
"""

import math
from collections.abc import Sequence
from itertools import groupby

from paceline.stats.traces.traced import Traced, in_item_order


def workers_in_item_order(spans: Sequence[Traced]) -> list[int]:
    """
    Give the worker of each item, in submission order, shape (n,).
    """
    return [span.worker for span in in_item_order(spans)]


def run_lengths(workers: Sequence[int]) -> list[int]:
    """
    Count how many times in a row each number stands.

    Args:
        workers: in item order, shape (n,).

    Returns:
        Lengths of 1 or more, in order; their sum is n.
    """
    return [sum(1 for _ in run) for _, run in groupby(workers)]


def expected_run(workers: int) -> float:
    """
    Give the mean length of runs that chance would bring if each item went to any of `workers` with even odds.

    A run goes on with probability 1/n at each item, so its length is geometric with mean 1 / (1 - 1/n) = n / (n - 1);
    a round of N items cuts its last run short, which makes the mean smaller by a part in N or so.

    Args:
        workers: 1 or more.

    Returns:
        Items; infinite for one worker.

    Source: W. Feller, "An Introduction to Probability Theory and Its Applications", volume I, 3rd edition, chapter
    XI.2 (the geometric distribution as a waiting time).
    """
    return workers / (workers - 1) if workers > 1 else math.inf


def inversions(spans: Sequence[Traced]) -> float:
    """
    Give the share of overtakings: of all pairs of items that were under way together for a while, those in which the
    one submitted later was done first. Two that end at the same moment keep their order.

    Pairs that never met are left out: they could not but end in the order in which they began. `disorder` counts them.

    Args:
        spans: shape (n,), in any order.

    Returns:
        Fraction from 0 to 1; NaN if no two items were under way together.

    Source: the inversions of a permutation, as in M. G. Kendall, "A New Measure of Rank Correlation", Biometrika 30
    (1938), counted over the pairs that could have changed places.
    """
    ordered = in_item_order(spans)
    together = overtaken = 0
    for place, first in enumerate(ordered):
        for second in ordered[place + 1 :]:
            if first.start < second.end and second.start < first.end:
                together += 1
                overtaken += second.end < first.end
    return overtaken / together if together else math.nan


def disorder(spans: Sequence[Traced]) -> float:
    """
    Give the share of all pairs of items in which the one submitted later was done first, whether they met or not: what
    is seen of the order when every item is printed as it is done.

    Args:
        spans: shape (n,), in any order.

    Returns:
        Fraction from 0 to 1; NaN for fewer than two items.

    Source: M. G. Kendall, as for `inversions`; it is (1 - tau) / 2.
    """
    ends = [span.end for span in in_item_order(spans)]
    pairs = len(ends) * (len(ends) - 1) // 2
    overtaken = sum(second < first for place, first in enumerate(ends) for second in ends[place + 1 :])
    return overtaken / pairs if pairs else math.nan
