"""The least number of machines that meets a deadline."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Needed:
    """Machines for a deadline; None stands for a number that no number of machines reaches.

    Args:
        middle: so that the predicted time meets it.
        safe: so that the upper end of the interval does.
    """

    middle: int | None
    safe: int | None


def least(most: int, enough: Callable[[int], bool]) -> int | None:
    """Find the least number from 1 to `most` that is enough, by doubling and then by bisection; None if none is.

    It need not be enough for ever: an interval widens again where machines have fewer items than any cell had.
    """
    tried = [min(1 << power, most) for power in range(most.bit_length() + 1)]
    high = next((number for number in tried if enough(number)), None)
    if high is None:
        return None
    low = high // 2 + 1
    return low + bisect_left(range(low, high), True, key=enough)  # noqa: FBT003 - what is looked for, not a switch
