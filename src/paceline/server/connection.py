"""One connection: requests as they are read, and their answers in order."""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Iterator
from time import monotonic
from typing import cast

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpRequestParser

from paceline.server.answers import MAX_TARGET, PIECE, Answer, Core, Order, order, other, text
from paceline.server.ledger import Tally
from paceline.server.service import printable

MAX_PENDING = 256
NO_LINGER = struct.pack("ii", 1, 0)


class Pipeline:
    """Answers on their way to one client, which may ask for a pause.

    Memory is bounded whatever the client does: the line of pending answers by `MAX_PENDING` and one read, and of the
    answers themselves only one piece at a time is made.
    """

    __slots__ = ("blocked", "core", "held", "paused", "pending", "sending", "tally", "transport")

    def __init__(self, core: Core, transport: asyncio.Transport) -> None:
        self.core = core
        self.transport = transport
        self.pending: deque[Answer] = deque()
        self.sending: Iterator[bytes] | None = None
        self.tally: Tally | None = None
        self.paused = False  # the client takes no more for now
        self.held = False  # the client has too many answers pending, and is not read from
        self.blocked = False  # a fault has struck: nothing follows

    def serve(self, order: Order, *, keep: bool) -> None:
        """Give an item's answer after its service time, and after all answers before it."""
        arrived = monotonic()
        tally = self.core.tally
        if tally is not self.tally:
            self.tally = tally
            tally.connections += 1
        if order.prompt and keep and not self.pending and not self.paused and self.core.link is None:
            self.transport.write(order.whole)
            tally.prompt(order.sent, monotonic() - arrived)
        else:
            tally.begin()
            self.enqueue(Answer(self.flush, order, b"", tally, arrived, keep=keep), order.seconds)

    def say(self, text: bytes, *, keep: bool) -> None:
        """Give an uncounted answer after all answers before it."""
        self.enqueue(Answer(self.flush, None, text, self.core.tally, 0.0, keep=keep), 0.0)

    def enqueue(self, answer: Answer, seconds: float) -> None:
        """Put an answer at the end of the line; a client that fills the line is not read from until it is shorter."""
        self.pending.append(answer)
        if len(self.pending) >= MAX_PENDING and not self.held:
            self.held = True
            self.transport.pause_reading()
        if seconds:
            self.core.alarm.at(answer.arrived + seconds, answer)
        else:
            answer.ring()

    def flush(self) -> None:
        """Give all answers that are ready and next in line, as far as the client takes them."""
        pending = self.pending
        while pending and pending[0].ready and self.sending is None and not self.paused and not self.blocked:
            self.start(pending[0])
        if self.held and len(pending) < MAX_PENDING // 2 and not self.transport.is_closing():
            self.held = False
            self.transport.resume_reading()

    def start(self, answer: Answer) -> None:
        """Begin to give the first answer in line: in one write, or in pieces when it is long or the link is narrow."""
        order, link = answer.order, self.core.link
        if order is None:
            self.transport.write(answer.text)
            self.finish()
        elif order.service.fault == "reset":
            self.reset()
        elif link is None and order.whole and answer.keep:
            self.transport.write(order.whole)
            self.finish()
        else:
            self.sending = order.pieces(PIECE if link is None else link.chunk, keep=answer.keep)
            self.proceed()

    def proceed(self) -> None:
        """Hand on the pieces of the answer: all that the client takes, or the next one if there is a link to cross."""
        while self.sending is not None and not self.paused:
            data = next(self.sending, None)
            if data is None:
                self.sending = None
                self.finish()
            elif self.core.link is None:
                self.transport.write(data)
            else:
                self.core.link.carry(self, data)
                return

    def deliver(self, data: bytes) -> None:
        """A piece has crossed the link."""
        if self.sending is not None:
            self.transport.write(data)
            self.proceed()
            self.flush()

    def finish(self) -> None:
        """The first answer in line has been handed over: count it, and close if it was the last one."""
        answer, order = self.pending[0], self.pending[0].order
        fault = order.service.fault if order else None
        if fault == "stall":
            self.blocked = True  # it stays in flight until the client leaves
            return
        self.pending.popleft()
        answer.flush = None
        if order is not None and fault is None:
            answer.tally.answered(order.sent, monotonic() - answer.arrived)
        elif order is not None:
            answer.tally.abandoned(order.sent)
        if fault or not answer.keep:
            self.blocked = True
            self.transport.close()

    def reset(self) -> None:
        """Break the connection the hard way: the client sees it reset, not closed."""
        self.blocked = True
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        self.transport.abort()

    def resume(self) -> None:
        """The client takes more after a pause."""
        self.paused = False
        self.proceed()
        self.flush()

    def drop(self) -> None:
        """The client is gone: nothing of this is wanted any more."""
        for answer in self.pending:
            answer.flush = None
            if answer.order is not None:
                answer.tally.abandoned()
        self.core.alarm.forget(len(self.pending))
        self.pending.clear()
        self.sending = None
        self.blocked = True


