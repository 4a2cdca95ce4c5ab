"""What the spans of a round come to: who did what, when and where. Spans are of shape (n,), in any order."""

import math
import statistics
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import Protocol, TypeVar


class Traced(Protocol):
    """One item on one worker."""

    @property
    def item(self) -> int: ...  # its place in submission order, or any number that grows with it
    @property
    def worker(self) -> int: ...  # which, from 0
    @property
    def cpu_start(self) -> int | None: ...  # on which it began; None if unknown
    @property
    def cpu_end(self) -> int | None: ...  # on which it ended; None if unknown
    @property
    def start(self) -> float: ...  # seconds on a clock that all workers share
    @property
    def end(self) -> float: ...  # likewise, at or after the start


Span = TypeVar("Span", bound=Traced)


def in_item_order(spans: Iterable[Span]) -> list[Span]:
    """Sort spans as their items were submitted; equal items, as they began."""
    return sorted(spans, key=lambda span: (span.item, span.start))


def by_worker(spans: Iterable[Span]) -> dict[int, list[Span]]:
    """Sort spans by their start, and group them by worker, the lowest first; without those that did no item."""
    grouped: dict[int, list[Span]] = {}
    for span in sorted(spans, key=lambda span: (span.worker, span.start, span.end)):
        grouped.setdefault(span.worker, []).append(span)
    return grouped


def makespan(spans: Sequence[Traced]) -> float:
    """Return the seconds from the first item's start to the last one's end; NaN without items."""
    if not spans:
        return math.nan
    return max(span.end for span in spans) - min(span.start for span in spans)


def idle_shares(spans: Sequence[Traced], begin: float, end: float, workers: int | None = None) -> dict[int, float]:
    """Return the share of the time from `begin` to `end` in which each worker did no item.

    The spans of one worker don't overlap. `workers` were there, numbered from 0; None: those that did an item.

    Returns:
        Worker -> fraction from 0 to 1; NaN if no time passes.
    """
    own = by_worker(spans)
    return {
        worker: 1 - _busy(own.get(worker, ()), begin, end) / (end - begin) if end > begin else math.nan
        for worker in _numbers(own, workers)
    }


def most_in_flight(spans: Sequence[Traced]) -> int:
    """Count how many items were under way at once at most; one that begins the moment another ends doesn't meet it."""
    changes = sorted([(span.start, 1) for span in spans] + [(span.end, -1) for span in spans])
    under_way = most = 0
    for _, change in changes:
        under_way += change
        most = max(most, under_way)
    return most


def share_of_repeats_from_idle(spans: Sequence[Traced], workers: int | None = None) -> float:
    """Return how often a worker that ran two items next to each other in submission order had no choice.

    It is the share of those pairs in which no other one of `workers` (None: of those that did an item) was idle when
    the second item began: a fraction from 0 to 1; NaN if no worker ran two items in a row.
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
    """Go through a round once, and yield each span asked for with those of `every` worker idle at its start."""
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


def workers_in_item_order(spans: Sequence[Traced]) -> list[int]:
    """Return the worker of each item, in submission order, shape (n,)."""
    return [span.worker for span in in_item_order(spans)]


def run_lengths(workers: Sequence[int]) -> list[int]:
    """Count how many times in a row each number stands; the lengths, in order, add up to n."""
    return [sum(1 for _ in run) for _, run in groupby(workers)]


def expected_run(workers: int) -> float:
    """Return the mean length of runs, in items, if chance gave each item to any of `workers`; infinite for one worker.

    A run goes on with probability 1/n at each item, so its length is geometric with mean 1 / (1 - 1/n) = n / (n - 1);
    a round of N items cuts its last run short, which makes the mean smaller by a part in N or so.

    Source: W. Feller, "An Introduction to Probability Theory and Its Applications", volume I, 3rd edition, chapter
    XI.2 (the geometric distribution as a waiting time).
    """
    return workers / (workers - 1) if workers > 1 else math.inf


def inversions(spans: Sequence[Traced]) -> float:
    """Return the share of pairs of items under way together of which the one submitted later was done first.

    Two that end at the same moment keep their order. Pairs that never met are left out: they could not but end in the
    order in which they began. `disorder` counts them.

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
    """Return the share of all pairs of items in which the one submitted later was done first, whether they met or not.

    It is what is seen of the order when every item is printed as it is done: a fraction, NaN for fewer than two items.

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
    """Count the pairs under way together: all but those of which one began when the other was done, or after."""
    starts = sorted(span.start for span in spans)
    apart = sum(len(starts) - bisect_left(starts, span.end) for span in spans)
    # One that takes no time was counted as after itself, and two of them at one moment each as after the other.
    moments = Counter(span.end for span in spans if span.start == span.end)
    return math.comb(len(spans), 2) - apart + sum(math.comb(count + 1, 2) for count in moments.values())


class _Ends:
    """Counts the ends added so far that lie before a moment, in logarithmic time; it knows all that will be added.

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


def best_total(gains: Sequence[Sequence[int]]) -> int:
    """Return the largest sum of `gains`, shape (rows, columns), of which no two share a row or a column.

    Source: successive best augmenting paths, after R. Jewell, "Optimal Flow through Networks" (1958), and R. G.
    Busacker and P. J. Gowen (1960); the best assignment of k rows plus the best path for one more is the best of k + 1.
    """
    if not gains:
        return 0
    rows = gains if len(gains) <= len(gains[0]) else list(zip(*gains, strict=True))
    owners: dict[int, int] = {}  # column -> row
    for row in range(len(rows)):
        _take_in(row, rows, owners)
    return sum(rows[row][column] for column, row in owners.items())


