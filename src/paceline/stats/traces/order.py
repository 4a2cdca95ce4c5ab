"""In which order things happened."""

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from paceline.stats.traces.traced import Traced, in_item_order


def workers_in_item_order(spans: Sequence[Traced]) -> list[int]:
    """Return the worker of each item, in submission order, shape (n,)."""
    return [span.worker for span in in_item_order(spans)]


def run_lengths(workers: Sequence[int]) -> list[int]:
    """Count how many times in a row each number stands.

    Args:
        workers: in item order, shape (n,).

    Returns:
        Lengths of 1 or more, in order; their sum is n.
    """
    return [sum(1 for _ in run) for _, run in groupby(workers)]


def expected_run(workers: int) -> float:
    """Return the mean length of runs that chance would bring if each item went to any of `workers` with even odds.

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
    """Return the share of overtakings: of all pairs of items that were under way together for a while, those in which
    the one submitted later was done first. Two that end at the same moment keep their order.

    Pairs that never met are left out: they could not but end in the order in which they began. `disorder` counts them.

    Args:
        spans: shape (n,), in any order.

    Returns:
        Fraction from 0 to 1; NaN if no two items were under way together.

    Source: the inversions of a permutation, as in M. G. Kendall, "A New Measure of Rank Correlation", Biometrika 30
    (1938), counted over the pairs that could have changed places.
    """
    later = _Ends(spans)
    overtaken = 0
    for span in reversed(in_item_order(spans)):
        if span.start < span.end:
            overtaken += later.before(span.end) - later.until(span.start)
        later.add(span.end)
    together = _pairs_together(spans)
    return overtaken / together if together else math.nan


def disorder(spans: Sequence[Traced]) -> float:
    """Return the share of all pairs of items in which the one submitted later was done first, whether they met or not:
    what is seen of the order when every item is printed as it is done.

    Args:
        spans: shape (n,), in any order.

    Returns:
        Fraction from 0 to 1; NaN for fewer than two items.

    Source: M. G. Kendall, as for `inversions`; it is (1 - tau) / 2.
    """
    later = _Ends(spans)
    overtaken = 0
    for span in reversed(in_item_order(spans)):
        overtaken += later.before(span.end)
        later.add(span.end)
    pairs = math.comb(len(spans), 2)
    return overtaken / pairs if pairs else math.nan


def _pairs_together(spans: Sequence[Traced]) -> int:
    """Count the pairs that were under way together: all but those of which one began when the other was done, or
    after.
    """
    starts = sorted(span.start for span in spans)
    apart = sum(len(starts) - bisect_left(starts, span.end) for span in spans)
    # One that takes no time was counted as after itself, and two of them at one moment each as after the other.
    moments = Counter(span.end for span in spans if span.start == span.end)
    return math.comb(len(spans), 2) - apart + sum(math.comb(count + 1, 2) for count in moments.values())


class _Ends:
    """Counts those added so far that lie before a moment, in a time that grows as the logarithm of how many there are.

    Args:
        spans: all whose ends will be added.

    Source: P. M. Fenwick, "A New Data Structure for Cumulative Frequency Tables", Software: Practice and Experience 24
    (1994).
    """

    def __init__(self, spans: Sequence[Traced]) -> None:
        self._all = sorted({span.end for span in spans})
        self._tree = [0] * (len(self._all) + 1)

    def add(self, end: float) -> None:
        place = bisect_right(self._all, end)
        while place < len(self._tree):
            self._tree[place] += 1
            place += place & -place

    def before(self, moment: float) -> int:
        return self._first(bisect_left(self._all, moment))

    def until(self, moment: float) -> int:
        return self._first(bisect_right(self._all, moment))

    def _first(self, place: int) -> int:
        total = 0
        while place:
            total += self._tree[place]
            place -= place & -place
        return total
