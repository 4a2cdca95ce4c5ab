"""One minimal HTTP/1.1 client: the codec, its blocking side, and the async one for thousands of items in flight."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, aclosing, asynccontextmanager, contextmanager
from functools import lru_cache
from typing import Any, Protocol, cast

CHUNK = 1 << 18  # bytes asked of the socket at once
CONNECTING = 1000  # connections being opened at once: a burst beyond the listener's backlog would wait a second each
LONGEST_HEAD = 1 << 16  # bytes
OK = 200


class Connection(Protocol):
    """What the client needs of a socket, whoever waits on it."""

    def sendall(self, data: bytes, /) -> object:
        """Send all of it."""

    def recv(self, size: int, /) -> bytes:
        """Wait for something, and give it."""

    def close(self) -> object:
        """Let go of it."""


class AnswerError(OSError):
    """The server answered, but not as it should."""


def accept(status: int) -> None:
    """Refuse every status but 200.

    Raises:
        AnswerError: naming the status.
    """
    if status != OK:
        raise AnswerError(f"status {status} instead of {OK}")


class Answer:
    """The codec: one answer as it comes in, piece by piece."""

    def __init__(self) -> None:
        self._got: bytes | bytearray = b""
        self._start = 0  # where the body begins; 0 while the head is incomplete
        self._end = 0  # where it ends
        self.keeps_open = True

    def feed(self, data: bytes) -> bytes | None:
        """Take what came; give the body once it is whole.

        Raises:
            AnswerError: for a head that isn't understood, another status than 200, or a connection closed too early.
        """
        if not data:
            raise AnswerError(f"connection closed after {len(self._got)} bytes, before the answer was whole")
        if self._got and isinstance(self._got, bytes):  # most answers come in one piece, which needs no copy
            self._got = bytearray(self._got)
        self._got += data
        if not self._start:
            self._read_head()
        if not self._start or len(self._got) < self._end:
            return None
        return bytes(self._got[self._start : self._end])

    def _read_head(self) -> None:
        end = self._got.find(b"\r\n\r\n")
        if end < 0:
            if len(self._got) > LONGEST_HEAD:
                raise AnswerError(f"no end of the head within {LONGEST_HEAD} bytes")
            return
        status, length, self.keeps_open = read_head(bytes(self._got[:end]))
        accept(status)
        self._start = end + 4
        self._end = self._start + length


@lru_cache(maxsize=128)
def read_head(head: bytes) -> tuple[int, int, bool]:
    """Read (status, length of the body in bytes, whether the connection stays open).

    Raises:
        AnswerError: if it isn't HTTP/1.x or doesn't say how long its body is.
    """
    first, *lines = head.split(b"\r\n")
    version, _, rest = first.partition(b" ")
    code = rest[:3]
    if not version.startswith(b"HTTP/1.") or not code.isdigit():
        raise AnswerError(f"not an HTTP/1.x answer: {first[:80]!r}")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
    length = headers.get(b"content-length", b"")
    if not length.isdigit():
        raise AnswerError(f"status {int(code)} without a usable Content-Length: {length!r}")
    default = b"close" if version == b"HTTP/1.0" else b"keep-alive"
    return int(code), int(length), headers.get(b"connection", default).lower() != b"close"


@lru_cache(maxsize=128)
def address(origin: str) -> tuple[str, int]:
    """Split "host:port" into what a socket connects to."""
    host, _, port = origin.partition(":")
    return host, int(port or 80)


@lru_cache(maxsize=128)
def addresses(origin: str) -> tuple[tuple[int, Any], ...]:
    """Resolve "host:port" here and now, into (family, what a socket of it connects to): the libraries of loops would
    start a thread for it, and keep it.

    Raises:
        OSError: if there is no such host.
    """
    found = socket.getaddrinfo(*address(origin), type=socket.SOCK_STREAM)
    return tuple((family, place) for family, _, _, _, place in found)


def parts(url: str) -> tuple[str, bytes]:
    """Split into origin ("host:port") and the request's bytes."""
    scheme, _, rest = url.partition("://")
    if scheme != "http":
        raise AnswerError(f"the raw client speaks http, not {scheme}")
    origin, _, target = rest.partition("/")
    return origin, f"GET /{target} HTTP/1.1\r\nHost: {origin}\r\n\r\n".encode("ascii")


def blocking_client(timeout: float) -> AbstractContextManager[Callable[[str], bytes]]:
    """One connection per server, kept open; `timeout` seconds for each wait on it."""
    return client(timeout, _connect)


@contextmanager
def client(timeout: float, connect: Callable[[str, float], Connection]) -> Iterator[Callable[[str], bytes]]:
    """The same over any connections that know how to wait.

    Args:
        timeout: seconds for each wait.
        connect: opens one to ("host:port", time-out).
    """
    connections: dict[str, Connection] = {}

    def get(url: str) -> bytes:
        origin, request = parts(url)
        connection = connections.pop(origin, None) or connect(origin, timeout)
        try:
            body, keeps_open = _exchange(connection, request)
        except BaseException:
            connection.close()
            raise
        if keeps_open:
            connections[origin] = connection
        else:
            connection.close()
        return body

    try:
        yield get
    finally:
        for connection in connections.values():
            connection.close()


