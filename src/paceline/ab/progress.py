"""What a comparison says while it is held, on standard error: a display that changes at a terminal, plain lines
elsewhere.
"""

import math
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from paceline.ab.record import CANARY
from paceline.tables.verdicts import short
from paceline.text.formats import plain

if TYPE_CHECKING:
    from rich.console import Console


class Reporter(Protocol):
    """Somebody who wants to know."""

    def phase(self, words: str) -> None:
        """A new part of the comparison has begun."""

    def pair(self, done: int, planned: int, seconds_left: float | None, decided: Mapping[str, str]) -> None:
        """A pair is over.

        Args:
            done: how many there are of this phase.
            planned: how many there will be.
            seconds_left: until they are done; None where nobody can tell.
            decided: full name -> what the pairs so far say of it: "same", "slower", or "unknown"; the canary may
                be among them, and is no cell.
        """


class Lines:
    """A line for each phase and each pair, for a pipe or a log."""

    def phase(self, words: str) -> None:
        """Write it down."""
        sys.stderr.write(f"paceline: {plain(words)}\n")
        sys.stderr.flush()

    def pair(self, done: int, planned: int, seconds_left: float | None, decided: Mapping[str, str]) -> None:
        """Write down how far it is."""
        self.phase(progress(done, planned, seconds_left, decided))


class Display:
    """A few lines that change, for a terminal. Nothing redraws them between two calls: a thread that does would wake up
    in the middle of a round.
    """

    def __init__(self, console: "Console") -> None:
        from rich.live import Live

        # standard output is left alone: it may be a pipe with JSON in it
        self.shown = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False)
        self._phase = ""

    def phase(self, words: str) -> None:
        """Show it in place of the last one, with no pair yet."""
        self._phase = plain(words)
        self._show([self._phase])

    def pair(self, done: int, planned: int, seconds_left: float | None, decided: Mapping[str, str]) -> None:
        """Show how far it is, and the cells that are decided."""
        self._show([self._phase, progress(done, planned, seconds_left, decided), *named(decided)])

    def _show(self, lines: list[str]) -> None:
        from rich.text import Text

        text = Text("\n".join(filter(None, lines)), no_wrap=True, overflow="ellipsis")
        self.shown.update(text, refresh=True)


@contextmanager
def reporting() -> Iterator[Reporter]:
    """Yield what suits standard error; at a terminal nothing of it is left afterwards, and the cursor is back."""
    console = _terminal()
    if console is None:
        yield Lines()
        return
    display = Display(console)
    try:
        with display.shown:
            yield display
    finally:
        console.show_cursor()  # a Ctrl-C may come when it is hidden already and nobody is in charge of it yet


def _terminal() -> "Console | None":
    if not sys.stderr.isatty():
        return None
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    return console if console.is_interactive else None  # one that can't go back a line gets lines


OPEN = "unknown"
"""What stands for a cell of which nothing can be said yet."""

MOVED = ("slower", "faster")
"""What the canary must not look."""

_MOST = 10  # cells named; a display higher than the window would leave its top behind
_MINUTE = 60  # seconds


def progress(done: int, planned: int, seconds_left: float | None, decided: Mapping[str, str]) -> str:
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


def duration(seconds: float) -> str:
    """Write a time to wait, in whole seconds: "45 s", "1 min 20 s"."""
    minutes, rest = divmod(max(0, round(seconds)), _MINUTE)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _cells(decided: Mapping[str, str]) -> dict[str, str]:
    cells = {name: word for name, word in decided.items() if name != CANARY}
    return dict(zip(short(list(cells)), cells.values(), strict=True))


def named(decided: Mapping[str, str]) -> list[str]:
    """Name the cells that are decided, a line each."""
    lines = [f"  {plain(word)}: {plain(name)}" for name, word in _cells(decided).items() if word != OPEN]
    return lines[:_MOST] + ([f"  and {len(lines) - _MOST} more"] if len(lines) > _MOST else [])
