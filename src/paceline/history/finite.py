"""Numbers that JSON knows."""

import math
from collections.abc import Mapping
from typing import Any


def finite(value: Any) -> Any:
    """Return the same with None in place of each number that is not finite, in dicts, lists and tuples too."""
    if isinstance(value, Mapping):
        return {key: finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [finite(part) for part in value]
    return finite_or_none(value)


def finite_or_none(value: Any) -> Any:
    """Return None for a number that is not finite, and everything else as it is."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
