"""The minimal client for asyncio, with thousands of items in flight: apart, as workers that block need no asyncio."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import cast

from paceline.workloads.fetch import AnswerError
from paceline.workloads.raw import CONNECTING, Answer, address, parts


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
        due = self._due[connection] = self._loop.time() + self._timeout
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._look)

    def stop(self, connection: AsyncConnection) -> None:
        self._due.pop(connection, None)

    def close(self) -> None:
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
async def open_client(timeout: float, concurrency: int) -> AsyncIterator[Callable[[str], Awaitable[bytes]]]:
    """As many connections as are needed at once, kept open; `timeout` seconds for each of them, and for each answer."""
    del concurrency  # as many items in flight open as many connections, no more
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
        """Return the body of a 200 answer; whatever goes wrong is an `OSError`."""
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
