"""A round's spans as a saved run keeps them, and back."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from paceline.stats.traces import Traced, by_worker

FIELDS = ("item", "worker", "cpu_start", "cpu_end", "start", "end")
NUMBERS = 1 << 20  # items, workers and CPUs are fewer than this
LONGEST = 1e6  # seconds, eleven days
DIGITS = 6  # whole microseconds


@dataclass(frozen=True)
class TracedSpan:
    """One item on one worker, as in `Traced`; the seconds count from the first start of the round."""

    item: int
    worker: int
    cpu_start: int | None
    cpu_end: int | None
    start: float
    end: float


def as_saved(spans: Iterable[Traced]) -> list[list[Any]]:
    """Convert spans to `[item, worker, cpu_start, cpu_end, start, end]` each, in the order in which they began.

    Items count from 0; seconds from the first start, rounded to whole microseconds.
    """
    ordered = sorted(spans, key=lambda span: (span.start, span.item))
    zero = ordered[0].start if ordered else 0.0
    return [
        [
            span.item,
            span.worker,
            span.cpu_start,
            span.cpu_end,
            *(round(t - zero, DIGITS) for t in (span.start, span.end)),
        ]
        for span in ordered
    ]


def spans(saved: object) -> tuple[TracedSpan, ...]:
    """Read what `as_saved` made, as it came out of a file, in the order in which the items began.

    Raises:
        ValueError: it is no round's trace; names the entry and what is wrong with it.
    """
    if not isinstance(saved, list):
        raise ValueError(f"a trace is a list of items, not {_shown(saved)}")  # noqa: TRY004 - a file's fault, not a call's
    if len(saved) > NUMBERS:
        raise ValueError(f"a trace has {NUMBERS} items at most, not {len(saved)}")
    read = sorted((_span(row, place) for place, row in enumerate(saved)), key=lambda span: (span.start, span.item))
    repeated = [item for item, count in Counter(span.item for span in read).items() if count > 1]
    if repeated:
        raise ValueError(f"the trace has item {repeated[0]} twice")
    for worker, own in by_worker(read).items():
        for before, after in pairwise(own):
            if after.start < before.end:
                raise ValueError(f"in the trace worker {worker} does items {before.item} and {after.item} at once")
    return tuple(read)


def _span(row: object, place: int) -> TracedSpan:
    if not isinstance(row, list) or len(row) != len(FIELDS):
        raise ValueError(f"trace[{place}] is not [{', '.join(FIELDS)}] but {_shown(row)}")
    for name, value in zip(FIELDS, row, strict=True):
        if not _fits(name, value):
            raise ValueError(f"trace[{place}]: its {name} can't be {_shown(value)}")
    span = TracedSpan(*row)
    if span.end < span.start:
        raise ValueError(f"trace[{place}]: item {span.item} ends before it starts")
    return span


def _fits(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return False
    if name in ("start", "end"):
        return isinstance(value, int | float) and 0 <= value <= LONGEST  # which NaN is not
    if value is None:
        return name.startswith("cpu_")
    return isinstance(value, int) and 0 <= value < NUMBERS


def _shown(value: object) -> str:
    """Quote a little of anything, in one line."""
    if isinstance(value, list | dict):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, int) and abs(value) >= 1 << 64:  # one of many thousand digits can't be written out
        return "a number so large"
    return f"{value!r:.40}"