MAX_HEAD = 2**20  # more than one read, which may hold other requests too; nothing of a head is kept in memory


class Connection(asyncio.Protocol):
    """Parses what a client sends and gives each request to the pipeline, when its head is complete: no request here has
    a use for a body, so one that comes is read and forgotten, and a client that waits for "100 Continue" gets the
    final answer instead.

    There is no `on_header` on purpose: the parser skips what it needn't hand out, and keeps no headers.
    """

    __slots__ = ("closing", "core", "fresh", "head_size", "parser", "pipeline", "target")

    pipeline: Pipeline

    def __init__(self, core: Core) -> None:
        self.core = core
        self.parser: HttpRequestParser | None = HttpRequestParser(self)
        self.target = b""
        self.head_size = 0
        self.fresh = True
        self.closing = False  # nothing that follows is answered

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        self.pipeline = Pipeline(self.core, cast(asyncio.Transport, transport))  # uvloop's is none by inheritance

    def connection_lost(self, _: Exception | None) -> None:
        """The client has left, or was made to."""
        self.closing = True
        self.parser = None  # the parser knows our methods: without this, only the garbage collector frees the two
        self.pipeline.drop()

    def pause_writing(self) -> None:
        """The client does not take what it asked for."""
        self.pipeline.paused = True

    def resume_writing(self) -> None:
        """The client takes more."""
        self.pipeline.resume()

    def data_received(self, data: bytes) -> None:
        """Parse what has come; requests are handed on from inside the parser."""
        if self.parser is None or self.closing:
            return
        try:
            self.parser.feed_data(data)
        except (HttpParserUpgrade, HttpParserError) as error:
            self.trouble(error, data)
        if self.target:
            self.head_size += len(data)
            if self.head_size > MAX_HEAD:
                self.refuse(431, f"the request's head is longer than {MAX_HEAD} bytes")

    def trouble(self, error: HttpParserUpgrade | HttpParserError, data: bytes | memoryview) -> None:
        """Decline a wish to upgrade by going on as before, and refuse what is not HTTP."""
        while isinstance(error, HttpParserUpgrade):
            data = memoryview(data)[error.args[0] :]
            try:
                if data and self.parser is not None:
                    self.parser.feed_data(data)
            except (HttpParserUpgrade, HttpParserError) as another:
                error = another
            else:
                return
        if isinstance(error, HttpParserCallbackError):
            raise error  # a fault of ours, which the loop reports
        self.refuse(400, f"not HTTP as this server knows it: {printable(str(error))}")

    def refuse(self, status: int, line: str) -> None:
        """Answer what can't be parsed, once, and hang up."""
        if not self.closing:
            self.closing = True
            self.pipeline.say(text(status, line, keep=False), keep=False)

    def on_url(self, part: bytes) -> None:
        """Take the target, or a part of it; what is too long is cut where it is sure to be refused."""
        if not self.target and len(part) <= MAX_TARGET:
            self.target = part
        else:
            self.target = (self.target + part)[: MAX_TARGET + 1]

    def on_headers_complete(self) -> None:
        """Hand a request on."""
        target, self.target, self.head_size = self.target, b"", 0
        parser = self.parser
        if self.closing or parser is None:
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
            self.pipeline.serve(wanted, keep=keep)
        else:
            self.pipeline.say(other(self.core, method, target, wanted, keep=keep), keep=keep)
