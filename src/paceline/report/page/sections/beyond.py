"""Figures that decide claims, as factors to their margins."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from paceline.claims import Bound, Figure, Finding, Part

_UNITS = ("x", "s", "bytes", "bytes/s", "items/s")
"""Units with a true zero, whose intervals are of logarithms: only of these does a ratio to the margin mean anything."""


@dataclass(frozen=True)
class Beyond:
    """One deciding figure, as a factor to its margin, turned so that above 1 it speaks for the claim.

    Args:
        claim: its id.
        part: the statement that the figure decides.
        figure: as judged.
        value: figure / margin for a statement that holds above its margin, margin / figure for one that holds below.
        low: the lower end of the interval, turned likewise; None where nobody can tell.
        high: the upper end; None as `low`.
    """

    claim: str
    part: Part
    figure: Figure
    value: float
    low: float | None
    high: float | None


def weakest(claim: str, finding: Finding) -> Beyond | None:
    """Return the figure that a verdict hangs on: of those in parts of the same verdict, the one least in the claim's
    favour.

    Returns:
        None where the verdict rests on counts, on shares, or on nothing measured.
    """
    found = [one for one in every(claim, finding) if one.part.verdict == finding.verdict]
    return min(found, key=lambda one: one.value, default=None)


def every(claim: str, finding: Finding) -> list[Beyond]:
    """Return each deciding figure of a claim that a ratio to its margin says something of."""
    return [made for part in finding.parts if part.bound for made in _beyond(claim, part, part.bound)]


def _beyond(claim: str, part: Part, bound: Bound) -> Iterator[Beyond]:
    for figure in part.deciding:
        if figure.unit not in _UNITS or not _positive(bound.value) or not _positive(figure.value):
            continue
        turned = [_turned(end, bound) for end in (figure.value, figure.low, figure.high)]
        value, *ends = turned if bound.above else (turned[0], turned[2], turned[1])
        whole = None not in ends
        if value and (whole or figure.low is None):  # an interval that reaches to 0 has no place on the axis
            yield Beyond(claim, part, figure, value, *(ends if whole else (None, None)))


def _turned(value: float | None, bound: Bound) -> float | None:
    if value is None or not _positive(value):
        return None
    return value / bound.value if bound.above else bound.value / value


def _positive(value: float) -> bool:
    return math.isfinite(value) and value > 0
