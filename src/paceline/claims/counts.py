"""Judging what is counted: processes may agree to the last digit, as clocks never do."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from paceline.claims.evidence import Key, Replicate, Sample, values
from paceline.claims.finding import Figure, Part
from paceline.claims.judging import LEAST_PROCESSES, always, figure
from paceline.history import Cell

Counted = tuple[str, Callable[[Cell], float | None]]
"""What is counted, in words, and where a cell has it."""


def settled(part: Part, holds: Callable[[float], bool]) -> Part:
    """Decide a part that only its interval leaves open: shares of counted things may be the same in every process,
    which leaves no interval, and then the side on which all of them stand decides.

    Args:
        part: as judged by an interval, its deciding figure first.
        holds: whether the statement holds for a value.
    """
    each = part.figures[0].values
    if part.verdict != "unknown" or len(each) < LEAST_PROCESSES or min(each) != max(each):
        return part
    return replace(part, verdict="confirmed" if holds(each[0]) else "refuted", missing=None)


def same(part: str, cells: Sequence[Replicate], left: Counted, right: Counted, because: str, run: str) -> Part:  # noqa: PLR0917
    """Judge that two counts are the same in every process."""
    samples = [values(cells, what) for _, what in (left, right)]
    figures = [figure(name, sample, "count") for (name, _), sample in zip((left, right), samples, strict=True)]
    return always(part, equal(*samples), because, run, figures)


def equal(left: Sample, right: Sample) -> dict[Key, bool]:
    """Ask of each process that has both counts whether they are the same."""
    return {key: left.values[key] == right.values[key] for key in left.values.keys() & right.values.keys()}


def present(figures: Iterable[Figure]) -> list[Figure]:
    """Leave out the figures of what nobody measured; one that a measured cell lacks stays, with its warning."""
    return [one for one in figures if one.processes or one.warnings]
