"""How much a cell varies from run to run, and where it changed for good."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from paceline.stats.comparison import ALPHA, holm
from paceline.stats.inference import exp, t_quantile
from paceline.stats.samples import LEVEL

LEAST_VARIATION_RUNS = 5
"""With fewer runs the variation is a guess: its own 95 % interval would span a factor of ten and more."""

MOST_RUNS = 30
"""Older runs speak of an older machine; and one odd run must not hide changes for ever."""

_LEAST_NOISE = 1e-3  # a tenth of a per cent: no machine repeats a run more closely, and nothing can be divided by 0
_TO_DEVIATION = 1.4826 / math.sqrt(2)  # of the median absolute difference of two normal values
_TO_BE_ODD = 3


@dataclass(frozen=True, kw_only=True)
class RunVariation:
    """How far runs of one cell lie apart that follow one another."""

    deviation: float  # the standard deviation of one run, in logarithms: 0.02 for about two per cent
    degrees: float  # of freedom it rests on, above 0
    runs: int  # it was taken from


@dataclass(frozen=True, kw_only=True)
class Change:
    """The change of one cell from the baseline to a run."""

    ratio: float  # run / baseline, above 0; 1.05 for five per cent slower
    low: float  # the lower end of its 95 % interval
    high: float
    p: float  # how often two runs of the same code differ as much, a fraction


def run_variation(logs: Sequence[float]) -> RunVariation | None:
    """Measure the variation from each run to the next, without the largest step of all.

    A step for good, in the code or in the machine, is one difference here, however many runs follow it; left out, a
    slow-down that stayed can't excuse itself. An odd run is two differences, and one of them counts.

    Args:
        logs: logarithms of one cell's medians, in the order of the runs, shape (n,).

    Returns:
        None for too few runs, or for runs that do not vary at all: no machine repeats itself exactly.

    Source: J. von Neumann, R. H. Kent, H. R. Bellinson and B. I. Hart, The Mean Square Successive Difference, Annals of
        Mathematical Statistics 12 (1941), 153-162: the estimate sum(d^2) / (2 (n - 1)) and its variance
        sigma^4 (3 n - 4) / (n - 1)^2, whose degrees of freedom by Satterthwaite's rule are 2 (n - 1)^2 / (3 n - 4). The
        largest takes one of them with it, and `_largest` of the sum; both agree with 400,000 simulated histories of
        normal noise within 4 per cent for 5 to 30 runs.
    """
    number = len(logs)
    if number < LEAST_VARIATION_RUNS:
        return None
    *others, _ = sorted((after - before) ** 2 for before, after in pairwise(logs))
    deviation = math.sqrt(sum(others) / (2 * (number - 1 - _largest(number - 1))))
    if deviation <= 0:
        return None
    return RunVariation(deviation=deviation, degrees=2 * (number - 1) ** 2 / (3 * number - 4) - 1, runs=number)


def _largest(number: int) -> float:
    """Expect the largest of so many squares of standard normal values: the square that one in about so many exceeds."""
    return statistics.NormalDist().inv_cdf(1 - 0.3 / (number + 0.6)) ** 2


def change(baseline: float, run: float, variation: RunVariation) -> Change:
    """Hold a change between two medians, given as logarithms, against the cell's variation.

    Both ends are one run each, so their difference varies with sqrt(2) deviations.

    Source: G. J. Hahn and W. Q. Meeker, Statistical Intervals, Wiley 1991, chapter 4: the prediction interval for the
        difference of single future observations, with Student's t.
    """
    shift, error = run - baseline, standard_error(variation)
    half = t_quantile(variation.degrees, LEVEL) * error
    p = 2 * _below(variation.degrees, -abs(shift) / error)
    return Change(ratio=exp(shift), low=exp(shift - half), high=exp(shift + half), p=min(1.0, p))


def odd_share(logs: Sequence[float], shift: float) -> float:
    """Return the share of runs that were off by as much as `shift` alone, the runs on either side being elsewhere.

    Sizes are counted in noises (see `in_noises`), so that cells with more noise and with less can be put together. It
    is 0 for fewer than three runs, which can't show it.
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
    """Estimate the deviation of one run from the median difference of neighbours, at least two runs.

    Neither steps nor odd runs move it.
    """
    return max(_LEAST_NOISE, _TO_DEVIATION * statistics.median(abs(after - before) for before, after in pairwise(logs)))


def standard_error(variation: RunVariation) -> float:
    """Return the standard deviation of the difference between two runs of the same code, in logarithms."""
    return math.sqrt(2) * variation.deviation


def _below(degrees: float, t: float) -> float:
    from scipy.special import stdtr

    return float(stdtr(degrees, t))


LEAST_CHANGE_RUNS = 8
"""A history of fewer runs is not looked at."""

LEAST_SEGMENT = 3
"""Runs between two change points, at least: one or two odd runs are no new level."""

PENALTY = 3.0
"""What a change point costs, in units of the noise times log(n).

The tests alone are too kind to places that were chosen because they look like changes: of simulated histories of 50
cells and 30 runs without any change, 1.5 lets one in three report one, 2 one in seven, 3 fewer than one in twenty; 4
finds a step of three deviations after four runs no more.
"""

_Histories = Mapping[str, Sequence[float]]
_Places = Mapping[str, Sequence[int]]


@dataclass(frozen=True, kw_only=True)
class ChangePoint:
    """The place from which on one cell's runs lie elsewhere."""

    index: int  # of the first run that lies elsewhere
    ratio: float  # after / before, 1.05 for five per cent slower: the Hodges-Lehmann estimate
    low: float | None  # the lower end of its 95 % interval; None where the neighbours are too few for one
    high: float | None
    p: float  # of the test of the segments on either side, corrected over all cells


