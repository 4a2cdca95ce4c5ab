"""One connection: from bytes to requests."""

import asyncio
from typing import cast

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpRequestParser

from paceline.server.answer import Core
from paceline.server.control import other
from paceline.server.parameters import printable
from paceline.server.pipeline import Pipeline
from paceline.server.wire import MAX_TARGET, Order, order, text

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
