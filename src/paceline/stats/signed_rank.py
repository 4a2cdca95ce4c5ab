"""
Estimate, interval and test of log ratios by their signed ranks. Pure arithmetic; SciPy is imported when it is needed.

The ranks, not the values, decide: one burst of noise in one pair is no more than the largest rank, however large it is,
while a mean, and a test of it, would follow it anywhere.

Source: F. Wilcoxon, Individual Comparisons by Ranking Methods, Biometrics Bulletin 1 (1945), 80-83; J. L. Hodges and
    E. L. Lehmann, Estimates of Location Based on Rank Tests, Annals of Mathematical Statistics 34 (1963), 598-611;
    M. Hollander and D. A. Wolfe, Nonparametric Statistical Methods, 2nd ed., Wiley 1999, chapter 3.
"""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, combinations_with_replacement, takewhile
from typing import Literal

Alternative = Literal["two-sided", "greater", "less"]

LEVEL = 0.95
"""How often an interval made this way holds the true value, at least."""

_TO_SPREAD = 2
_DIGITS = 12  # one and the same ratio of different times differs by rounding from here on, and has to tie


@dataclass(frozen=True)
class Effect:
    """
    What some pairs say of one cell, as natural logarithms of candidate / baseline: above 0 is slower.

    Attributes:
        estimate: the Hodges-Lehmann estimate.
        low: the lower end of its interval; None where there are too few pairs for one.
        high: the upper end; None as `low`.
        spread: the standard deviation of the log ratios; None with fewer than two.
        pairs: how many it rests on.
    """

    estimate: float
    low: float | None
    high: float | None
    spread: float | None
    pairs: int


def effect(log_ratios: Sequence[float], level: float = LEVEL) -> Effect:
    """
    Estimate the middle of `log_ratios` by the median of all averages of two of them (Walsh averages, each value with
    itself among them), and its interval by two of those averages as far from the ends as the exact distribution of the
    signed-rank sum allows.

    Args:
        log_ratios: one for each pair, shape (n,), n at least 1; from n = 6 on there is an interval at 95 %.
        level: a fraction.

    Raises:
        statistics.StatisticsError: there are no values.

    Source: Hollander and Wolfe, (3.23) for the estimate, (3.27) to (3.30) for the interval.
    """
    n = len(log_ratios)
    averages = _walsh_averages(log_ratios)
    outside = _outside(n, level)
    return Effect(
        estimate=statistics.median(averages),
        low=averages[outside - 1] if outside else None,
        high=averages[-outside] if outside else None,
        spread=statistics.stdev(log_ratios) if n >= _TO_SPREAD else None,
        pairs=n,
    )


def middle(log_ratios: Sequence[float]) -> float:
    """
    Give the Hodges-Lehmann estimate alone.

    Raises:
        statistics.StatisticsError: there are no values.
    """
    return statistics.median(_walsh_averages(log_ratios))


def sign_flip(log_ratios: Sequence[float], alternative: Alternative = "two-sided") -> float:
    """
    Test whether the sides are equal: if they are, each pair's sign might as well be the other one. Among all ways to
    set the signs, p is the share of those whose sum of ranks is as extreme as the one seen.

    Args:
        log_ratios: one for each pair, shape (n,). Zeros say nothing of a direction and are left out.
        alternative: "greater" asks for log ratios above 0 only, "less" for those below.

    Returns:
        p, a fraction, always exact; 1.0 where there is nothing but zeros.

    Source: R. A. Fisher, The Design of Experiments, Oliver & Boyd 1935, section 21, for flipping the signs; Wilcoxon
        1945 for the statistic.
    """
    values = [rounded for rounded in (round(value, _DIGITS) for value in log_ratios) if rounded]
    if not values:
        return 1.0
    turned = [-value for value in values]
    if alternative == "two-sided":
        return min(1.0, 2 * min(_less(values), _less(turned)))
    return _less(values) if alternative == "less" else _less(turned)


def _less(values: Sequence[float]) -> float:
    """
    Give p for values below 0. Only this tail is ever asked for: SciPy takes the other one from 1, which loses digits.
    """
    from scipy.stats import wilcoxon

    if len({abs(value) for value in values}) < len(values):
        return _less_tied(values)
    return float(wilcoxon(values, alternative="less", method="exact").pvalue)


def _less_tied(values: Sequence[float]) -> float:
    """
    Give the same where sizes are equal, so share the mean of their ranks. SciPy's distribution does not hold there, and
    its resampling takes a second for 14 pairs.
    """
    from scipy.stats import rankdata

    doubled = [round(2 * rank) for rank in rankdata([abs(value) for value in values])]
    above = sum(rank for rank, value in zip(doubled, values, strict=True) if value > 0)
    return float(sum(_counts(doubled)[: above + 1]) / 2 ** len(values))


def _walsh_averages(values: Sequence[float]) -> list[float]:
    return sorted((one + other) / 2 for one, other in combinations_with_replacement(values, 2))


@cache
def _outside(n: int, level: float) -> int:
    """
    Count the sums of ranks, from the least one on, that together are rarer than one end of the interval may be missed.
    """
    ways = 2**n
    return sum(
        1 for _ in takewhile(lambda below: 2 * below <= (1 - level) * ways, accumulate(_counts(range(1, n + 1))))
    )


def _counts(ranks: Iterable[int]) -> list[int]:
    """
    Count the subsets of `ranks` by their sum: shape (sum of them all + 1,).
    """
    counts = [1]
    for rank in ranks:
        gap = [0] * rank
        counts = [one + other for one, other in zip([*counts, *gap], [*gap, *counts], strict=True)]
    return counts
