"""The server's own process: sockets, signals, and the line that says where it listens."""

import asyncio
import gc
import json
import os
import resource
import signal
import sys
from contextlib import suppress
from dataclasses import replace
from math import inf
from time import monotonic
from typing import cast

import uvloop

from paceline.server.answers import Core, Link, Order
from paceline.server.clock import Alarm
from paceline.server.connection import Connection, Pipeline
from paceline.server.ledger import Served, Spans, Tally


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


BACKLOG = 16384
MAX_PORT = 65535
STDIN = 0


def serve(
    host: str,
    port: int,
    bandwidth: float | None,
    until_stdin_closes: bool,  # noqa: FBT001  # the CLI's
    *,
    spans: bool = False,
) -> int:
    """Serve in the foreground; print one JSON line with `url` and `pid` once listening.

    Args:
        host: address to listen at.
        port: 0 for a free one.
        bandwidth: bytes per second that all connections share, more than 0, or None for no limit.
        until_stdin_closes: end when stdin does, and leave Ctrl-C to whoever holds its other end; else run until SIGINT
            or SIGTERM, whatever stdin is.
        spans: leave a span for each item.

    Returns:
        The exit status: 0 when told to stop, 1 when it could not listen, with the reason on stderr.
    """
    if bandwidth is not None and not 0 < bandwidth < inf:
        return complain(f"bandwidth {bandwidth:g} can't be honoured; give bytes per second, more than 0")
    if not 0 <= port <= MAX_PORT:  # the system would quietly take it modulo 65536
        return complain(f"there is no port {port}; give one from 0 to {MAX_PORT}, 0 for a free one")
    if until_stdin_closes:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise_descriptor_limit()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run(host, port, bandwidth, until_stdin_closes=until_stdin_closes, spans=spans))


def complain(sentence: str) -> int:
    """Say on stderr why there is no server, and give the exit status for it."""
    print(f"paceline serve: {sentence}", file=sys.stderr)  # noqa: T201  # this is the command's output
    return 1


def raise_descriptor_limit() -> None:
    """Allow as many connections as the system does."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with suppress(ValueError, OSError):  # some systems call the limit infinite, and refuse to set it so
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def run(host: str, port: int, bandwidth: float | None, *, until_stdin_closes: bool, spans: bool) -> int:
    """Listen and serve until a signal comes, or until stdin closes where that was asked for; give the exit status."""
    loop = asyncio.get_running_loop()
    alarm = Alarm(loop)
    core = Core(alarm, None if bandwidth is None else Link(alarm, bandwidth), Tally(), Spans() if spans else None)
    connection = TracingConnection if spans else Connection
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    if until_stdin_closes:
        watch_stdin(loop, stop)
    else:
        loop.add_signal_handler(signal.SIGINT, stop.set)
    try:
        server = await loop.create_server(lambda: connection(core), host, port, backlog=BACKLOG)
    except OSError as error:
        reason = error.strerror or error
        return complain(f"can't listen at {host} port {port}: {reason}; choose another, or port 0 for a free one")
    gc.freeze()  # what is there now stays: no collection needs to look at it again
    announce(server.sockets[0].getsockname())
    await stop.wait()
    server.close()
    alarm.timer.close()
    return 0


def announce(address: tuple[str, int]) -> None:
    """Print where the server listens, for people and for programs."""
    host, port = address[:2]
    shown = f"[{host}]" if ":" in host else host
    print(json.dumps({"url": f"http://{shown}:{port}", "pid": os.getpid()}), flush=True)  # noqa: T201  # as above


def watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Set `stop` when stdin closes; a regular file or the null device is at its end from the start."""

    def look() -> None:
        if not os.read(STDIN, 4096):
            stop.set()

    try:
        loop.add_reader(STDIN, look)
    except OSError:
        stop.set()
