"""The server's own process: sockets, signals, and the line that says where it listens."""

import asyncio
import gc
import json
import os
import resource
import signal
import sys
from contextlib import suppress

import uvloop

from paceline.server.answers import Core, Link
from paceline.server.clock import Alarm
from paceline.server.connection import Connection, TracingConnection
from paceline.server.ledger import Spans, Tally

BACKLOG = 16384
STDIN = 0


def serve(host: str, port: int, bandwidth: float | None, *, until_stdin_closes: bool, spans: bool) -> int:
    """Serve in the foreground; print one JSON line with `url` and `pid` once listening.

    Args:
        host: address to listen at.
        port: 0 for a free one.
        bandwidth: bytes per second that all connections share, above 0; None for no limit.
        until_stdin_closes: end when stdin does, and leave Ctrl-C to the process at its other end; else run until SIGINT
            or SIGTERM, whatever stdin is.
        spans: leave a span for each item.

    Returns:
        The exit status: 0 when told to stop, 1 when it could not listen, with the reason on stderr.
    """
    if until_stdin_closes:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise_descriptor_limit()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run(host, port, bandwidth, until_stdin_closes=until_stdin_closes, spans=spans))


def raise_descriptor_limit() -> None:
    """Allow as many connections as the system does."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with suppress(ValueError, OSError):  # some systems call the limit infinite, and refuse to set it so
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def run(host: str, port: int, bandwidth: float | None, *, until_stdin_closes: bool, spans: bool) -> int:
    """Listen and serve until told to stop."""
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
        trouble = f"can't listen at {host} port {port}: {reason}; choose another, or port 0 for a free one"
        print(f"paceline serve: {trouble}", file=sys.stderr)  # noqa: T201  # this is the command's output
        return 1
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
