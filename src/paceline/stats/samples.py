"""Plain figures of samples, and the limits that they are held against."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

LEVEL = 0.95
"""How often an interval holds the true value, unless another level is named."""

NOISY_SPREAD = 0.10
"""A cell is noisy when its interquartile range is over this fraction of its median: where the middle half of the rounds
lies a tenth apart, a difference of a few per cent between two cells says nothing.
"""

ROUNDS_TO_JUDGE = 3
"""With fewer rounds noise can't be told from a single odd round."""

LIKELY = 0.6
"""The level of an interval that leaves odd rounds out, one of five at each end, two of eight: little by itself."""

FAR = 0.2
"""The lead from which on an interval at `LIKELY` counts.

Even if noise alone moved every other round as far, half of them to either side, so many would be on one side in 3.1 %
of samples of three or five, in 12.5 % of samples of two, in less than 1 % of all others but single ones, of which
nothing is known.
"""

_ROUNDS_TO_SPREAD = 2


def median(rounds: Sequence[float]) -> float:
    """Return the middle of `rounds`, shape (n,), n at least 1; the mean of the two middle ones if n is even."""
    return statistics.median(rounds)


def spread(rounds: Sequence[float]) -> float:
    """Return the interquartile range as a fraction of the median; NaN for a single round, which says nothing about it.

    Quartiles by linear interpolation between order statistics, the definition numbered 7 by Hyndman and Fan (NumPy's
    default, `method="inclusive"` in the standard library). pytest-benchmark's own `iqr` uses another definition, so
    it can differ from this figure for few rounds.

    Source: R. J. Hyndman and Y. Fan, Sample Quantiles in Statistical Packages, The American Statistician 50 (1996),
        361-365.
    """
    if len(rounds) < _ROUNDS_TO_SPREAD:
        return math.nan
    lower, _, upper = statistics.quantiles(rounds, n=4, method="inclusive")
    return (upper - lower) / median(rounds)


@dataclass(frozen=True)
class Between:
    """Where the true median lies, in the unit of the rounds."""

    low: float
    high: float
    level: float  # how often an interval made this way holds the true median, a fraction


def median_interval(rounds: Sequence[float], level: float = LEVEL) -> Between:
    """Return the interval between two of the sorted rounds, as far from either end, that holds the true median at least
    that often; it assumes of their distribution only that the rounds are independent.

    Below six rounds no pair reaches 95 %: the least and the greatest come with their own level, 1 - 2 ** (1 - n).

    Source: W. R. Thompson, On Confidence Ranges for the Median and Other Expectation Distributions for Populations of
        Unknown Distribution Form, Annals of Mathematical Statistics 7 (1936), 122-128.
    """
    ranked, n = sorted(rounds), len(rounds)
    depth, holds = 0, _holds(n, 0)
    while (inner := _holds(n, depth + 1)) >= level:
        depth, holds = depth + 1, inner
    return Between(ranked[depth], ranked[n - 1 - depth], holds)


def _holds(n: int, depth: int) -> float:
    """Return how often the interval between the rounds at `depth` from both ends holds the median.

    It lies outside if at most `depth` of n fair coins fall on its side.
    """
    outside: int = sum(math.comb(n, k) for k in range(depth + 1))
    return max(0.0, 1 - outside / float(2 ** (n - 1)))


def is_noisy(rounds: Sequence[float]) -> bool:
    """Return whether rounds, each above 0 s, scatter over more than `NOISY_SPREAD` of their median.

    Below `ROUNDS_TO_JUDGE` rounds this is unknown. The answer is then no, which means *not shown to be noisy*: where it
    is printed, the number of rounds is printed too.
    """
    return len(rounds) >= ROUNDS_TO_JUDGE and spread(rounds) > NOISY_SPREAD


def waiting(latencies: Sequence[float], workers: int) -> float:
    """Return the limit of items that only wait, `workers` at a time.

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
    """Return the limit of work that takes one worker `cpu_seconds`, on usable `cpus`, which may be a fraction."""
    return cpu_seconds / min(workers, cpus)


def carrying(total_bytes: int, bandwidth: float | None) -> float:
    """Return the limit of moving bytes over a link of `bandwidth` bytes per second; 0 where there is no such link."""
    return total_bytes / bandwidth if bandwidth else 0.0


def efficiency(limit: float | None, median: float) -> float | None:
    """Return limit over median time, a fraction; None where there is no limit or it is 0."""
    return limit / median if limit else None


def overhead(limit: float | None, median: float, items: int) -> float | None:
    """Return the seconds per item that the strategy itself cost; None where there is no limit or no item."""
    return (median - limit) / items if limit is not None and items else None
