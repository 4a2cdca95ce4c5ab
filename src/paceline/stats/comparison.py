"""When a comparison looks at its pairs, and what each look may spend of the two levels. Pure arithmetic.

A look that hangs on nothing but numbers fixed beforehand (pairs, cells, suspects) can't be chosen by what it shows.
What a test may reject by chance over all looks is their levels' sum, whatever the looks have in common (Bonferroni).
Boundaries from the joint distribution of the looks would gain little: signed ranks of few pairs are coarse, and the
level of one look is mostly used by the next.

Source: K. K. G. Lan and D. L. DeMets, Discrete Sequential Boundaries for Clinical Trials, Biometrika 70 (1983),
    659-663, for spending a level over looks; E. Slud and L. J. Wei, Two-Sample Repeated Significance Tests Based on
    the Modified Wilcoxon Statistic, Journal of the American Statistical Association 77 (1982), 862-868, for parts of
    it that are fixed beforehand, with ranks.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import NormalDist
from typing import Literal

from paceline.stats.inference import Alternative, Effect, middle, sign_flip, within

MAIN_LOOKS = (6, 9, 13, 19, 27, 38, 54, 76)
"""Main pairs at which a comparison looks: 6 are the fewest that can call a cell the same; each later look has some 1.4
times as many, so that no decision comes much more than that too late."""

REJECTION = 0.10
"""How often the main pairs put at least one of all unchanged cells under suspicion, at most; fresh pairs bear at least
one such suspicion out as often, so that both together happen in 1 % of comparisons."""

MISTAKEN = 0.05
"""How often a change at the tolerance's edge is called the same, at most."""

_MISSES = (1 / 64, 5 / 512, 88 / 8192, 0.005, 0.0035, 0.0025, 0.0015, 0.001367)
"""How `MISTAKEN` is spent over `MAIN`. Few pairs have few p, so the first looks get just what makes a difference: that
all of 6 lie within the tolerance, that one of 9 may lie a little outside, and one of 13 anywhere."""

_SHARE = 1 / 3  # of what is left; more would leave later looks nothing, less would keep a clear answer waiting
_LATER = (0, 4, 9, 15, 23)  # fresh pairs after the first look at them


@dataclass(frozen=True)
class Look:
    """One look at pairs."""

    pairs: int  # the first so many are looked at
    rejection: float  # the level, over all cells, at which equality is rejected; 0 where that is left to later looks
    miss: float  # how often an interval shown at this look misses the true value on one side

    @property
    def level(self) -> float:
        """Of an interval shown at this look, a fraction."""
        return 1 - 2 * self.miss


def main_looks(looks: Sequence[int], tests: int) -> tuple[Look, ...]:
    """Return the looks at increasing numbers of main pairs with their levels.

    `tests` cells are tested together, the canary among them; that is known before the first pair.
    """
    rejections = spent_levels(REJECTION, [tests * 2.0 ** (1 - pairs) for pairs in looks])
    misses = _MISSES if tuple(looks) == MAIN_LOOKS else spent_levels(MISTAKEN, [2.0**-pairs for pairs in looks])
    return tuple(Look(*each) for each in zip(looks, rejections, misses, strict=True))


def fresh_looks(suspects: int) -> tuple[int, ...]:
    """Return the numbers of fresh pairs at which to look, for at least one suspect to be borne out.

    The number of suspects is known before the first fresh pair; the first look is at the fewest pairs with which tests
    of all of them can reject.
    """
    first = next(pairs for pairs in range(1, 1000) if suspects * 2.0**-pairs <= REJECTION * _SHARE)
    return tuple(first + later for later in _LATER)


def confirming_looks(looks: Sequence[int], suspects: int) -> tuple[Look, ...]:
    """Return the looks at fresh pairs with their levels: of tests in one direction, over all suspects."""
    rejections = spent_levels(REJECTION, [suspects * 2.0**-pairs for pairs in looks])
    return tuple(Look(pairs, level, level / suspects) for pairs, level in zip(looks, rejections, strict=True))


