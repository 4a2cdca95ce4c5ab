"""What can go wrong with saved runs; the text of each says what, where and what to do."""

from pathlib import Path
from typing import ClassVar

DAMAGED = "the file is damaged; move it away, or restore it from a copy"
"""What to do about a file whose reason ends in it; said of no data that never was one."""


class HistoryError(Exception):
    """Whatever is wrong with a history: a sentence for the person who asked, without a traceback."""


class UnreadableFile(HistoryError):  # noqa: N818  # the name says what it is: a file among others, not only a failure
    """A file is not what it should be, or damaged.

    Args:
        path: the file; None for data that never was one.
        reason: what is wrong, a semicolon, and what to do.
    """

    what: ClassVar[str]
    """What it should hold: "run"."""
    key: ClassVar[bytes]
    """What stands in every file that does, also in one that is no JSON any more."""

    def __init__(self, path: Path | None, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason if path else reason.removesuffix(f"; {DAMAGED}")

    def __str__(self) -> str:
        return f"{self.path or 'these results'}: {self.reason}"


class UnreadableRun(UnreadableFile):
    """A file is no saved run, or a damaged one."""

    what = "run"
    key = b'"benchmarks"'


class NoSuchRunError(HistoryError):
    """No saved run answers the description."""


class NotSaved(HistoryError):  # noqa: N818  # said of the run, as a person would
    """A run could not be saved; nothing of it is left in the history."""
