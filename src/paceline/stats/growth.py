"""Whether a function gets slower from call to call, as where each call leaves something behind. Pure arithmetic."""

import math
from collections.abc import Sequence
from statistics import fmean

from paceline.stats.signed_rank import middle, sign_flip

LEAST_ROUNDS = 4
LEAST_GROWTH = 0.05
"""A smaller one is not worth a doubt: caches and clocks do as much."""

_LEVEL = 0.025  # for a cell and a side; a doubt, not a verdict, so it isn't corrected over the cells


def growth(rounds: Sequence[Sequence[float]]) -> float | None:
    """Return by what fraction rounds grow within a process, if they certainly do, by more than `LEAST_GROWTH`.

    Args:
        rounds: seconds, of one cell and one side, for each pair in the order taken; shape (pairs, rounds of that pair).

    Returns:
        The Hodges-Lehmann estimate over pairs of the mean of the last third of the rounds over that of the first; None
        where an exact test over the pairs can't tell it from chance. A pair of fewer than `LEAST_ROUNDS` says nothing.
    """
    logs = [_from_first_to_last(each) for each in rounds if len(each) >= LEAST_ROUNDS]
    if not logs or sign_flip(logs, "greater") > _LEVEL:
        return None
    grown = math.expm1(middle(logs))
    return grown if grown > LEAST_GROWTH else None


def _from_first_to_last(rounds: Sequence[float]) -> float:
    third = len(rounds) // 3
    return math.log(fmean(rounds[-third:]) / fmean(rounds[:third]))
