"""What a raced function prints: kept in a file of its own, and out of the table."""

import os
import sys
from contextlib import suppress

from paceline.child.inside import told

LAST_WORDS = 4096  # bytes


class Output:
    """Sends standard output where standard error goes, a file that the parent opened, and reads what came.

    The file was opened for appending, so it can be emptied while workers go on writing to it.
    """

    def __init__(self) -> None:
        os.dup2(2, 1)
        with open(os.devnull) as nothing:  # noqa: PTH123 - a device
            os.dup2(nothing.fileno(), 0)  # a function that reads its input finds none, and doesn't eat our requests

    def first_line(self) -> str | None:
        """Return the first line with something in it that was written since the last `forget`."""
        self._flush()
        text = os.pread(2, 4096, 0).decode("utf-8", "replace").strip()
        return text.partition("\n")[0].strip() or None

    def told(self, error: BaseException) -> str:
        """Return what went wrong; where a program left by `SystemExit`, which says little, with the last line it
        wrote.
        """
        if not isinstance(error.__cause__, SystemExit):
            return told(error)
        self._flush()
        beginning = max(0, os.fstat(2).st_size - LAST_WORDS)
        last = os.pread(2, LAST_WORDS, beginning).decode("utf-8", "replace").strip().rpartition("\n")[2]
        return told(error) + (f"; it wrote: {last}" if last else "")

    def forget(self) -> None:
        """Empty the file."""
        self._flush()
        os.ftruncate(2, 0)

    def _flush(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):  # the function may have closed or replaced it
                stream.flush()
