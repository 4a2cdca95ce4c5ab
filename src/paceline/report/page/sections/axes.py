"""Logarithmic axes of seconds with as many labels as can be read."""

import math
from collections.abc import Sequence

import altair as alt

from paceline.report.page import look

_FEW = 0.6  # decades: on a shorter axis the library's own choice is better
_STEPS = ((2.0, (1, 2, 5)), (3.0, (1, 3)), (math.inf, (1,)))
"""Up to how many decades which digits have a label."""


def across(domain: Sequence[float], title: str, field: str) -> alt.X:
    """Place a field of rows by seconds, from left to right.

    Args:
        domain: the ends of the axis, both above 0.
        title: what is read off it.
    """
    return alt.X(f"{field}:Q").scale(_scale(domain)).title(title).axis(_seconds(domain))


def up(domain: Sequence[float], title: str, field: str) -> alt.Y:
    """The same from below."""
    return alt.Y(f"{field}:Q").scale(_scale(domain)).title(title).axis(_seconds(domain))


def _scale(domain: Sequence[float]) -> alt.Scale:
    return alt.Scale(type="log", domain=list(domain), nice=False)


def _seconds(domain: Sequence[float]) -> alt.Axis:
    values = _ticks(domain)
    chosen = {"values": values} if values else {"tickCount": 4}
    return alt.Axis(labelExpr=look.SECONDS, labelOverlap="greedy", labelSeparation=8, **chosen)


def _ticks(domain: Sequence[float]) -> list[float]:
    """Return what has a label; nothing where the axis is too short to choose."""
    low, high = map(math.log10, domain)
    if high - low < _FEW:
        return []
    digits = next(digits for most, digits in _STEPS if high - low <= most)
    found = [float(f"{digit}e{power}") for power in range(math.floor(low), math.ceil(high) + 1) for digit in digits]
    return [value for value in found if domain[0] <= value <= domain[1]]
