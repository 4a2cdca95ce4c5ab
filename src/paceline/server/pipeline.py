"""The answers of one connection: served at the same time, given in order."""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Iterator
from time import monotonic

from paceline.server.answer import Answer, Core
from paceline.server.ledger import Tally
from paceline.server.wire import PIECE, Order

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