def spent_levels(level: float, least: Sequence[float]) -> tuple[float, ...]:
    """Spend a level over looks: at each a third of what is left, at the last one all that is.

    `least` has the smallest p, corrected, that each look can have, since all of n signs agree by chance in 1 of 2^n
    cases; a look that can't decide with its third gets nothing.
    """
    levels: list[float] = []
    for possible in least[:-1]:
        share = (level - sum(levels)) * _SHARE
        levels.append(share if possible <= share else 0.0)
    return tuple([*levels, level - sum(levels)][: len(least)])


Direction = Literal["slower", "faster"]
Verdict = Literal["slower", "faster", "same", "unknown"]

ALPHA = 0.05
"""How often at most one of a family of equal cells of a history is rejected by chance."""

TAIL: Mapping[Direction, Alternative] = {"slower": "greater", "faster": "less"}
"""What the test of the fresh pairs asks: they must show the same direction, not any."""

_MOST_PAIRS = 1000  # more are never worth waiting for
_POWER = 0.8


def log_ratio(baseline: Sequence[float], candidate: Sequence[float]) -> float:
    """Return the logarithm of candidate / baseline: the Hodges-Lehmann estimate over turns.

    In each turn both sides took one round, close together. The ratio of the two medians would lose that closeness:
    where the machine changes between a fast and a slow state, as one does whose other CPU is busy now and then, each
    side's median falls into one of the two by chance.

    Args:
        baseline: seconds, each above 0, shape (n,), n at least 1, in the order of the turns.
        candidate: the same for the other side.

    Raises:
        ValueError: the sides differ in their number of rounds, there are none, or one is not above 0.
    """
    if len(baseline) != len(candidate) or not baseline:
        raise ValueError(f"{len(baseline)} rounds and {len(candidate)} make no turns; both sides need as many")
    if min(*baseline, *candidate) <= 0:
        raise ValueError(f"a round of {min(*baseline, *candidate)} s has no ratio; rounds must be above 0 s")
    return _over_turns(tuple(baseline), tuple(candidate))


@lru_cache(maxsize=1 << 17)  # every look asks for all pairs again: 500 cells of 76 pairs are 38,000
def _over_turns(baseline: tuple[float, ...], candidate: tuple[float, ...]) -> float:
    # a difference, so that swapping the sides only turns the sign
    return middle([math.log(after) - math.log(before) for before, after in zip(baseline, candidate, strict=True)])


def holm(ps: Mapping[str, float], tests: int | None = None) -> dict[str, float]:
    """Correct the p of several tests, so that the chance of even one false rejection among them stays at most alpha.

    Args:
        ps: name -> p of its test.
        tests: how many tests there are, if those that certainly don't reject are not among `ps`.

    Returns:
        The same names -> the least alpha at which each is rejected, at most 1.

    Source: S. Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics 6
        (1979), 65-70.
    """
    tests = len(ps) if tests is None else tests
    adjusted: dict[str, float] = {}
    highest = 0.0
    for place, name in enumerate(sorted(ps, key=ps.__getitem__)):
        highest = max(highest, min(1.0, (tests - place) * ps[name]))
        adjusted[name] = highest
    return {name: adjusted[name] for name in ps}


@dataclass(frozen=True)
class Finding:
    """What the looks at some pairs say of one cell.

    The verdict is "slower" or "faster" if equality is rejected and the estimate exceeds the tolerance, "same" if the
    interval lies within it; "unknown" as long as the cell is open. The first so many pairs were looked at, at the look
    that decided, else at the last one reached; before the first look all there are.
    """

    verdict: Verdict
    pairs: int
    level: float  # of the interval at that look
    p: float = 1.0  # of the test of equality there, or where it was rejected; corrected over all tests
    rejected: bool = False  # whether equality is


