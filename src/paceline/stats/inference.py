"""Estimates, intervals and tests: Student's t, and signed ranks, which ask nothing of the noise but symmetry."""

import math
import statistics
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate, combinations_with_replacement, groupby
from statistics import median
from typing import Literal

from paceline.stats.samples import LEVEL

MOST_PROCESSES = 30
"""A figure that would need more processes than this lies too close to its margin."""

_TO_SPREAD = 2
_THE_SAME = 1e-12  # what remains of one and the same value after a division


@dataclass(frozen=True)
class Interval:
    """A mean, and where the true one lies; no ends where fewer than two values, or values without spread, can't say."""

    mean: float
    low: float | None
    high: float | None


def mean(values: Sequence[float], level: float = LEVEL) -> Interval:
    """Return the mean of `values` with Student's t interval, which holds for few values if they are roughly normal.

    Source: Student, The Probable Error of a Mean, Biometrika 6 (1908), 1-25: mean +- t(n - 1) * s / sqrt(n).
    """
    middle = statistics.fmean(values)
    half = _half_width(values, level)
    return Interval(middle, None, None) if half is None else Interval(middle, middle - half, middle + half)


def geometric_mean(values: Sequence[float], level: float = LEVEL) -> Interval:
    """Return the geometric mean of ratios or times, each above 0, with Student's t interval of their logarithms.

    Twice as fast and half as fast are equally far from 1, and the interval never reaches 0.

    Source: P. J. Fleming and J. J. Wallace, How Not to Lie with Statistics: the Correct Way to Summarize Benchmark
        Results, Communications of the ACM 29 (1986), 218-221, for the mean; Student's t interval of the logarithms.
    """
    logs = mean([math.log(value) for value in values], level)
    low, high = (None if end is None else exp(end) for end in (logs.low, logs.high))
    return Interval(math.exp(logs.mean), low, high)


def processes_to_tell(values: Sequence[float], margin: float, level: float = LEVEL) -> int | None:
    """Estimate how many processes would show on which side of `margin` the mean of `values` lies.

    Mean and spread staying as they are, it is the least n with t(n - 1) * s / sqrt(n) below the distance, in logarithms
    for a geometric mean; None where it would take more than `MOST_PROCESSES`, or nothing can.
    """
    if len(values) < _TO_SPREAD:
        return None
    distance = abs(statistics.fmean(values) - margin)
    spread = statistics.stdev(values)
    more = range(len(values) + 1, MOST_PROCESSES + 1)
    return next((n for n in more if t_quantile(n - 1, level) * spread / math.sqrt(n) < distance), None)


def _half_width(values: Sequence[float], level: float) -> float | None:
    if len(values) < _TO_SPREAD or math.isclose(min(values), max(values), rel_tol=_THE_SAME):
        return None
    return t_quantile(len(values) - 1, level) * statistics.stdev(values) / math.sqrt(len(values))


def t_quantile(degrees: float, level: float) -> float:
    """Return the two-sided quantile of Student's t."""
    from scipy.special import stdtrit  # the function behind scipy.stats.t.ppf, at a quarter of the import

    return float(stdtrit(degrees, (1 + level) / 2))


def exp(power: float) -> float:
    """Return e to a power, infinity where no float holds it."""
    try:
        return math.exp(power)
    except OverflowError:
        return math.inf


Alternative = Literal["two-sided", "greater", "less"]

_DIGITS = 12  # one and the same ratio of different times differs by rounding from here on, and has to tie


@dataclass(frozen=True)
class Effect:
    """What some pairs say of one cell, as natural logarithms of candidate / baseline: above 0 is slower.

    It is the Hodges-Lehmann estimate with an interval of a level; without ends where there are too few pairs for one.
    """

    estimate: float
    low: float | None
    high: float | None
    level: float
    pairs: int


def effect(log_ratios: Sequence[float], level: float) -> Effect:
    """Estimate the middle of `log_ratios` by the median of all averages of two of them, and its interval.

    The averages (Walsh averages) have each value with itself among them; the ends of the interval are two of them, as
    far from the extremes as the exact distribution of the signed-rank sum allows. There is one from the number n of
    pairs on with which 2^-n is at most (1 - level) / 2.

    Source: Hollander and Wolfe, (3.23) for the estimate, (3.27) to (3.30) for the interval.
    """
    averages = _walsh_averages(log_ratios)
    outside = _outside(len(log_ratios), level)
    return Effect(
        estimate=statistics.median(averages),
        low=averages[outside - 1] if outside else None,
        high=averages[-outside] if outside else None,
        level=level,
        pairs=len(log_ratios),
    )


