"""What goes to the process in which a strategy is watched, and comes back from it; spans take a way of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from paceline.contracts import Option, Workload


@dataclass(frozen=True)
class RunTwice:
    """Run so many items twice with a strategy. Answered by `Ran` and then `Ended`, or by `Failed` in the place of
    either.

    Attributes:
        log: the FIFO that takes the spans.
    """

    strategy: str
    workload: Workload
    workers: int
    options: Mapping[str, Option]
    items: int
    log: Path


@dataclass(frozen=True)
class Ran:
    """Both rounds are done; `printed` is the first line that the items printed, if any."""

    printed: str | None


@dataclass(frozen=True)
class Ended:
    """All workers are gone; `trouble` says what was wrong with that, if anything."""

    trouble: str | None = None


class UnfitError(ValueError):
    """The function is of the other kind."""
