"""One connection: requests as they are read, and their answers, one after the other."""

import asyncio
import socket
import struct
from collections.abc import Iterator
from dataclasses import replace
from time import monotonic
from typing import cast

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpRequestParser

from paceline.server.answers import MAX_TARGET, PIECE, Core, Order, order, other, text
from paceline.server.ledger import Served, Tally
from paceline.server.service import printable

MAX_HEAD = 2**20  # more than one read, which may hold other requests too; nothing of a head is kept in memory
NO_LINGER = struct.pack("ii", 1, 0)
UNCOUNTED = Tally()  # of a connection that has carried no counted request


class Connection(asyncio.Protocol):
    """Parses what a client sends and answers each request when its head is complete: none here has a use for a body, so
    one that comes is read and forgotten, and a client that waits for "100 Continue" gets the final answer instead.

    A request that comes while the answer before it is still on its way (pipelining) is refused. Kept until its turn, it
    would take longer than its service time, and a client that pipelines would measure that without a word. So there is
    one answer at a time, of which one piece at a time is made, and memory is bounded whatever the client does.

    There is no `on_header` on purpose: the parser skips what it needn't hand out, and keeps no headers.
    """

    __slots__ = (
        "arrived",  # when the request was there, seconds of the monotonic clock
        "closing",  # nothing that follows is answered
        "core",
        "fresh",
        "head_size",
        "keep",  # the connection stays open after this answer
        "order",  # what is being answered
        "parser",
        "paused",  # the client takes no more for now
        "pieces",  # of the answer, those that are left
        "refusal",  # follows the answer
        "tally",  # the last that counted a request of this connection
        "target",
        "transport",
    )

    transport: asyncio.Transport

    def __init__(self, core: Core) -> None:
        self.core = core
        self.parser: HttpRequestParser | None = HttpRequestParser(self)
        self.target = b""
        self.head_size = 0
        self.fresh = True
        self.closing = False
        self.tally = UNCOUNTED
        self.order: Order | None = None
        self.arrived = 0.0
        self.keep = True
        self.pieces: Iterator[bytes] | None = None
        self.paused = False
        self.refusal = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def connection_lost(self, _: Exception | None) -> None:
        """The client has left, or was made to: nothing of its answer is wanted any more."""
        self.closing = True
        self.parser = None  # the parser knows our methods: without this, only the garbage collector frees the two
        self.pieces = None
        if self.order is not None:
            self.order = None
            self.tally.abandoned()
            self.core.alarm.forget(1)

    def pause_writing(self) -> None:
        """The client does not take what it asked for."""
        self.paused = True

    def resume_writing(self) -> None:
        """The client takes more after a pause."""
        self.paused = False
        self.proceed()
        if self.order is None and self.refusal:
            self.hang_up()

    def data_received(self, data: bytes | memoryview) -> None:
        """Parse what has come; requests are handed on from inside the parser."""
        while data and self.parser is not None and not self.closing:
            try:
                self.parser.feed_data(data)
            except HttpParserUpgrade as wish:  # it is declined by going on as before
                data = memoryview(data)[wish.args[0] :]
                continue
            except HttpParserCallbackError:
                raise  # a fault of ours, which the loop reports
            except HttpParserError as error:
                self.refuse(400, f"not HTTP as this server knows it: {printable(str(error))}")
            if self.target:
                self.head_size += len(data)
                if self.head_size > MAX_HEAD:
                    self.refuse(431, f"the request's head is longer than {MAX_HEAD} bytes")
            return

    def on_url(self, part: bytes) -> None:
        """Take the target, or a part of it; what is too long is cut where it is sure to be refused."""
        if not self.target and len(part) <= MAX_TARGET:
            self.target = part
        else:
            self.target = (self.target + part)[: MAX_TARGET + 1]

    def on_headers_complete(self) -> None:
        """Answer a request."""
        target, self.target, self.head_size = self.target, b"", 0
        parser = self.parser
        if self.closing or parser is None:
            return
        if self.order is not None or self.paused:
            self.refuse(400, "an answer is still on its way here; wait for it, or open another connection")
            return
        keep = parser.should_keep_alive()
        if self.fresh:  # asking every request would cost a tenth of its time
            self.fresh = False
            keep = keep and parser.get_http_version() != "1.0"
        if not keep:
            self.closing = True
        method = parser.get_method()
        wanted = order(target) if method == b"GET" else None
        if isinstance(wanted, Order):
            self.serve(wanted, keep=keep)
        else:
            self.transport.write(other(self.core, method, target, wanted, keep=keep))
            if not keep:
                self.transport.close()

    def refuse(self, status: int, line: str) -> None:
        """Answer what can't be served, once, after the answer that is on its way, and hang up."""
        if not self.closing:
            self.closing = True
            self.refusal = text(status, line, keep=False)
            if self.order is None and not self.paused:
                self.hang_up()

    def hang_up(self) -> None:
        """Send the refusal."""
        self.transport.write(self.refusal)
        self.refusal = b""
        self.transport.close()

    def serve(self, order: Order, *, keep: bool) -> None:
        """Send an item's answer after its service time."""
        arrived = monotonic()
        tally = self.core.tally
        if tally is not self.tally:
            self.tally = tally
            tally.connections += 1
        if order.prompt and keep and self.core.link is None:
            self.transport.write(order.whole)
            tally.prompt(order.sent, monotonic() - arrived)
            return
        tally.begin()
        self.order, self.arrived, self.keep = order, arrived, keep
        if order.seconds:
            self.core.alarm.at(arrived + order.seconds, self)
        else:
            self.ring()

    @property
    def waiting(self) -> bool:
        """Return whether the client still waits."""
        return self.order is not None

    def ring(self) -> None:
        """The service time is over: send the answer in one write, or in pieces if it is long or the link narrow."""
        order, link = self.order, self.core.link
        if order is None:
            return  # the client has left
        if order.service.fault == "reset":
            self.reset()
        elif link is None and order.whole and self.keep:
            self.transport.write(order.whole)
            self.finish(order)
        else:
            self.pieces = order.pieces(PIECE if link is None else link.chunk, keep=self.keep)
            self.proceed()

    def proceed(self) -> None:
        """Hand on the pieces of the answer: all that the client takes, or the next one if there is a link to cross."""
        while self.pieces is not None and self.order is not None and not self.paused:
            data = next(self.pieces, None)
            if data is None:
                self.pieces = None
                self.finish(self.order)
            elif self.core.link is None:
                self.transport.write(data)
            else:
                self.core.link.carry(self, data)
                return

    def deliver(self, data: bytes) -> None:
        """A piece has crossed the link."""
        if self.pieces is not None:
            self.transport.write(data)
            self.proceed()

    def finish(self, order: Order) -> None:
        """The answer has been handed over: count it, and close if it was the last one."""
        fault = order.service.fault
        if fault == "stall":
            return  # it stays in flight until the client leaves
        self.order = None
        if fault is None:
            self.tally.answered(order.sent, monotonic() - self.arrived)
        else:
            self.tally.abandoned(order.sent)
        if fault or not self.keep:
            self.closing = True
            self.transport.close()
        elif self.refusal:
            self.hang_up()

    def reset(self) -> None:
        """Break the connection the hard way: the client sees it reset, not closed."""
        self.closing = True
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        self.transport.abort()


class TracingConnection(Connection):
    """Leaves a span of each answer once it is handed over; one that is never whole, as after a reset, leaves none."""

    __slots__ = ("number",)  # of the connection, since the last reset

    def serve(self, order: Order, *, keep: bool) -> None:
        """Send an item's answer as any connection does, but never by the short cut, which goes past `finish`."""
        if self.core.tally is not self.tally:
            self.number = self.core.tally.connections
            peer = self.transport.get_extra_info("peername")
            if self.core.spans is not None:
                self.core.spans.came(str(peer[0]) if peer else "gone")
        super().serve(replace(order, prompt=False), keep=keep)

    def finish(self, order: Order) -> None:
        """Leave a span too; what a reset of the ledger left behind is no part of the trace."""
        super().finish(order)
        spans = self.core.spans
        if spans is not None and order.service.fault is None and self.tally is self.core.tally:
            spans.add(Served(order.item, self.number, self.arrived, self.arrived + order.seconds, monotonic()))
