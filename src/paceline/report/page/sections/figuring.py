"""Figures that an experiment added, which may be anything."""

from typing import Any

from paceline.text.formats import is_number


def number(value: Any) -> float | None:
    """Return a figure; None for whatever is none: a text, a truth, NaN."""
    return float(value) if is_number(value) else None


def above_zero(value: Any) -> float | None:
    """Return a figure that has a place on a logarithmic axis; None for any other."""
    found = number(value)
    return found if found is not None and found > 0 else None
