"""The minimal client for trio: plain sockets that never block, and trio to wait on them."""

import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress
from time import monotonic

import trio
from trio.lowlevel import notify_closing, wait_readable, wait_writable

from paceline.workloads.raw import CHUNK, CONNECTING, Answer, addresses, parts


@asynccontextmanager
async def open_client(timeout: float, concurrency: int) -> AsyncIterator[Callable[[str], Awaitable[bytes]]]:
    """As many connections as are needed at once, kept open; `timeout` seconds for each of them, and for each answer."""
    del concurrency  # as many items in flight open as many connections, no more
    with closing(Client(timeout)) as client:
        trio.lowlevel.spawn_system_task(client.watch)  # in a nursery of ours, every error would become a group
        yield client.get


class Client:
    """The connections of one loop."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._connecting = trio.Semaphore(CONNECTING)
        self._idle: dict[str, list[socket.socket]] = {}
        self._due: dict[socket.socket, float] = {}  # those that wait for an answer, oldest first; seconds, monotonic
        self._watching = trio.CancelScope()

    async def get(self, url: str) -> bytes:
        """Return the body of a 200 answer; whatever goes wrong is an `OSError`."""
        origin, request = parts(url)
        idle = self._idle.setdefault(origin, [])
        connection = idle.pop() if idle else await self._connect(origin)
        self._due[connection] = monotonic() + self._timeout
        keeps_open = False
        try:
            body, keeps_open = await _exchange(connection, request)
        except trio.ClosedResourceError:
            raise TimeoutError(f"no whole answer within {self._timeout:g} s") from None
        finally:
            self._due.pop(connection, None)
            if keeps_open:
                idle.append(connection)
            else:
                _close(connection)
        return body

    async def watch(self) -> None:
        """End the wait of connections whose time is up. All have the same, so the oldest is the first, and one sleep
        serves them all: a cancel scope for each would cost a third of an item.
        """
        with self._watching:
            while True:
                due = next(iter(self._due.values()), monotonic() + self._timeout)
                await trio.sleep(max(0.0, due - monotonic()))
                now = monotonic()
                for connection in [connection for connection, due in self._due.items() if due <= now]:
                    del self._due[connection]
                    notify_closing(connection)

    def close(self) -> None:
        """Close every connection; none is in use any more."""
        self._watching.cancel()
        for idle in self._idle.values():
            while idle:
                _close(idle.pop())

    async def _connect(self, origin: str) -> socket.socket:
        refused: OSError = TimeoutError(f"no connection to {origin} within {self._timeout:g} s")
        with trio.move_on_after(self._timeout):
            for family, place in addresses(origin):
                try:
                    async with self._connecting:
                        return await _connect_to(family, place)
                except OSError as error:
                    refused = error
        raise refused


async def _connect_to(family: int, place: tuple[str, int]) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(0)  # never blocks
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(BlockingIOError):
            connection.connect(place)
        await wait_writable(connection)
        _raise_pending(connection)
    except BaseException:
        _close(connection)
        raise
    return connection


def _raise_pending(connection: socket.socket) -> None:
    if why := connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise OSError(why, os.strerror(why))


async def _exchange(connection: socket.socket, request: bytes) -> tuple[bytes, bool]:
    await _send(connection, request)
    answer = Answer()
    while True:
        await wait_readable(connection)
        with suppress(BlockingIOError):  # woken for nothing
            if (body := answer.feed(connection.recv(CHUNK))) is not None:
                return body, answer.keeps_open


async def _send(connection: socket.socket, request: bytes) -> None:
    while request:
        try:
            request = request[connection.send(request) :]
        except BlockingIOError:
            await wait_writable(connection)


def _close(connection: socket.socket) -> None:
    notify_closing(connection)
    connection.close()
