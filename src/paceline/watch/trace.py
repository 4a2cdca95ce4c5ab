"""One round, written down for a viewer of traces, in the Chrome Trace Event format."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from paceline.server.ledger import Served
from paceline.server.process import Instrument
from paceline.watch.following import WatchRequest, rounds
from paceline.watch.inside import Ended, Ran
from paceline.workers.spans import Forgotten, Opened, Span


@dataclass(frozen=True)
class Round:
    """What there is to know of one round; all seconds on `time.monotonic()`.

    Attributes:
        opened: every worker, in the order of their numbers.
        spans: of the workers, shape (items,), in order of completion.
        served: of the server, in order of completion; empty without one.
        server: the server's process; None without one.
        dropped: how many spans the server had no room for.
        printed: the first line that the items printed, if any.
    """

    opened: tuple[Opened, ...]
    spans: tuple[Span, ...]
    served: tuple[Served, ...] = ()
    server: int | None = None
    dropped: int = 0
    printed: str | None = None
    ended: Ended = field(default_factory=Ended)


def collected(request: WatchRequest) -> Round:
    """Run a warm round and another one, and return the second.

    Raises:
        WatchError: if it can't be done.
        ServerError: if the server doesn't start, or dies.
    """
    opened: list[Opened] = []
    spans: list[Span] = []
    printed: str | None = None
    ended = Ended()
    with rounds(request, spans=True) as (records, server):
        for record in records:
            match record:
                case Opened():
                    opened.append(record)
                case Forgotten():
                    spans.clear()
                case Span():
                    spans.append(record)
                case Ran():
                    printed = record.printed
                case Ended():
                    ended = record
        spans.sort(key=lambda span: span.end)
        served, dropped = _served(server, spans)
    pid = server.pid if server else None
    return Round(tuple(opened), tuple(spans), served, pid, dropped, printed, ended)


def _served(server: Instrument | None, spans: list[Span]) -> tuple[tuple[Served, ...], int]:
    """Return what a server saw since the first item began; the warm round was over by then."""
    if server is None:
        return (), 0
    served, dropped = server.spans()
    begin = min(span.start for span in spans)
    return tuple(span for span in served if span.start >= begin), dropped


Event = dict[str, Any]

NANOSECONDS = 1_000_000_000  # in a second


def as_text(traced: Round, facts: Mapping[str, Any]) -> str:
    """Write a round of at least one item as a JSON object, one event a line, with what it is a round of."""
    lines = ",\n".join(json.dumps(event) for event in events(traced))
    return f'{{"traceEvents": [\n{lines}\n],\n"displayTimeUnit": "ms",\n"otherData": {json.dumps(facts)}}}\n'


def events(traced: Round) -> list[Event]:
    """Return a round's events: names first, then each in the order of its start, microseconds from the first one's.

    A lane is a thread to a viewer. Its number is the worker's or the connection's plus one, since several workers may
    share a thread, and viewers take thread 0 for an idle CPU.
    """
    zero = min([*(span.start for span in traced.spans), *(span.start for span in traced.served)])
    slices = [
        *(_item(span, zero) for span in traced.spans),
        *(_answer(span, traced.server, zero) for span in traced.served),
    ]
    timed = [*slices, *_flows(traced, zero)]  # of two at the same time the slice comes first: a flow binds to it
    return [*_names(traced), *sorted(timed, key=lambda event: event["ts"])]


def _lane(pid: int | None, number: int) -> Event:
    return {"pid": pid, "tid": number + 1}


def _item(span: Span, zero: float) -> Event:
    args = {"worker": span.worker, "cpu_start": span.cpu_start, "cpu_end": span.cpu_end, "thread": span.thread}
    return _slice(span, "item", zero, (span.pid, span.worker), args)


def _answer(span: Served, server: int | None, zero: float) -> Event:
    late = {"service_seconds": round(span.due - span.start, 9), "late_seconds": round(span.end - span.due, 9)}
    return _slice(span, "answer", zero, (server, span.connection), {"connection": span.connection, **late})


def _slice(span: Span | Served, what: str, zero: float, lane: tuple[int | None, int], args: Event) -> Event:
    named = {"name": f"item {span.item}", "cat": what, "ph": "X", **_times(span, zero)}
    return {**named, **_lane(*lane), "args": {"item": span.item, **args}}


def _times(span: Span | Served, zero: float) -> dict[str, float]:
    start, end = (round((at - zero) * NANOSECONDS) for at in (span.start, span.end))
    return {"ts": start / 1000, "dur": (end - start) / 1000}


def _flows(traced: Round, zero: float) -> Iterator[Event]:
    """Lead from each item to what the server did of it, where that was meanwhile."""
    spans = {span.item: span for span in traced.spans}
    for number, served in enumerate(traced.served):
        span = spans.get(served.item)
        if span is None or not span.start <= served.start <= span.end:
            continue
        shared = {"name": "request", "cat": "request", "id": number}
        yield {**shared, "ph": "s", "ts": _times(span, zero)["ts"], **_lane(span.pid, span.worker)}
        there = _lane(traced.server, served.connection)
        yield {**shared, "ph": "f", "bp": "e", "ts": _times(served, zero)["ts"], **there}


def _names(traced: Round) -> Iterator[Event]:
    """Name all processes and lanes, in the order of the workers, the server's last."""
    own: dict[int, list[int]] = {}  # process -> its workers
    for worker in traced.opened:
        own.setdefault(worker.pid, []).append(worker.worker)
    for place, (pid, workers) in enumerate(own.items()):
        yield from _names_of_lane("process", pid, workers[0], _called(workers), place)
    for worker in traced.opened:
        yield from _names_of_lane("thread", worker.pid, worker.worker, f"worker {worker.worker}", worker.worker)
    if traced.server is not None:
        connections = sorted({span.connection for span in traced.served})
        yield from _names_of_lane("process", traced.server, min(connections, default=0), "server", len(own))
        for connection in connections:
            yield from _names_of_lane("thread", traced.server, connection, f"connection {connection}", connection)


def _called(workers: Sequence[int]) -> str:
    """Name a process after its workers, as viewers show its number anyway: "worker 3", "workers 0-3", "workers 0 2"."""
    first, last = workers[0], workers[-1]
    if first == last:
        return f"worker {first}"
    in_a_row = last - first == len(workers) - 1
    return f"workers {first}-{last}" if in_a_row else f"workers {' '.join(map(str, workers))}"


def _names_of_lane(what: str, pid: int, number: int, name: str, place: int) -> Iterator[Event]:
    shared = {"ph": "M", "ts": 0, **_lane(pid, number)}
    yield {"name": f"{what}_name", **shared, "args": {"name": name}}
    yield {"name": f"{what}_sort_index", **shared, "args": {"sort_index": place}}
