"""
Whether one side of a comparison is slower than the other, from pairs measured together. Pure arithmetic.

A verdict takes two looks: what the first pairs suggest, pairs that had no part in suggesting it have to bear out. And
it takes size beside certainty: a change that is real but smaller than the tolerance is none.

The tolerance is a fraction, 0.03 for three per cent, and is meant as a factor, 1.03 in either direction, so that
swapping the sides swaps the verdict and changes nothing else.
"""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

from paceline.stats.signed_rank import LEVEL, Alternative, Effect, middle

Direction = Literal["slower", "faster"]
Verdict = Literal["slower", "faster", "same", "unknown"]

ALPHA = 0.05
"""How often at most one of a family of equal cells is rejected by chance; a verdict needs that twice."""

POWER = 0.8
"""How often the planned number of pairs is enough to tell that an unchanged cell is unchanged."""

LEAST_PAIRS = 6
"""With fewer there is no interval at 95 %."""

MOST_PAIRS = 1000
"""Nobody waits for more pairs than this."""

_EFFICIENCY = 3 / math.pi

TAIL: Mapping[Direction, Alternative] = {"slower": "greater", "faster": "less"}
"""What the test of the fresh pairs asks: they must show the same direction, not any."""


def log_ratio(baseline: Sequence[float], candidate: Sequence[float]) -> float:
    """
    Give the logarithm of candidate / baseline: the Hodges-Lehmann estimate over turns, in each of which both sides took
    one round, close together.

    The ratio of the two medians would lose that closeness: where the machine changes between a fast and a slow state,
    as one does whose other CPU is busy now and then, each side's median falls into one of the two by chance.

    Args:
        baseline: seconds, each above 0, shape (n,), n at least 1, in the order of the turns.
        candidate: the same for the other side, shape (n,).

    Raises:
        ValueError: the sides differ in their number of rounds, there are none, or one is not above 0.
    """
    if len(baseline) != len(candidate) or not baseline:
        raise ValueError(f"{len(baseline)} rounds and {len(candidate)} make no turns; both sides need as many")
    if min(*baseline, *candidate) <= 0:
        raise ValueError(f"a round of {min(*baseline, *candidate)} s has no ratio; rounds must be above 0 s")
    return _over_turns(tuple(baseline), tuple(candidate))


@lru_cache(maxsize=1 << 14)
def _over_turns(baseline: tuple[float, ...], candidate: tuple[float, ...]) -> float:
    # a difference, so that swapping the sides only turns the sign
    return middle([math.log(after) - math.log(before) for before, after in zip(baseline, candidate, strict=True)])


def holm(ps: Mapping[str, float]) -> dict[str, float]:
    """
    Correct the p of several tests, so that the chance of even one false rejection among them stays at most alpha.

    Args:
        ps: name -> p of its test.

    Returns:
        name -> the least alpha at which it is rejected, at most 1; in the order of `ps`.

    Source: S. Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics 6
        (1979), 65-70.
    """
    adjusted: dict[str, float] = {}
    highest = 0.0
    for place, name in enumerate(sorted(ps, key=ps.__getitem__)):
        highest = max(highest, min(1.0, (len(ps) - place) * ps[name]))
        adjusted[name] = highest
    return {name: adjusted[name] for name in ps}


def suspected(main: Effect, p: float, tolerance: float) -> Direction | None:
    """
    Say whether a cell needs fresh pairs: its test rejects equality, and the estimate exceeds the tolerance.

    Args:
        main: what the main phase says.
        p: of its two-sided test, corrected over all cells.
        tolerance: a fraction.
    """
    return beyond(main, tolerance) if p <= ALPHA else None


def beyond(found: Effect, tolerance: float) -> Direction | None:
    """
    Say on which side the estimate exceeds the tolerance, if it does.
    """
    if abs(found.estimate) <= math.log1p(tolerance):
        return None
    return "slower" if found.estimate > 0 else "faster"


def within(found: Effect, tolerance: float) -> bool:
    """
    Whether all of the interval lies within the tolerance; never without an interval.
    """
    limit = math.log1p(tolerance)
    return found.low is not None and found.high is not None and -limit <= found.low and found.high <= limit


def verdict(main: Effect, p: float, tolerance: float, fresh: Effect | None = None, fresh_p: float = 1.0) -> Verdict:
    """
    Decide for one cell.

    Args:
        main: what the main phase says.
        p: of its two-sided test, corrected over all cells.
        tolerance: a fraction.
        fresh: what fresh pairs say, if there are any.
        fresh_p: of their test for main's direction alone, corrected over the cells under suspicion.

    Returns:
        "slower" or "faster" if main and fresh pairs each reject equality and exceed the tolerance, the same way; "same"
        if the interval lies within the tolerance; else "unknown". Main and fresh pairs are never put together: whether
        there are fresh ones hangs on what main showed, so their sum would lean towards it.
    """
    direction = suspected(main, p, tolerance)
    if direction is None:
        return "same" if within(main, tolerance) else "unknown"
    return direction if fresh is not None and suspected(fresh, fresh_p, tolerance) == direction else "unknown"


def pairs_needed(spread: float, tolerance: float, level: float = LEVEL, power: float = POWER) -> int | None:
    """
    Plan how many pairs let the interval of an unchanged cell lie within the tolerance in about `power` of cases: the
    least n with (t(n - 1, (1 + level) / 2) + t(n - 1, (1 + power) / 2)) * spread / sqrt(n e) at most the tolerance, e
    being what ranks make of n pairs of Normal noise. It follows from the spread alone, never from the effect, so a
    look at a pilot for it biases nothing.

    Args:
        spread: standard deviation of the log ratios.
        tolerance: as a logarithm, above 0.
        level: of the interval, a fraction.
        power: a fraction.

    Returns:
        `LEAST_PAIRS` or more; None where it would take more than `MOST_PAIRS`.

    Source: S. A. Julious, Sample Sizes for Clinical Trials with Normal Data, Statistics in Medicine 23 (2004),
        1921-1986, equivalence with no true difference: the power counts both ends, as the interval may leave by either.
        For e: Hodges and Lehmann, The Efficiency of Some Nonparametric Competitors of the t-Test, Annals of
        Mathematical Statistics 27 (1956), 324-335.
    """
    from scipy.special import stdtrit

    def reach(n: int) -> float:
        quantiles = stdtrit(n - 1, (1 + level) / 2) + stdtrit(n - 1, (1 + power) / 2)
        return float(quantiles) * spread / math.sqrt(n * _EFFICIENCY)

    return next((n for n in range(LEAST_PAIRS, MOST_PAIRS + 1) if reach(n) <= tolerance), None)


def pairs_to_reject(tests: int) -> int:
    """
    Give the fewest pairs with which the two-sided test can reject at all: as all of n signs agree by chance in 2 of 2^n
    cases, and Holm's correction multiplies that by the number of tests.

    Args:
        tests: how many cells are tested together, at least 1.
    """
    return math.ceil(math.log2(2 * tests / ALPHA))
