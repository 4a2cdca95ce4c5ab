"""
How many pairs: enough for the spread that a pilot shows, within the time allowed.

Only the spread decides, never the effect: to go on until a difference shows would find one sooner or later.

Source: J. Wittes and E. Brittain, The role of internal pilot studies in increasing the efficiency of clinical trials,
    Statistics in Medicine 9 (1990), 65-72.
"""

import math
from collections.abc import Mapping

from paceline.stats.comparison import pairs_needed

PILOT = 8
"""Pairs from which the spread is told."""

FEWEST = 12
"""Below this the corrected test over eight cells could hardly reject anything: n pairs can't go below 2^(1-n)."""

FRESH = 10
"""Fresh pairs of cells that are under suspicion."""

MAIN_SHARE = 0.6
"""Of the time allowed; the rest is kept for fresh pairs, which in the worst case are of all cells."""


def planned(spreads: Mapping[str, float], tolerance: float, pair_seconds: float, time_allowed: float) -> int:
    """
    Give the number of pairs of the main phase.

    Args:
        spreads: full name -> standard deviation of the pilot's log ratios.
        tolerance: a fraction.
        pair_seconds: that a pair takes.
        time_allowed: seconds for the whole sitting.

    Returns:
        What the noisiest cell needs, at least `FEWEST`, at most what the time allows, and never below the pilot.
    """
    needed = [pairs_needed(spread, math.log1p(tolerance)) for spread in spreads.values()]
    most = affordable(pair_seconds, time_allowed)
    return min(max([FEWEST, *(most if each is None else each for each in needed)]), most)


def affordable(pair_seconds: float, time_allowed: float) -> int:
    """
    Give the most pairs of the main phase that fit into the time, at least the pilot's.
    """
    return max(int(time_allowed * MAIN_SHARE / pair_seconds), PILOT)
