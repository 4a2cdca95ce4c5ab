"""One round, from the spans of its workers and of the server that answered them."""

from dataclasses import dataclass, field

from paceline.server.process import Instrument
from paceline.server.spans import Served
from paceline.watch.following import rounds
from paceline.watch.messages import Ended, Ran
from paceline.watch.wish import Wish
from paceline.workers.spans import Forgotten, Opened, Span


@dataclass(frozen=True)
class Round:
    """What there is to know of one round; all seconds on `time.monotonic()`.

    Args:
        opened: every worker, in the order of their numbers.
        spans: of the workers, shape (items,), in order of completion.
        served: of the server, in order of completion; empty without one.
        server: the server's process; None without one.
        dropped: how many spans the server had no room for.
        printed: the first line that the items printed, if any.
        ended: how the workers ended.
    """

    opened: tuple[Opened, ...]
    spans: tuple[Span, ...]
    served: tuple[Served, ...] = ()
    server: int | None = None
    dropped: int = 0
    printed: str | None = None
    ended: Ended = field(default_factory=Ended)


def collected(wished: Wish) -> Round:
    """Run a warm round and another one, and give the second.

    Raises:
        WatchError: if it can't be done.
        ServerError: if the server doesn't start, or dies.
    """
    opened: list[Opened] = []
    spans: list[Span] = []
    printed: str | None = None
    ended = Ended()
    with rounds(wished, spans=True) as (records, server):
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
