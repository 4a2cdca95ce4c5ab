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

from collections.abc import Sequence
from dataclasses import dataclass

MAIN = (6, 9, 13, 19, 27, 38, 54, 76)
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
    """One look at pairs.

    Attributes:
        pairs: the first so many pairs are looked at.
        rejection: the level, over all cells, at which equality is rejected; 0 where that is left to later looks.
        miss: how often an interval shown at this look misses the true value on one side.
    """

    pairs: int
    rejection: float
    miss: float

    @property
    def level(self) -> float:
        """Of an interval shown at this look, a fraction."""
        return 1 - 2 * self.miss


def main(looks: Sequence[int], tests: int) -> tuple[Look, ...]:
    """Return the looks at the main pairs with their levels.

    Args:
        looks: numbers of pairs, increasing.
        tests: how many cells are tested together, the canary among them; known before the first pair.
    """
    rejections = spent(REJECTION, [tests * 2.0 ** (1 - pairs) for pairs in looks])
    misses = _MISSES if tuple(looks) == MAIN else spent(MISTAKEN, [2.0**-pairs for pairs in looks])
    return tuple(Look(*each) for each in zip(looks, rejections, misses, strict=True))


def fresh(suspects: int) -> tuple[int, ...]:
    """Return the numbers of fresh pairs at which to look.

    Args:
        suspects: how many are to be borne out, at least 1; known before the first fresh pair. The first look is at the
            fewest pairs with which tests of all of them can reject.
    """
    first = next(pairs for pairs in range(1, 1000) if suspects * 2.0**-pairs <= REJECTION * _SHARE)
    return tuple(first + later for later in _LATER)


def confirming(looks: Sequence[int], suspects: int) -> tuple[Look, ...]:
    """Return the looks at fresh pairs with their levels: of tests in one direction, over all suspects."""
    rejections = spent(REJECTION, [suspects * 2.0**-pairs for pairs in looks])
    return tuple(Look(pairs, level, level / suspects) for pairs, level in zip(looks, rejections, strict=True))


def spent(level: float, least: Sequence[float]) -> tuple[float, ...]:
    """Spend a level over looks: at each a third of what is left, at the last one all that is.

    Args:
        level: to be spent.
        least: the smallest p, corrected, that each look can have, since all of n signs agree by chance in 1 of 2^n
            cases; a look that can't decide with its third gets nothing.

    Returns:
        A level for each look, in order.
    """
    levels: list[float] = []
    for possible in least[:-1]:
        share = (level - sum(levels)) * _SHARE
        levels.append(share if possible <= share else 0.0)
    return tuple([*levels, level - sum(levels)][: len(least)])
