"""One row of a terminal, below the one on which pytest writes.

Between two calls the cursor stands where pytest left it, and nothing of pytest's stands below it. So erasing needs to
know nothing, and works after an echoed ^C, a line break typed by somebody, and a change of the window's size.
"""

import os
from typing import Protocol

WIDTH = 80  # columns, if the terminal doesn't know

_BELOW = "\x1bD\x1b[A"  # IND and CUU: from now on there is a row below, in the last line too; the column stays
_THERE, _BACK = "\x1b7\r\n", "\x1b8"  # DECSC, then to the start of that row; DECRC
_ERASE = "\x1b[J"  # ED: from the cursor to the end of the screen


class Writer(Protocol):
    """What pytest writes with."""

    @property
    def width_of_current_line(self) -> int:
        """Columns written since the last line break."""


class Row:
    """The row.

    Args:
        descriptor: the terminal's, which becomes the row's own.
        writer: what everything else is written with.
    """

    def __init__(self, descriptor: int, writer: Writer) -> None:
        self._descriptor: int | None = descriptor
        self._writer = writer
        self._shown = False

    @property
    def room(self) -> int:
        """Columns that may be written: all but the last, after which a terminal would go on to the next row."""
        return self._columns() - 1

    def show(self, text: str) -> None:
        """Write a text in place of the last one; it has no more signs than there is room, each one column wide.

        Where pytest has filled its own row to the last column, there is no way back to the place right of it: then
        nothing is shown.
        """
        written = self._writer.width_of_current_line
        if written and written % self._columns() == 0:
            self.erase()
            return
        self._shown = True
        self._write(f"{_BELOW}{_THERE}{_ERASE}{text}{_BACK}")

    def erase(self) -> None:
        """Take the text away, before anybody else writes."""
        if self._shown:
            self._shown = False
            self._write(_ERASE)

    def close(self) -> None:
        """Let the terminal go; nothing is written from then on."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._descriptor).columns or WIDTH if self._descriptor is not None else WIDTH
        except OSError:
            return WIDTH

    def _write(self, text: str) -> None:
        if self._descriptor is None:
            return
        try:
            os.write(self._descriptor, text.encode("ascii"))
        except OSError:  # the terminal is gone, and with it whoever would have read this; no cell fails for that
            self.close()
