"""
What a sitting says while it is held, on standard error: a display that changes at a terminal, plain lines elsewhere.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from paceline.gate.progress import named, progress
from paceline.report.figures import plain

if TYPE_CHECKING:
    from rich.console import Console


class Told(Protocol):
    """
    Somebody who wants to know.
    """

    def phase(self, words: str) -> None:
        """
        A new part of the sitting has begun.
        """

    def pair(self, done: int, planned: int, seconds_left: float | None, decided: Mapping[str, str]) -> None:
        """
        A pair is over.

        Args:
            done: how many there are of this phase.
            planned: how many there will be.
            seconds_left: until they are done; None where nobody can tell.
            decided: full name -> what the pairs so far say of it: "same", "slower", or "unknown"; the canary may
                be among them, and is no cell.
        """


class Lines:
    """
    A line for each phase and each pair, for a pipe or a log.
    """

    def phase(self, words: str) -> None:
        """
        Write it down.
        """
        sys.stderr.write(f"paceline: {plain(words)}\n")
        sys.stderr.flush()

    def pair(self, done: int, planned: int, seconds_left: float | None, decided: Mapping[str, str]) -> None:
        """
        Write down how far it is.
        """
        self.phase(progress(done, planned, seconds_left, decided))


class Display:
    """
    A few lines that change, for a terminal. Nothing redraws them between two calls: a thread that does would wake up in
    the middle of a round.
    """

    def __init__(self, console: "Console") -> None:
        from rich.live import Live

        # standard output is left alone: it may be a pipe with JSON in it
        self.shown = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False)
        self._phase = ""

    def phase(self, words: str) -> None:
        """
        Show it in place of the last one, with no pair yet.
        """
        self._phase = plain(words)
        self._show([self._phase])

    def pair(self, done: int, planned: int, seconds_left: float | None, decided: Mapping[str, str]) -> None:
        """
        Show how far it is, and the cells that are decided.
        """
        self._show([self._phase, progress(done, planned, seconds_left, decided), *named(decided)])

    def _show(self, lines: list[str]) -> None:
        from rich.text import Text

        text = Text("\n".join(filter(None, lines)), no_wrap=True, overflow="ellipsis")
        self.shown.update(text, refresh=True)


@contextmanager
def telling() -> Iterator[Told]:
    """
    Give what suits standard error; at a terminal nothing of it is left afterwards, and the cursor is back.
    """
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