def follow(
    log_ratios: Mapping[str, Sequence[float]],
    looks: Sequence[Look],
    tests: int,
    tolerance: float,
    directions: Mapping[str, Direction] | None = None,
) -> dict[str, Finding]:
    """Decide for each cell at the looks that its pairs have reached.

    At each look those cells are tested together, by Holm's correction, whose equality is not rejected yet. One that is
    the same already stays among them as one that isn't rejected; one that was rejected does not. Up to the first false
    rejection only changed cells have left, so all unchanged ones are still counted, and it happens at a look of level
    alpha in at most alpha of cases; over all looks, in at most their levels' sum.

    Args:
        log_ratios: name -> one for each pair, in the order run.
        looks: at these pairs; fixed before the first pair, with levels for as many tests.
        tests: how many cells are tested together.
        tolerance: a fraction.
        directions: name -> what fresh pairs have to bear out; without it both directions are tested, and cells may be
            the same.

    Source: Y. Ye, A. Li, L. Liu and B. Yao, A Group Sequential Holm Procedure with Multiple Primary Endpoints,
        Statistics in Medicine 32 (2013), 1112-1124; beside its relatives in A. C. Tamhane et al., Group Sequential Holm
        and Hochberg Procedures, Statistics in Medicine 40 (2021), 5333-5350.
    """
    level = looks[0].level if looks else 1.0
    found = {name: Finding("unknown", len(each), level) for name, each in log_ratios.items()}
    for look in looks:
        here = {
            name: log_ratios[name][: look.pairs]
            for name, each in found.items()
            if each.verdict == "unknown" and len(log_ratios[name]) >= look.pairs
        }
        for name, each in _tested(here, found, look, tests, directions or {}).items():
            found[name] = replace(each, verdict=_verdict(here[name], each, tolerance, (directions or {}).get(name)))
    return found


def _tested(
    here: Mapping[str, Sequence[float]],
    found: Mapping[str, Finding],
    look: Look,
    tests: int,
    directions: Mapping[str, Direction],
) -> dict[str, Finding]:
    """Test at one look what is open there; what was rejected at an earlier one stays so."""
    tails: dict[str, Alternative] = {name: TAIL[direction] for name, direction in directions.items()}
    rejected = {name for name, each in found.items() if each.rejected}
    raw = {name: sign_flip(each, tails.get(name, "two-sided")) for name, each in here.items() if name not in rejected}
    ps = holm(raw, tests - len(rejected)) | {name: found[name].p for name in rejected}
    return {
        name: Finding("unknown", look.pairs, look.level, ps[name], name in rejected or ps[name] <= look.rejection)
        for name in here
    }


def _verdict(log_ratios: Sequence[float], found: Finding, tolerance: float, direction: Direction | None) -> Verdict:
    if found.rejected and (moved := beyond(middle(log_ratios), tolerance)):
        return moved if direction in (None, moved) else "unknown"
    same = direction is None and within(log_ratios, math.log1p(tolerance), found.level)
    return "same" if same else "unknown"


def beyond(estimate: float, tolerance: float) -> Direction | None:
    """Return on which side an estimate, a logarithm, exceeds the tolerance, if it does."""
    if abs(estimate) <= math.log1p(tolerance):
        return None
    return "slower" if estimate > 0 else "faster"


def needed(found: Effect, tolerance: float, tests: int) -> int | None:
    """Estimate how many pairs, with one look at all of them, would decide a cell that stays as it is.

    They have to be enough for the test to reject at all, and in about 80 % of cases for an interval that reaches from
    the estimate to the tolerance's edge, at most from 1. How much the pairs vary follows from the interval at hand, as
    in Normal noise, so that one far off counts for no more than its rank. It is advice to a reader and may look at the
    effect; the looks of a comparison must not.

    Returns:
        More pairs than there are; None for more than are worth waiting for.

    Source: S. A. Julious, Sample Sizes for Clinical Trials with Normal Data, Statistics in Medicine 23 (2004),
        1921-1986, equivalence.
    """
    if found.low is None or found.high is None:
        return max(pairs_to_reject(tests), found.pairs + 1)
    limit = math.log1p(tolerance)
    room = min(limit, abs(abs(found.estimate) - limit))
    quantile = NormalDist().inv_cdf
    deviation = (found.high - found.low) / 2 * math.sqrt(found.pairs) / quantile((1 + found.level) / 2)
    reach = (quantile(1 - MISTAKEN) + quantile((1 + _POWER) / 2)) * deviation
    if reach > room * math.sqrt(_MOST_PAIRS):
        return None
    return max(math.ceil((reach / room) ** 2) if reach else 0, found.pairs + 1, pairs_to_reject(tests))


def pairs_to_reject(tests: int) -> int:
    """Return the fewest pairs with which one look at all of them can reject, `tests` cells being tested together.

    All of n signs agree by chance in 2 of 2^n cases, and Holm's correction multiplies that by the number of tests.
    """
    return math.ceil(math.log2(2 * tests / REJECTION))
