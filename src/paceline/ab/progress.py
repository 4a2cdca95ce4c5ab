"""How far a comparison is, in words."""

import math
from collections import Counter
from collections.abc import Mapping

from paceline.ab.record import CANARY
from paceline.tables.verdicts import short
from paceline.text.formats import duration, plain

OPEN = "unknown"
"""What stands for a cell of which nothing can be said yet."""

MOVED = ("slower", "faster")
"""What the canary must not look."""

_MOST = 10  # cells named; a display higher than the window would leave its top behind


def pairs_done(done: int, planned: int, seconds_left: float | None, decided: Mapping[str, str]) -> str:
    """Return how far it is: "pair 5 of 14, 1 min 20 s left; decided: 3 same, 1 slower; open: 3"."""
    counts = Counter(_cells(decided).values())
    still_open = counts.pop(OPEN, 0)
    said = ", ".join(f"{count} {plain(word)}" for word, count in sorted(counts.items()))
    left = "" if seconds_left is None or not math.isfinite(seconds_left) else f", {duration(seconds_left)} left"
    canary = decided.get(CANARY, OPEN)
    parts = [
        f"decided: {said}" if said else "",
        f"open: {still_open}" if still_open else "",
        f"the canary looks {plain(canary)}" if canary in MOVED else "",
    ]
    return "; ".join(filter(None, [f"pair {done} of {planned}{left}", *parts]))


def _cells(decided: Mapping[str, str]) -> dict[str, str]:
    cells = {name: word for name, word in decided.items() if name != CANARY}
    return dict(zip(short(list(cells)), cells.values(), strict=True))


def named(decided: Mapping[str, str]) -> list[str]:
    """Name the cells that are decided, a line each."""
    lines = [f"  {plain(word)}: {plain(name)}" for name, word in _cells(decided).items() if word != OPEN]
    return lines[:_MOST] + ([f"  and {len(lines) - _MOST} more"] if len(lines) > _MOST else [])
