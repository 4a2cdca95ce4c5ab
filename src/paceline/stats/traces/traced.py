"""What a trace is made of."""

from collections.abc import Iterable
from typing import Protocol, TypeVar


class Traced(Protocol):
    """One item on one worker.

    Attributes:
        item: its place in submission order, or any number that grows with it.
        worker: which, from 0.
        cpu_start: the CPU on which it began; None if unknown.
        cpu_end: the CPU on which it ended; None if unknown.
        start: seconds on a clock that all workers share.
        end: likewise, at or after `start`.
    """

    @property
    def item(self) -> int: ...
    @property
    def worker(self) -> int: ...
    @property
    def cpu_start(self) -> int | None: ...
    @property
    def cpu_end(self) -> int | None: ...
    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...


Span = TypeVar("Span", bound=Traced)


def in_item_order(spans: Iterable[Span]) -> list[Span]:
    """Sort spans as their items were submitted; equal items, as they began."""
    return sorted(spans, key=lambda span: (span.item, span.start))


def by_worker(spans: Iterable[Span]) -> dict[int, list[Span]]:
    """Sort spans by their start, and part them by worker; only workers that did an item are in it, the lowest first."""
    parted: dict[int, list[Span]] = {}
    for span in sorted(spans, key=lambda span: (span.worker, span.start, span.end)):
        parted.setdefault(span.worker, []).append(span)
    return parted