def _take_in(row: int, gains: Sequence[Sequence[int]], owners: dict[int, int]) -> None:
    """Give one more row a column, moving others on where that gains most."""
    via, gain = _paths(gains[row], gains, owners)
    column = max((column for column in gain if column not in owners), key=gain.__getitem__)
    while (before := via[column]) is not None:
        owners[column] = owners[before]
        column = before
    owners[column] = row


def _paths(
    own: Sequence[int], gains: Sequence[Sequence[int]], owners: dict[int, int]
) -> tuple[dict[int, int | None], dict[int, int]]:
    """Find, for each column, what a new row gains at most that frees it in the end, and over which column that goes.

    Source: R. Bellman, "On a Routing Problem" (1958). It ends, as no cycle gains: the owners are the best ones so far.
    """
    gain = dict(enumerate(own))
    via: dict[int, int | None] = dict.fromkeys(gain)
    better = True
    while better:
        better = False
        for column, owner in owners.items():
            for other, so_far in gain.items():
                moved = gain[column] - gains[owner][column] + gains[owner][other]
                if moved > so_far:
                    gain[other], via[other], better = moved, column, True
    return via, gain


def cpus_per_worker(spans: Sequence[Traced]) -> dict[int, set[int]]:
    """Return the CPUs on which each worker was seen; one whose CPUs are unknown was seen on none."""
    return {
        worker: {cpu for span in own for cpu in (span.cpu_start, span.cpu_end) if cpu is not None}
        for worker, own in by_worker(spans).items()
    }


def migrations(spans: Sequence[Traced]) -> int | None:
    """Count how often a worker was seen to have changed its CPU: within an item, and from one item to its next.

    A move there and back between two looks is not seen, so this is the least number of moves; None if a CPU is unknown.
    """
    if not are_known(spans):
        return None
    within = sum(span.cpu_start != span.cpu_end for span in spans)
    return within + sum(
        before.cpu_end != after.cpu_start for own in by_worker(spans).values() for before, after in pairwise(own)
    )


def worker_is_cpu_share(spans: Sequence[Traced]) -> float:
    """Return the share of items that ran, from start to end, on the CPU their worker is named after.

    Each worker is named after one CPU and no two after the same, in the way that fits most items. It is NaN without
    items or if a CPU is unknown.
    """
    if not spans or not are_known(spans):
        return math.nan
    cpus = sorted({cpu for seen in cpus_per_worker(spans).values() for cpu in seen})
    gains = [[sum(_stayed_on(span, cpu) for span in own) for cpu in cpus] for own in by_worker(spans).values()]
    return best_total(gains) / len(spans)


def are_known(spans: Sequence[Traced]) -> bool:
    """Return whether every span says on which CPUs it began and ended."""
    return all(span.cpu_start is not None and span.cpu_end is not None for span in spans)


def _stayed_on(span: Traced, cpu: int) -> bool:
    return span.cpu_start == cpu == span.cpu_end


def figures(spans: Sequence[Traced], workers: int | None = None) -> dict[str, float | int]:
    """Reduce a round to its figures. One that can't be told is not among them: it is neither 0 nor NaN.

    `workers` says how many there were, as those that did no item leave no span; None: those that did one.

    Returns:
        idle_share: mean over the workers of the share of the makespan in which they did no item.
        longest_run, mean_run: of worker numbers in item order, items.
        expected_run: the mean run that chance would bring, items.
        repeats_from_idle_share: of an item's worker being that of the item before, where no other one was idle.
        inversion_share: of pairs under way together, where the later one was done first.
        disorder_share: of all pairs, where the later one was done first.
        most_in_flight: items.
        migrations: seen changes of a worker's CPU.
        cpus_per_worker: mean over the workers that did an item.
        worker_is_cpu_share: of items that ran on the CPU that their worker is best named after.
        makespan_seconds: from the first start to the last end.
    """
    if not spans:
        return {}
    begin, end = min(span.start for span in spans), max(span.end for span in spans)
    idle = idle_shares(spans, begin, end, workers)
    runs = run_lengths(workers_in_item_order(spans))
    known = {
        "idle_share": statistics.fmean(idle.values()),
        "longest_run": max(runs),
        "mean_run": statistics.fmean(runs),
        "expected_run": expected_run(len(idle)),
        "repeats_from_idle_share": share_of_repeats_from_idle(spans, workers),
        "inversion_share": inversions(spans),
        "disorder_share": disorder(spans),
        "most_in_flight": most_in_flight(spans),
        **_of_cpus(spans),
        "makespan_seconds": makespan(spans),
    }
    return {name: value for name, value in known.items() if math.isfinite(value)}


def _of_cpus(spans: Sequence[Traced]) -> dict[str, float | int]:
    if not are_known(spans):
        return {}
    return {
        "migrations": migrations(spans) or 0,
        "cpus_per_worker": statistics.fmean(map(len, cpus_per_worker(spans).values())),
        "worker_is_cpu_share": worker_is_cpu_share(spans),
    }