def within(log_ratios: Sequence[float], limit: float, level: float) -> bool:
    """Return whether the interval of `effect` lies within `limit` either way, without making it.

    It does if fewer averages lie beyond either limit than the interval leaves out there, and those can be counted in n
    steps, while there are n (n + 1) / 2 of them.
    """
    outside = _outside(len(log_ratios), level)
    ordered = sorted(log_ratios)
    turned = [-value for value in reversed(ordered)]
    return _above(ordered, limit) < outside and _above(turned, limit) < outside


def middle(log_ratios: Sequence[float]) -> float:
    """Return the Hodges-Lehmann estimate alone."""
    return statistics.median(_walsh_averages(log_ratios))


def sign_flip(log_ratios: Sequence[float], alternative: Alternative = "two-sided") -> float:
    """Test whether the sides are equal: if they are, each pair's sign might as well be the other one.

    Among all ways to set the signs, p is the share of those whose sum of ranks is as extreme as the one seen, always
    exact. Zeros say nothing of a direction and are left out; p is 1.0 where there is nothing but zeros. The alternative
    "greater" asks for log ratios above 0 only, "less" for those below.

    Source: R. A. Fisher, The Design of Experiments, Oliver & Boyd 1935, section 21, for flipping the signs; Wilcoxon
        1945 for the statistic.
    """
    values = sorted((rounded for value in log_ratios if (rounded := round(value, _DIGITS))), key=abs)
    if not values:
        return 1.0
    ranks = _doubled_ranks(tuple(map(abs, values)))
    above = sum(rank for rank, value in zip(ranks, values, strict=True) if value > 0)
    below = sum(ranks) - above
    extreme = {"greater": below, "less": above, "two-sided": min(below, above)}[alternative]
    rarer: float = _no_larger(ranks)[extreme] / 2 ** len(values)
    return min(1.0, 2 * rarer) if alternative == "two-sided" else rarer


def _doubled_ranks(sizes: tuple[float, ...]) -> tuple[int, ...]:
    """Return twice the ranks of sorted sizes: equal ones share the mean of theirs, which may be half a number."""
    if len(set(sizes)) == len(sizes):
        return tuple(range(2, 2 * len(sizes) + 1, 2))
    ranks: list[int] = []
    for _, tied in groupby(sizes):
        count = len(list(tied))
        ranks += [2 * len(ranks) + count + 1] * count
    return tuple(ranks)


def _walsh_averages(values: Sequence[float]) -> list[float]:
    return sorted((one + other) / 2 for one, other in combinations_with_replacement(sorted(values), 2))


def _above(ordered: Sequence[float], limit: float) -> int:
    """Count the Walsh averages of sorted values above `limit`."""
    count, left, right = 0, 0, len(ordered) - 1
    while left <= right:
        if (ordered[left] + ordered[right]) / 2 > limit:
            count += right - left + 1  # so is the largest one's average with each of those between
            right -= 1
        else:
            left += 1
    return count


@cache
def _outside(n: int, level: float) -> int:
    """Count the sums of ranks, from the least one on, that together are rarer than one end may be missed."""
    return bisect_right(_no_larger(tuple(range(1, n + 1))), (1 - level) / 2 * 2**n)


@lru_cache(maxsize=256)
def _no_larger(ranks: tuple[int, ...]) -> list[int]:
    """Count the subsets of `ranks` by the largest sum they may have: shape (sum of them all + 1,)."""
    counts = [1]
    for rank in ranks:
        gap = [0] * rank
        counts = [one + other for one, other in zip([*counts, *gap], [*gap, *counts], strict=True)]
    return list(accumulate(counts))


LEAST_ROUNDS = 4
LEAST_GROWTH = 0.05
"""A smaller one is not worth a doubt: caches and clocks do as much."""

_ALPHA = 0.05  # over all cells


def growth(rounds: Sequence[Sequence[float]], cells: int = 1) -> float | None:
    """Return by what fraction rounds grow within a process, if they certainly do, by more than `LEAST_GROWTH`.

    Args:
        rounds: seconds, of one cell, for each process in the order taken; shape (processes, rounds of that process).
        cells: that are looked at together; the level is divided by their number.

    Returns:
        The Hodges-Lehmann estimate over processes of the median of the last third of the rounds over that of the first;
        None where an exact test can't tell it from chance. A process with less than `LEAST_ROUNDS` says nothing.
    """
    logs = [_from_first_to_last(each) for each in rounds if len(each) >= LEAST_ROUNDS]
    if not logs or sign_flip(logs, "greater") > _ALPHA / cells:
        return None
    grown = math.expm1(middle(logs))
    return grown if grown > LEAST_GROWTH else None


def _from_first_to_last(rounds: Sequence[float]) -> float:
    third = len(rounds) // 3
    return math.log(median(rounds[-third:]) / median(rounds[:third]))