def change_points(histories: Mapping[str, Sequence[float]]) -> dict[str, list[ChangePoint]]:
    """Find where cells moved.

    ruptures proposes places for each; each is tested against its neighbours on either side, all cells together by
    Holm's rule, in which every cell counts at least once. Of those that fail, each cell's weakest is dropped and the
    rest tested again, until all that are left pass.

    Args:
        histories: a cell's name -> logarithms of its medians in the order of the runs; shorter than `LEAST_CHANGE_RUNS`
            they have no change point.
    """
    places = {name: candidates(values) for name, values in histories.items()}
    family = sum(max(1, len(found)) for found in places.values())
    p = _tested(histories, places, family)
    while failed := _weakest_failing(places, p):
        places = {name: [one for one in found if (name, one) not in failed] for name, found in places.items()}
        p = _tested(histories, places, family)
    return {
        name: [_change_point(histories[name], found, place, p[name, place]) for place in found]
        for name, found in places.items()
    }


def candidates(logs: Sequence[float]) -> list[int]:
    """Propose places: the division into segments with the least sum of absolute distances from each segment's median.

    A change point costs `PENALTY` noises. A single odd run moves no median, so it buys no segment of its own.

    Returns:
        Indices of the first run of each new segment, in order.

    Source: R. Killick, P. Fearnhead and I. A. Eckley, Optimal Detection of Changepoints with a Linear Computational
        Cost, JASA 107 (2012), 1590-1598 (PELT); C. Truong, L. Oudre and N. Vayatis, Selective Review of Offline Change
        Point Detection Methods, Signal Processing 167 (2020), 107299 (ruptures; the cost is its `l1`).
    """
    if len(logs) < LEAST_CHANGE_RUNS:
        return []
    import numpy as np
    import ruptures

    penalty = PENALTY * noise(logs) * math.log(len(logs))
    search = ruptures.Pelt(model="l1", min_size=LEAST_SEGMENT, jump=1).fit(np.asarray(logs, dtype=float).reshape(-1, 1))
    return [int(place) for place in search.predict(pen=penalty)[:-1]]  # the last is the end


def least_neighbours(cells: int) -> int:
    """Return how many runs on either side let the test see a change at all, however large, among so many cells.

    Source: of the C(2r, r) ways to part 2 r runs, two have the sides wholly apart: p = 2 / C(2r, r).
    """
    runs = LEAST_SEGMENT
    while 2 / math.comb(2 * runs, runs) * max(1, cells) > ALPHA:
        runs += 1
    return runs


def _tested(histories: _Histories, places: _Places, family: int) -> dict[tuple[str, int], float]:
    """Test each place, and correct for all of them; those of the family that are given up count as p = 1."""
    raw = {(name, at): _p(*_sides(histories[name], found, at)) for name, found in places.items() for at in found}
    whole = [*raw.values(), *[1.0] * (family - len(raw))]
    corrected = holm({str(index): p for index, p in enumerate(whole)})
    return dict(zip(raw, corrected.values(), strict=False))  # the given-up ones come last


def _weakest_failing(places: _Places, p: Mapping[tuple[str, int], float]) -> set[tuple[str, int]]:
    weakest = {max(((name, at) for at in found), key=p.__getitem__) for name, found in places.items() if found}
    return {one for one in weakest if p[one] > ALPHA}


def _sides(logs: Sequence[float], places: Sequence[int], place: int) -> tuple[Sequence[float], Sequence[float]]:
    """Return the segment before a place and the one after it."""
    ends = [0, *places, len(logs)]
    at = ends.index(place, 1)
    return logs[ends[at - 1] : place], logs[place : ends[at + 1]]


def _p(before: Sequence[float], after: Sequence[float]) -> float:
    """Test whether two segments lie at the same place, by ranks: how far an odd run lies off does not count.

    Source: H. B. Mann and D. R. Whitney, Annals of Mathematical Statistics 18 (1947), 50-60.
    """
    from scipy.stats import mannwhitneyu

    return float(mannwhitneyu(before, after, alternative="two-sided").pvalue)


def _change_point(logs: Sequence[float], places: Sequence[int], place: int, p: float) -> ChangePoint:
    before, after = _sides(logs, places, place)
    shift, low, high = shift_between(before, after)
    ends = [None if end is None else math.exp(end) for end in (low, high)]
    return ChangePoint(index=place, ratio=math.exp(shift), low=ends[0], high=ends[1], p=p)


def shift_between(before: Sequence[float], after: Sequence[float]) -> tuple[float, float | None, float | None]:
    """Estimate how far `after`, shape (n,), lies above `before`, shape (m,), with the 95 % interval of the rank test.

    Returns:
        The median of all m n differences, and those that lie as many places from either end as chance allows; None for
        these where m and n are too small for any.

    Source: J. L. Hodges and E. L. Lehmann, Estimates of Location Based on Rank Tests, Annals of Mathematical Statistics
        34 (1963), 598-611; L. E. Moses in M. Hollander and D. A. Wolfe, Nonparametric Statistical Methods, Wiley 1999,
        section 4.3, with the large-sample place m n / 2 - 1.96 sqrt(m n (m + n + 1) / 12).
    """
    apart = sorted(later - earlier for earlier in before for later in after)
    chance = statistics.NormalDist().inv_cdf(1 - ALPHA / 2)
    size = len(apart)
    off = math.floor(size / 2 - chance * math.sqrt(size * (len(before) + len(after) + 1) / 12))
    middle = statistics.median(apart)
    return (middle, None, None) if off < 1 else (middle, apart[off - 1], apart[-off])
