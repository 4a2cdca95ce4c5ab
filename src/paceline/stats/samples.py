"""
What one cell's rounds say: their middle and how far they scatter.
"""

import math
import statistics
from collections.abc import Sequence

NOISY_SPREAD = 0.10
"""
A cell is noisy when its interquartile range is over this fraction of its median: where the middle half of the rounds
lies a tenth apart, a difference of a few per cent between two cells says nothing.
"""

ROUNDS_TO_JUDGE = 3
"""With fewer rounds nobody can tell noise from a single odd round."""

_ROUNDS_TO_SPREAD = 2


def median(rounds: Sequence[float]) -> float:
    """
    Give the middle of `rounds`, the mean of the two middle ones if their number is even.

    Args:
        rounds: shape (n,), seconds, n at least 1.

    Raises:
        statistics.StatisticsError: there are no rounds.
    """
    return statistics.median(rounds)


def spread(rounds: Sequence[float]) -> float:
    """
    Give the interquartile range as a fraction of the median; NaN for a single round, which says nothing about it.

    Quartiles by linear interpolation between order statistics, the definition numbered 7 by Hyndman and Fan (NumPy's
    default, `method="inclusive"` in the standard library). pytest-benchmark's own `iqr` uses another definition, so
    it can differ from this figure for few rounds.

    Args:
        rounds: shape (n,), seconds, each above 0.

    Source: R. J. Hyndman and Y. Fan, Sample Quantiles in Statistical Packages, The American Statistician 50 (1996),
        361-365.
    """
    if len(rounds) < _ROUNDS_TO_SPREAD:
        return math.nan
    lower, _, upper = statistics.quantiles(rounds, n=4, method="inclusive")
    return (upper - lower) / median(rounds)


def is_noisy(rounds: Sequence[float]) -> bool:
    """
    Whether the rounds scatter over more than `NOISY_SPREAD` of their median.

    Below `ROUNDS_TO_JUDGE` rounds this is unknown. The answer is then no, which means *not shown to be noisy*: whoever
    prints it also prints how many rounds there were.

    Args:
        rounds: shape (n,), seconds, each above 0.
    """
    return len(rounds) >= ROUNDS_TO_JUDGE and spread(rounds) > NOISY_SPREAD
