"""One minimal HTTP/1.1 client: the codec, and the client for workers that block."""

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from typing import Any, Protocol

from paceline.workloads.fetch import AnswerError, accept

CHUNK = 1 << 18  # bytes asked of the socket at once
CONNECTING = 1000  # connections being opened at once: a burst beyond the listener's backlog would wait a second each
LONGEST_HEAD = 1 << 16  # bytes


class Connection(Protocol):
    """What the client needs of a socket."""

    def sendall(self, data: bytes, /) -> object:
        """Send all of it."""

    def recv(self, size: int, /) -> bytes:
        """Wait for something, and give it."""

    def close(self) -> object:
        """Let go of it."""


class Answer:
    """The codec: one answer as it comes in, piece by piece."""

    def __init__(self) -> None:
        self._got: bytes | bytearray = b""
        self._start = 0  # where the body begins; 0 while the head is incomplete
        self._end = 0  # where it ends
        self.keeps_open = True

    def feed(self, data: bytes) -> bytes | None:
        """Take what came; return the body once it is whole.

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
    """Resolve "host:port" into (family, what a socket of it connects to), without the thread that a loop would keep."""
    found = socket.getaddrinfo(*address(origin), type=socket.SOCK_STREAM)
    return tuple((family, place) for family, _, _, _, place in found)


def parts(url: str) -> tuple[str, bytes]:
    """Split into origin ("host:port") and the request's bytes."""
    scheme, _, rest = url.partition("://")
    if scheme != "http":
        raise AnswerError(f"the raw client speaks http, not {scheme}")
    origin, _, target = rest.partition("/")
    return origin, f"GET /{target} HTTP/1.1\r\nHost: {origin}\r\n\r\n".encode("ascii")


def open_client(timeout: float, concurrency: int) -> AbstractContextManager[Callable[[str], bytes]]:
    """One connection per server, kept open; `timeout` seconds for each wait on it."""
    del concurrency
    return client(timeout, _connect)


@contextmanager
def client(timeout: float, connect: Callable[[str, float], Connection]) -> Iterator[Callable[[str], bytes]]:
    """One connection per server, kept open.

    Args:
        timeout: seconds for each wait.
        connect: opens one to ("host:port", time-out); it waits in whatever way.
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
