"""What long work says on standard error as it goes on: a display that changes at a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from paceline.text.formats import duration, plain

if TYPE_CHECKING:
    from rich.console import Console


class Progress(Protocol):
    """Takes progress."""

    def phase(self, words: str) -> None:
        """A new part has begun."""

    def step(self, words: str, details: Sequence[str] = (), *, log: bool = False) -> None:
        """A step of it has begun, or is over; a display shows the details, and a log has it if it is worth a line."""

    def warn(self, words: str) -> None:
        """Here is something to decide on before it goes on."""


class Lines:
    """A line for each phase, for a pipe or a log."""

    def phase(self, words: str) -> None:
        sys.stderr.write(f"paceline: {plain(words)}\n")
        sys.stderr.flush()

    def step(self, words: str, details: Sequence[str] = (), *, log: bool = False) -> None:
        del details
        if log:
            self.phase(words)

    warn = phase


class Display:
    """A few lines that change, for a terminal.

    Nothing redraws them between two calls: a thread that does would wake up in the middle of a round.
    """

    def __init__(self, console: "Console") -> None:
        from rich.live import Live

        # standard output is left alone: it may be a pipe with JSON in it
        self.shown = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False)
        self._begun, self._phase = time.monotonic(), ""

    def phase(self, words: str) -> None:
        self._phase = plain(words)
        self._show()

    def step(self, words: str, details: Sequence[str] = (), *, log: bool = False) -> None:
        del log
        self._show(plain(words), *details)

    def warn(self, words: str) -> None:
        """Leave it above the display."""
        self.shown.console.print(f"paceline: {plain(words)}", markup=False, soft_wrap=True)

    def _show(self, *lines: str) -> None:
        from rich.text import Text

        phase = f"{duration(time.monotonic() - self._begun)}: {self._phase}"
        text = Text("\n".join(filter(None, [phase, *lines])), no_wrap=True, overflow="ellipsis")
        self.shown.update(text, refresh=True)


@contextmanager
def progress() -> Iterator[Progress]:
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
        console.show_cursor()  # a Ctrl-C may come when it is hidden already before anything is in charge of it


def _terminal() -> "Console | None":
    if not sys.stderr.isatty():
        return None
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    return console if console.is_interactive else None  # one that can't go back a line gets lines
