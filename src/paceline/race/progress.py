"""What the race says while it runs, on standard error."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from paceline.text.formats import plain


class Progress(Protocol):
    """Somebody who wants to know."""

    def phase(self, words: str) -> None:
        """A new part of the race has begun."""

    def step(self, words: str) -> None:
        """A small step of it has begun."""

    def warn(self, words: str) -> None:
        """Here is something to decide on before it goes on."""


class Lines:
    """A line for each phase, for a pipe or a log."""

    def phase(self, words: str) -> None:
        """Write it down."""
        sys.stderr.write(f"paceline: {plain(words)}\n")
        sys.stderr.flush()

    def step(self, words: str) -> None:
        """Too much for a log."""

    warn = phase


class OneLine:
    """One line that changes, for a terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import Progress as Shown
        from rich.progress import TextColumn, TimeElapsedColumn

        console = Console(stderr=True, highlight=False)
        # without a thread that redraws it: that one would wake up in the middle of a round
        self.shown = Shown(
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
            console=console,
            transient=True,
            auto_refresh=False,
        )
        self._task = self.shown.add_task("")
        self._phase = ""

    def phase(self, words: str) -> None:
        """Show it in place of the last."""
        self._phase = plain(words)
        self._show(self._phase)

    def step(self, words: str) -> None:
        """Show it behind the phase."""
        self._show(f"{self._phase}: {plain(words)}")

    def warn(self, words: str) -> None:
        """Leave it above the line."""
        self.shown.console.print(f"paceline: {plain(words)}", markup=False, soft_wrap=True)

    def _show(self, words: str) -> None:
        self.shown.update(self._task, description=words)
        self.shown.refresh()


@contextmanager
def telling() -> Iterator[Progress]:
    """Yield what suits standard error: a line that changes at a terminal, plain lines elsewhere."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    line = OneLine()
    with line.shown:
        yield line
