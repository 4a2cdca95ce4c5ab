"""How far a mean over a few processes can be trusted. Pure arithmetic; SciPy is imported when it is needed, never
before.

The replicate is the process, not the round: rounds of one process share its memory layout and its moment, so they say
little about the next process.

Source: A. Georges, D. Buytaert and L. Eeckhout, Statistically Rigorous Java Performance Evaluation, OOPSLA 2007;
    T. Kalibera and R. Jones, Rigorous Benchmarking in Reasonable Time, ISMM 2013.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

LEVEL = 0.95
"""How often an interval made this way holds the true mean."""

MOST_PROCESSES = 30
"""More processes than this nobody waits for: a figure that would need more lies too close to its margin to be told."""

_TO_SPREAD = 2
_THE_SAME = 1e-12  # what remains of one and the same value after a division


@dataclass(frozen=True)
class Interval:
    """A mean, and where the true one lies in `LEVEL` of all cases.

    Attributes:
        mean: of the values, in their unit.
        low: the lower end; None where fewer than two values, or values without any spread, can't say.
        high: the upper end; None as `low`.
    """

    mean: float
    low: float | None
    high: float | None


def mean(values: Sequence[float], level: float = LEVEL) -> Interval:
    """Return the mean of `values` with Student's t interval, which holds for few values if they are roughly normal.

    Args:
        values: one for each process, shape (n,), n at least 1.
        level: a fraction.

    Raises:
        statistics.StatisticsError: there are no values.

    Source: Student, The Probable Error of a Mean, Biometrika 6 (1908), 1-25: mean +- t(n - 1) * s / sqrt(n).
    """
    middle = statistics.fmean(values)
    half = _half_width(values, level)
    return Interval(middle, None, None) if half is None else Interval(middle, middle - half, middle + half)


def geometric_mean(values: Sequence[float], level: float = LEVEL) -> Interval:
    """Return the geometric mean of ratios or times with Student's t interval of their logarithms: twice as fast and
    half as fast are equally far from 1, and the interval never reaches 0.

    Args:
        values: one for each process, each above 0, shape (n,), n at least 1.
        level: a fraction.

    Raises:
        statistics.StatisticsError: there are no values.
        ValueError: a value is not above 0.

    Source: P. J. Fleming and J. J. Wallace, How Not to Lie with Statistics: the Correct Way to Summarize Benchmark
        Results, Communications of the ACM 29 (1986), 218-221, for the mean; Student's t interval of the logarithms.
    """
    logs = mean([math.log(value) for value in values], level)
    low, high = (None if end is None else _exp(end) for end in (logs.low, logs.high))
    return Interval(math.exp(logs.mean), low, high)


def processes_to_tell(values: Sequence[float], margin: float, level: float = LEVEL) -> int | None:
    """Estimate how many processes would show on which side of `margin` the mean of `values` lies, if mean and spread
    stay as they are: the least n with t(n - 1) * s / sqrt(n) below the distance.

    Args:
        values: one for each process, shape (n,); logarithms for a geometric mean, the margin too.
        margin: in the unit of `values`.
        level: a fraction.

    Returns:
        More than there are; None where it would take more than `MOST_PROCESSES`, or nobody can tell.
    """
    if len(values) < _TO_SPREAD:
        return None
    distance = abs(statistics.fmean(values) - margin)
    spread = statistics.stdev(values)
    more = range(len(values) + 1, MOST_PROCESSES + 1)
    return next((n for n in more if _quantile(n - 1, level) * spread / math.sqrt(n) < distance), None)


def _half_width(values: Sequence[float], level: float) -> float | None:
    if len(values) < _TO_SPREAD or math.isclose(min(values), max(values), rel_tol=_THE_SAME):
        return None
    return _quantile(len(values) - 1, level) * statistics.stdev(values) / math.sqrt(len(values))


def _quantile(degrees: int, level: float) -> float:
    """Return the two-sided quantile of Student's t."""
    from scipy.special import stdtrit  # the function behind scipy.stats.t.ppf, at a quarter of the import

    return float(stdtrit(degrees, (1 + level) / 2))


def _exp(power: float) -> float:
    try:
        return math.exp(power)
    except OverflowError:
        return math.inf
