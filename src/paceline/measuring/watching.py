"""A pass of its own in which every item leaves a span, so that no timed round is charged for it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from paceline.contracts import Item
from paceline.measuring.rounds import NotAMeasurement, noting
from paceline.stats import traces
from paceline.strategies import Strategy
from paceline.workers.spans import Observed, Span, number

TRACE = "trace"
"""Where a saved cell keeps its spans; see `paceline.stats.traces.saved`."""


def figures_of(strategy: Strategy, items: Sequence[Item], log: Path, *, traced: bool) -> dict[str, Any]:
    """Start one like `strategy`, run a warm round and a watched one, and say what the spans of the second show.

    Args:
        strategy: with its workload, unobserved; it is not started itself.
        items: shape (n,).
        log: a new file, for the spans.
        traced: give the spans themselves as well.
    """
    observed = Observed(strategy.workload, log)
    with noting("in the watched pass, after the timed rounds"), strategy.clone(observed) as started:
        started.map(items)
        observed.forget()
        started.map(items)
    spans = observed.spans()
    figures: dict[str, Any] = {**traces.figures(spans, workers=len(observed.opened()))}
    return {**figures, TRACE: traces.as_saved(placed(spans, items))} if traced else figures


def placed(spans: Sequence[Span], items: Sequence[Item]) -> list[Span]:
    """Name each span's item by its place in submission order, from 0; equal items in the order in which they began.

    Args:
        spans: one for each item.
        items: shape (n,), in submission order.

    Raises:
        NotAMeasurement: if there are more or fewer spans than items.
    """
    if len(spans) != len(items):
        raise NotAMeasurement(f"{len(spans)} spans came for {len(items)} items")
    numbers = [number(item) for item in items]
    places = list(range(len(items)))
    if None not in numbers:  # else the spans are numbered already
        places.sort(key=lambda place: numbers[place] or 0)
    ordered = sorted(spans, key=lambda span: (span.item, span.start))
    return [replace(span, item=place) for place, span in zip(places, ordered, strict=True)]
