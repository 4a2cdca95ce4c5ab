"""One traced round as a figure, and as a report of its own: which worker ran which item when, and on which CPU."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import replace

from paceline.report.page.lanes import MOST, first_begun, lanes
from paceline.report.page.model import Figure, Report, Section, Table
from paceline.stats import traces
from paceline.stats.traces import Traced
from paceline.text import formats
from paceline.text.formats import many

READING = (
    "Each bar is an item, from its start to its end, in the lane of the worker that ran it; its colour goes by the "
    "item's number, so items that were handed out together look alike. The stripe below a bar tells by its colour and "
    "its place on which CPU the item ran. Hovering tells the rest."
)
"""How to read the picture."""

_ROOM = 1.01  # behind the last end
_MOST_ROWS = 500  # workers in the table


def figure(
    spans: Sequence[Traced],
    *,
    title: str,
    key: str = "timeline-round",
    workers: int | None = None,
    end: float | None = None,
    most: int = MOST,
    column: str = "",
    setting: str = "",
    source: str = "",
    doubts: Sequence[str] = (),
) -> Figure:
    """Draw one round: a lane for each worker; for a single worker a line for each item, which makes a staircase.

    Args:
        spans: shape (n,), in any order, on a clock that all of them share; the first `most` to begin are drawn.
        title: what the round is.
        key: names the figure, in small letters and hyphens.
        workers: how many there were, as one that did no item leaves no span; None: those that did one.
        end: where the axis of time ends, seconds from the first start; None: with what is drawn.
        most: how many items are drawn; more would make a page slow.
        column: as for `Figure`, like all that follow.
        setting: likewise.
        source: likewise.
        doubts: likewise.
    """
    blank = Figure(
        key=key,
        title=title,
        says="No item was traced.",
        column=column,
        setting=setting,
        doubts=tuple(doubts),
        source=source,
    )
    if not spans:
        return blank
    count = max(workers or 0, max(span.worker for span in spans) + 1)
    shown = first_begun(spans, most)
    end = traces.makespan(shown) * _ROOM if end is None else end
    return replace(
        blank,
        says=says(spans, count),
        chart=lanes(shown, count, end, stairs=count == 1),
        table=_table(spans, count),
        doubts=(*_left_out(len(spans), most), *doubts),
    )


def timeline_page(
    spans: Sequence[Traced],
    *,
    title: str,
    made: Sequence[str] = (),
    loud: Sequence[str] = (),
    setting: str = "",
    workers: int | None = None,
) -> Report:
    """Make a report of one round alone.

    Args:
        spans: as for `figure`.
        title: of the page.
        made: what was traced, and when, in one line each.
        loud: what a reader has to know before anything else.
        setting: with what it was done: "strategy=threads, workers=4".
        workers: as for `figure`.
    """
    drawn = figure(spans, title="Who ran which item when", setting=formats.plain(setting), workers=workers)
    section = Section(key="timeline", title="Timeline", lead=READING, rows=((drawn,),))
    return Report(
        title=formats.plain(title),
        made=tuple(map(formats.plain, made)),
        sections=(section,),
        loud=tuple(map(formats.plain, loud)),
    )


def says(spans: Sequence[Traced], workers: int) -> str:
    """Tell a round's figures in a few sentences.

    Args:
        spans: shape (n,), n at least 1.
        workers: how many there were.
    """
    items, took = len(spans), formats.seconds(traces.makespan(spans))
    return f"{many(workers, 'worker')} did {many(items, 'item')} in {took}{_side(spans, workers)}. {_longest(spans)}"


def _side(spans: Sequence[Traced], workers: int) -> str:
    """Return how workers stood beside each other."""
    if workers == 1:
        return ", one after the other"
    begin, end = min(span.start for span in spans), max(span.end for span in spans)
    idle = statistics.fmean(traces.idle_shares(spans, begin, end, workers).values())
    run = max(traces.run_lengths(traces.workers_in_item_order(spans)))
    waited = f"; on average a worker was idle for {formats.percent(idle)} of it" if math.isfinite(idle) else ""
    flight = f"at most {many(traces.most_in_flight(spans), 'item')} at once"
    return f"{waited}; {flight}; the longest run of neighbouring items on one worker was {run}"


def _longest(spans: Sequence[Traced]) -> str:
    longest = max(spans, key=lambda span: span.end - span.start)
    middle = statistics.median(span.end - span.start for span in spans)
    took = formats.seconds(longest.end - longest.start)
    return f"The longest item was {longest.item} with {took}, the median one took {formats.seconds(middle)}."


def _left_out(items: int, most: int) -> list[str]:
    if items <= most:
        return []
    return [f"only the first {most} of {items} items are drawn; the sentences and the table are about all of them"]


def _table(spans: Sequence[Traced], workers: int) -> Table:
    """Tell of each worker what it did."""
    begin, end = min(span.start for span in spans), max(span.end for span in spans)
    idle = traces.idle_shares(spans, begin, end, workers)
    cpus = traces.cpus_per_worker(spans)
    own: dict[int, list[Traced]] = {}
    for span in spans:
        own.setdefault(span.worker, []).append(span)
    rows = [
        _row(worker, own.get(worker, []), idle[worker], cpus.get(worker, set()), begin)
        for worker in range(min(workers, _MOST_ROWS))
    ]
    more = [(f"and {workers - _MOST_ROWS} more", *[""] * 5)] if workers > _MOST_ROWS else []
    return Table(("worker", "items", "idle", "CPUs seen", "first start", "last end"), (*rows, *more))


def _row(worker: int, own: Sequence[Traced], idle: float, cpus: set[int], zero: float) -> tuple[str, ...]:
    first = formats.seconds(min(span.start for span in own) - zero) if own else formats.NOTHING
    last = formats.seconds(max(span.end for span in own) - zero) if own else formats.NOTHING
    seen = ", ".join(map(str, sorted(cpus))) or formats.NOTHING
    return (str(worker), str(len(own)), formats.percent(idle), seen, first, last)
