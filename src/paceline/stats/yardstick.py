"""What a history's own variation from run to run says about the change from one of its runs to another.

All values are natural logarithms of times, so that a change is a difference, and twice as slow is as far from nothing
as twice as fast. SciPy is imported when it is needed, never before.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

LEVEL = 0.95
"""How often the interval of a change that is none holds 1."""

LEAST_RUNS = 5
"""With fewer runs the variation is a guess: its own 95 % interval would span a factor of ten and more."""

MOST_RUNS = 30
"""Older runs speak of an older machine; and one odd run must not blind the yardstick for ever."""

_LEAST_NOISE = 1e-3  # a tenth of a per cent: no machine repeats a run more closely, and nothing can be divided by 0
_TO_DEVIATION = 1.4826 / math.sqrt(2)  # of the median absolute difference of two normal values
_TO_BE_ODD = 3


@dataclass(frozen=True, kw_only=True)
class Yardstick:
    """How far runs of one cell lie apart that follow one another.

    Attributes:
        deviation: the standard deviation of one run, in logarithms: 0.02 for about two per cent.
        degrees: of freedom it rests on, above 0.
        runs: how many runs it was taken from.
    """

    deviation: float
    degrees: float
    runs: int


@dataclass(frozen=True, kw_only=True)
class Change:
    """The change of one cell from the baseline to a run.

    Attributes:
        ratio: run / baseline, above 0; 1.05 for five per cent slower.
        low: the lower end of its 95 % interval.
        high: the upper end.
        p: how often two runs of the same code differ as much, a fraction.
    """

    ratio: float
    low: float
    high: float
    p: float


def variation(logs: Sequence[float]) -> Yardstick | None:
    """Measure the variation from each run to the next, without the largest step of all. A step for good, in the code or
    in the machine, is one difference here, however many runs follow it; left out, a slow-down that stayed can't excuse
    itself. An odd run is two differences, and one of them counts.

    Args:
        logs: logarithms of one cell's medians, in the order of the runs, shape (n,).

    Returns:
        None for fewer than `LEAST_RUNS` runs, or for runs that do not vary at all: no machine repeats itself exactly.

    Source: J. von Neumann, R. H. Kent, H. R. Bellinson and B. I. Hart, The Mean Square Successive Difference, Annals of
        Mathematical Statistics 12 (1941), 153-162: the estimate sum(d^2) / (2 (n - 1)) and its variance
        sigma^4 (3 n - 4) / (n - 1)^2, whose degrees of freedom by Satterthwaite's rule are 2 (n - 1)^2 / (3 n - 4). The
        largest takes one of them with it, and `_largest` of the sum; both agree with 400,000 simulated histories of
        normal noise within 4 per cent for 5 to 30 runs.
    """
    number = len(logs)
    if number < LEAST_RUNS:
        return None
    *others, _ = sorted((after - before) ** 2 for before, after in pairwise(logs))
    deviation = math.sqrt(sum(others) / (2 * (number - 1 - _largest(number - 1))))
    if deviation <= 0:
        return None
    return Yardstick(deviation=deviation, degrees=2 * (number - 1) ** 2 / (3 * number - 4) - 1, runs=number)


def _largest(number: int) -> float:
    """Expect the largest of so many squares of standard normal values: the square that one in about so many exceeds."""
    return statistics.NormalDist().inv_cdf(1 - 0.3 / (number + 0.6)) ** 2


def change(baseline: float, run: float, yardstick: Yardstick) -> Change:
    """Measure a change with a yardstick: both ends are one run each, so their difference varies with sqrt(2)
    deviations.

    Args:
        baseline: the logarithm of its median.
        run: the same of the run that is judged.
        yardstick: of this cell.

    Source: G. J. Hahn and W. Q. Meeker, Statistical Intervals, Wiley 1991, chapter 4: the prediction interval for the
        difference of single future observations, with Student's t.
    """
    shift, error = run - baseline, standard_error(yardstick)
    half = _quantile(yardstick.degrees, (1 + LEVEL) / 2) * error
    p = 2 * _below(yardstick.degrees, -abs(shift) / error)
    return Change(ratio=_exp(shift), low=_exp(shift - half), high=_exp(shift + half), p=min(1.0, p))


def odd_share(logs: Sequence[float], shift: float) -> float:
    """Return the share of runs that were off by as much as `shift` alone, the runs on either side of them being
    elsewhere. Sizes are counted in noises, so that cells with more noise and with less can be put together.

    Args:
        logs: of an earlier history of one cell, shape (n,).
        shift: in noises, above 0; see `in_noises`.

    Returns:
        0 to 1; 0 for fewer than three runs, which can't show it.
    """
    if len(logs) < _TO_BE_ODD:
        return 0.0
    steps, unit = [after - before for before, after in pairwise(logs)], noise(logs)
    odd = sum(there * back < 0 and min(abs(there), abs(back)) >= shift * unit for there, back in pairwise(steps))
    return odd / (len(logs) - 2)


def in_noises(logs: Sequence[float], ratio: float) -> float:
    """Return the size of a change in units of one cell's noise."""
    return abs(math.log(ratio)) / noise(logs)


def noise(logs: Sequence[float]) -> float:
    """Estimate the deviation of one run from the median difference of neighbours, which neither steps nor odd runs
    move.

    Args:
        logs: shape (n,), n at least 2.
    """
    return max(_LEAST_NOISE, _TO_DEVIATION * statistics.median(abs(after - before) for before, after in pairwise(logs)))


def standard_error(yardstick: Yardstick) -> float:
    """Return the standard deviation of the difference between two runs of the same code, in logarithms."""
    return math.sqrt(2) * yardstick.deviation


def least_change(yardstick: Yardstick) -> float:
    """Return the least ratio above 1 that stands out from the variation, if this cell is judged alone."""
    return _exp(_quantile(yardstick.degrees, (1 + LEVEL) / 2) * standard_error(yardstick))


def _quantile(degrees: float, probability: float) -> float:
    from scipy.special import stdtrit  # the function behind scipy.stats.t.ppf, at a quarter of the import

    return float(stdtrit(degrees, probability))


def _below(degrees: float, t: float) -> float:
    from scipy.special import stdtr

    return float(stdtr(degrees, t))


def _exp(power: float) -> float:
    try:
        return math.exp(power)
    except OverflowError:
        return math.inf
