"""Whether a function gets slower from call to call, as where each call leaves something behind. Pure arithmetic."""

import math
from collections.abc import Sequence
from statistics import median

from paceline.stats.signed_rank import middle, sign_flip

LEAST_ROUNDS = 4
LEAST_GROWTH = 0.05
"""A smaller one is not worth a doubt: caches and clocks do as much."""

_LEVEL = 0.05  # over all cells


def growth(rounds: Sequence[Sequence[float]], cells: int = 1) -> float | None:
    """Return by what fraction rounds grow within a process, if they certainly do, by more than `LEAST_GROWTH`.

    Args:
        rounds: seconds, of one cell, for each process in the order taken; shape (processes, rounds of that process).
        cells: that are looked at together; the level is divided by their number.

    Returns:
        The Hodges-Lehmann estimate over processes of the median of the last third of the rounds over that of the first;
        None where an exact test can't tell it from chance. A process with less than `LEAST_ROUNDS` says nothing.
    """
    logs = [_from_first_to_last(each) for each in rounds if len(each) >= LEAST_ROUNDS]
    if not logs or sign_flip(logs, "greater") > _LEVEL / cells:
        return None
    grown = math.expm1(middle(logs))
    return grown if grown > LEAST_GROWTH else None


def _from_first_to_last(rounds: Sequence[float]) -> float:
    third = len(rounds) // 3
    return math.log(median(rounds[-third:]) / median(rounds[:third]))