def _connect(origin: str, timeout: float) -> socket.socket:
    connection = socket.create_connection(address(origin), timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _exchange(connection: Connection, request: bytes) -> tuple[bytes, bool]:
    connection.sendall(request)
    answer = Answer()
    while (body := answer.feed(connection.recv(CHUNK))) is None:
        pass
    return body, answer.keeps_open


class AsyncConnection(asyncio.Protocol):
    """One connection; one request under way at a time."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._answer = Answer()
        self._result: asyncio.Future[bytes] | None = None
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.reusable = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is one, and no subclass

    def data_received(self, data: bytes) -> None:
        try:
            body = self._answer.feed(data)
        except AnswerError as error:
            self.fail(error)
            return
        if body is not None and self._result and not self._result.done():
            self.reusable = self._answer.keeps_open
            self._result.set_result(body)

    def connection_lost(self, error: Exception | None) -> None:
        self.lost.set_result(None)
        self.fail(error or AnswerError("connection closed before the answer was whole"))

    def fail(self, error: BaseException) -> None:
        """End the request under way with `error`, and use this connection no more."""
        self.reusable = False
        if self._result and not self._result.done():
            self._result.set_exception(error)

    def exchange(self, request: bytes) -> asyncio.Future[bytes]:
        """Send a request; the future gives its answer's body."""
        self._answer = Answer()
        result = self._result = self.lost.get_loop().create_future()
        self.transport.write(request)
        return result


class Deadlines:
    """One timer for all requests: each has the same time, so the oldest is the first to run out of it."""

    def __init__(self, timeout: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._timeout = timeout
        self._due: dict[AsyncConnection, float] = {}  # on the loop's clock, oldest first
        self._timer: asyncio.TimerHandle | None = None

    def start(self, connection: AsyncConnection) -> None:
        """Give `connection` the time-out from now on."""
        due = self._due[connection] = self._loop.time() + self._timeout
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._look)

    def stop(self, connection: AsyncConnection) -> None:
        """Take `connection` off the watch."""
        self._due.pop(connection, None)

    def close(self) -> None:
        """Leave no timer behind."""
        if self._timer:
            self._timer.cancel()

    def _look(self) -> None:
        self._timer = None
        now = self._loop.time()
        for connection, due in list(self._due.items()):
            if due > now:
                self._timer = self._loop.call_at(due, self._look)
                return
            self.stop(connection)
            connection.fail(TimeoutError(f"no whole answer within {self._timeout:g} s"))


@asynccontextmanager
async def async_client(timeout: float, concurrency: int) -> AsyncIterator[Callable[[str], Awaitable[bytes]]]:
    """As many connections as are needed at once, kept open; `timeout` seconds for each of them, and for each answer."""
    del concurrency  # whoever keeps that many items in flight opens that many connections, no more
    async with aclosing(Client(timeout)) as client:
        yield client.get


class Client:
    """The connections of one loop."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._deadlines = Deadlines(timeout)
        self._connecting = asyncio.Semaphore(CONNECTING)
        self._idle: dict[str, list[AsyncConnection]] = {}
        self._every: set[AsyncConnection] = set()

    async def get(self, url: str) -> bytes:
        """Fetch the body of a 200 answer.

        Raises:
            OSError: for whatever goes wrong.
        """
        origin, request = parts(url)
        idle = self._idle.setdefault(origin, [])
        while idle and not idle[-1].reusable:  # the server closed it meanwhile
            idle.pop()
        connection = idle.pop() if idle else await self._connect(origin)
        self._deadlines.start(connection)
        try:
            return await connection.exchange(request)
        except BaseException:
            connection.reusable = False
            raise
        finally:
            self._deadlines.stop(connection)
            if connection.reusable:
                idle.append(connection)
            else:
                connection.transport.abort()

    async def aclose(self) -> None:
        """Close every connection, and wait until that is done."""
        self._deadlines.close()
        for connection in self._every:
            connection.transport.abort()
        await asyncio.gather(*(connection.lost for connection in self._every))

    async def _connect(self, origin: str) -> AsyncConnection:
        try:
            async with asyncio.timeout(self._timeout) as limit, self._connecting:
                connection = (await asyncio.get_running_loop().create_connection(AsyncConnection, *address(origin)))[1]
        except TimeoutError:
            if not limit.expired():  # the system's own
                raise
            raise TimeoutError(f"no connection to {origin} within {self._timeout:g} s") from None
        self._every.add(connection)
        connection.lost.add_done_callback(lambda _: self._every.discard(connection))
        return connection
