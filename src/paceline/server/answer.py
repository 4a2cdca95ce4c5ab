"""An answer that can't be given yet, and what all connections share."""

from collections.abc import Callable
from dataclasses import dataclass

from paceline.server.alarm import Alarm
from paceline.server.ledger import Tally
from paceline.server.link import Link
from paceline.server.spans import Spans
from paceline.server.wire import Order


@dataclass(slots=True)
class Core:
    """What all connections share.

    Args:
        alarm: wakes answers when they are due.
        link: the link of limited bandwidth, or None.
        tally: the counter since the last reset.
        spans: where a tracing server keeps them; None for one that leaves none.
    """

    alarm: Alarm
    link: Link | None
    tally: Tally
    spans: Spans | None = None


class Answer:
    """An answer that is not due, or behind another one, or more than the client takes at once.

    Args:
        flush: called when it is ready; None once the client has it or is gone.
        keep: the connection stays open after it.
        order: what was asked for, or None for an uncounted answer.
        text: the uncounted answer.
        tally: who counted the request.
        arrived: when the request was there, seconds of the monotonic clock.
    """

    __slots__ = ("arrived", "flush", "keep", "order", "ready", "tally", "text")

    def __init__(
        self, flush: Callable[[], None], order: Order | None, text: bytes, tally: Tally, arrived: float, *, keep: bool
    ) -> None:
        self.flush: Callable[[], None] | None = flush
        self.order = order
        self.text = text
        self.tally = tally
        self.arrived = arrived
        self.keep = keep
        self.ready = False

    @property
    def waiting(self) -> bool:
        """Return whether anybody waits for it."""
        return self.flush is not None

    def ring(self) -> None:
        """The service time is over."""
        self.ready = True
        if self.flush is not None:
            self.flush()
