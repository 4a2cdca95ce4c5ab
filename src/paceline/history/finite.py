"""
Numbers that JSON knows.
"""

import math
from typing import Any


def finite(value: Any) -> Any:
    """
    Give the same with None in place of each number that is not finite, in dicts, lists and tuples too.
    """
    if isinstance(value, dict):
        return {key: finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
