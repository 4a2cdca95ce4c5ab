"""
Odd runs: a single run that is off shows nothing where single runs often are.

A test that knows the usual noise calls every burst of a neighbour a slow-down. So the history is asked how often one of
its cells was as far off for one run only; where that is not rare, a second run has to say the same.
"""

import math
from collections.abc import Mapping, Sequence

from paceline.stats import yardstick
from paceline.stats.comparison import ALPHA
from paceline.stats.yardstick import Yardstick

WHY = "changed, but single runs as far off are not rare in this history; measure again: two in a row will do"


def believable(
    name: str, ratio: float, logs: Mapping[str, Sequence[float]], sticks: Mapping[str, Yardstick], baseline: float
) -> bool:
    """
    Whether a change may be told from one run.

    Args:
        name: the cell that changed.
        ratio: run / baseline.
        logs: full name -> logarithms of the medians of the runs before, in order.
        sticks: the yardsticks of the cells that have one; only these are asked.
        baseline: the logarithm of this cell's median in the baseline.

    Returns:
        True if a run has fewer than `ALPHA` cells as far off as this on average, or if the run before shows the same.
    """
    shift = yardstick.in_noises(logs[name], ratio)
    if sum(yardstick.odd_share(logs[other], shift) for other in sticks) <= ALPHA:
        return True
    before = yardstick.change(baseline, logs[name][-1], sticks[name])
    return before.p <= ALPHA and math.log(before.ratio) * math.log(ratio) > 0
