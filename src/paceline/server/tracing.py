"""Connections that leave a span for each item: a server has either these or the plain ones, which know nothing of
spans.
"""

import asyncio
from dataclasses import replace
from time import monotonic
from typing import cast

from paceline.server.connection import Connection
from paceline.server.pipeline import Pipeline
from paceline.server.spans import Served
from paceline.server.wire import Order


class TracingConnection(Connection):
    """One connection whose answers are traced."""

    __slots__ = ()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        self.pipeline = TracingPipeline(self.core, cast(asyncio.Transport, transport))


class TracingPipeline(Pipeline):
    """Answers that each leave a span once they are handed over; one that is never whole, as after a reset, leaves none.

    Attributes:
        number: of the connection, since the last reset.
    """

    __slots__ = ("number",)

    def serve(self, order: Order, *, keep: bool) -> None:
        """Give an item's answer as any pipeline does, but never by the short cut, which goes past `finish`."""
        if self.core.tally is not self.tally:
            self.number = self.core.tally.connections
            peer = self.transport.get_extra_info("peername")
            if self.core.spans is not None:
                self.core.spans.came(str(peer[0]) if peer else "gone")
        super().serve(replace(order, prompt=False), keep=keep)

    def finish(self) -> None:
        """The first answer in line has been handed over; what a reset of the ledger left behind is no part of the
        trace.
        """
        answer = self.pending[0]
        super().finish()
        order, spans = answer.order, self.core.spans
        if spans is not None and order is not None and order.service.fault is None and answer.tally is self.core.tally:
            due = answer.arrived + order.seconds
            spans.add(Served(order.item, self.number, answer.arrived, due, monotonic()))
