"""One download, checked: the lesson's I/O-bound work, and the HTTP clients that do it."""

import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Literal, TypeVar

from paceline.contracts import Face, ItemError
from paceline.server.body import body
from paceline.workloads import raw

T = TypeVar("T")
Get = Callable[[str], bytes]
AsyncGet = Callable[[str], Awaitable[bytes]]


@contextmanager
def requests_client(timeout: float) -> Iterator[Get]:
    """One `requests.Session`, with nothing taken from the environment: a proxy there would be measured too."""
    import requests

    with requests.Session() as session:
        session.trust_env = False

        def get(url: str) -> bytes:
            with session.get(url, timeout=timeout, allow_redirects=False) as response:
                raw.accept(response.status_code)
                return response.content

        yield get


@asynccontextmanager
async def aiohttp_client(timeout: float, concurrency: int) -> AsyncIterator[AsyncGet]:
    """One `aiohttp.ClientSession` whose connector allows `concurrency` connections (its default would be 100)."""
    import aiohttp

    connector = aiohttp.TCPConnector(limit=concurrency)
    limits = aiohttp.ClientTimeout(total=timeout)
    async with aiohttp.ClientSession(connector=connector, timeout=limits) as session:

        async def get(url: str) -> bytes:
            try:
                async with session.get(url, allow_redirects=False) as response:
                    raw.accept(response.status)
                    return await response.read()
            except aiohttp.ClientError as error:
                raise OSError(f"{type(error).__name__}: {error}") from error

        yield get


def raw_async_client(timeout: float, concurrency: int) -> AbstractAsyncContextManager[AsyncGet]:
    """The async face of the minimal client, which needs asyncio; workers that block would start with importing it."""
    from paceline.workloads.raw import async_client

    return async_client(timeout, concurrency)


def raw_trio_client(timeout: float, concurrency: int) -> AbstractAsyncContextManager[AsyncGet]:
    """The trio face of the minimal client, which needs trio."""
    from paceline.workloads.raw_trio import trio_client

    return trio_client(timeout, concurrency)


def raw_gevent_client(timeout: float) -> AbstractContextManager[Get]:
    """The gevent face of the minimal client, which needs gevent."""
    from paceline.workloads.raw_gevent import gevent_client

    return gevent_client(timeout)


Blocking = Callable[[float], AbstractContextManager[Get]]
Asynchronous = Callable[[float, int], AbstractAsyncContextManager[AsyncGet]]

BLOCKING: dict[str, Blocking] = {"requests": requests_client, "raw": raw.blocking_client}
ASYNC: dict[str, Asynchronous] = {"aiohttp": aiohttp_client, "raw": raw_async_client}
TRIO: dict[str, Asynchronous] = {"raw": raw_trio_client}
GEVENT: dict[str, Blocking] = {"raw": raw_gevent_client}
FACES: dict[Face, Collection[str]] = {"blocking": BLOCKING, "async": ASYNC, "trio": TRIO, "gevent": GEVENT}
DEFAULTS: dict[Face, str] = {"blocking": "requests", "async": "aiohttp", "trio": "raw", "gevent": "raw"}
NAMES = tuple(dict.fromkeys(name for names in (DEFAULTS.values(), *FACES.values()) for name in names))


def load_client(name: str) -> None:
    """Import what the client stands on, as a program does at its top: later, its first use would pay for it."""
    if name != "raw":
        import_module(name)


def blocking(name: str, face: Literal["blocking", "gevent"] = "blocking") -> Blocking:
    """Find a client for workers that block, or for greenlets.

    Raises:
        ValueError: if it has no such side.
    """
    return _found(name, BLOCKING if face == "blocking" else GEVENT, face)


def asynchronous(name: str, face: Literal["async", "trio"] = "async") -> Asynchronous:
    """Find a client for tasks of an event loop, asyncio's or trio's.

    Raises:
        ValueError: if it has no such side.
    """
    return _found(name, ASYNC if face == "async" else TRIO, face)


def _found(name: str, clients: dict[str, T], face: Face) -> T:
    if name not in clients:
        raise ValueError(f"client {name!r} has no {face} face; those that have: {', '.join(clients)}")
    return clients[name]


Answer = tuple[int, int]
"""(length in bytes, CRC-32) of a body: small, so that processes are not charged for carrying it back."""


@dataclass(frozen=True)
class Fetch:
    """GET one URL per item, read the whole body, and give its length and CRC-32.

    Args:
        url: "{item}" in it stands for the item; for expected answers it must lead to an instrument.
        size: bytes that every answer has.
        client: one of `clients.NAMES`; None takes the one that people use on the workers' face.
        timeout: seconds without an answer until an item counts as failed.

    Raises:
        ItemError: from its workers, for an answer that failed, came back short or has another status than 200.
    """

    url: str
    size: int
    client: str | None = None
    timeout: float = 30.0

    @staticmethod
    def fits(client: str, face: Face) -> bool:
        """Return whether `client` can serve workers of that face."""
        return client in FACES[face]

    @staticmethod
    def default_client(face: Face) -> str:
        """Name the client that people use on that face."""
        return DEFAULTS[face]

    def client_for(self, face: Face) -> str:
        """Name the client that workers of that face use."""
        return self.client or self.default_client(face)

    def expected(self, item: int) -> Answer:
        """Return what the instrument answers to `item`."""
        return checked(body(item, self.size))

    @contextmanager
    def worker(self) -> Iterator[Callable[[int], Answer]]:
        """Open one session, as the lesson's initializer does, and close it after."""
        with blocking(self.client_for("blocking"))(self.timeout) as get:
            yield partial(self._fetch, get)

    @asynccontextmanager
    async def async_worker(self, concurrency: int) -> AsyncIterator[Callable[[int], Awaitable[Answer]]]:
        """Open one session for `concurrency` items at once."""
        async with asynchronous(self.client_for("async"))(self.timeout, concurrency) as get:
            yield partial(self._fetch_async, get)

    @asynccontextmanager
    async def trio_worker(self, concurrency: int) -> AsyncIterator[Callable[[int], Awaitable[Answer]]]:
        """Open one session for `concurrency` items at once, under trio."""
        async with asynchronous(self.client_for("trio"), "trio")(self.timeout, concurrency) as get:
            yield partial(self._fetch_async, get)

    @contextmanager
    def gevent_worker(self) -> Iterator[Callable[[int], Answer]]:
        """Open one greenlet's session."""
        with blocking(self.client_for("gevent"), "gevent")(self.timeout) as get:
            yield partial(self._fetch, get)

    def _fetch(self, get: Get, item: int) -> Answer:
        url = self.url.replace("{item}", str(item))
        try:
            return self._whole(item, url, get(url))
        except OSError as error:
            raise _failed(item, url, error) from error

    async def _fetch_async(self, get: AsyncGet, item: int) -> Answer:
        url = self.url.replace("{item}", str(item))
        try:
            return self._whole(item, url, await get(url))
        except OSError as error:
            raise _failed(item, url, error) from error

    def _whole(self, item: int, url: str, answer: bytes) -> Answer:
        if len(answer) != self.size:
            raise ItemError(item, f"GET {url}: {len(answer)} bytes came where {self.size} were due")
        return checked(answer)


def checked(answer: bytes) -> Answer:
    """Reduce a body to what is compared."""
    return len(answer), zlib.crc32(answer)


def _failed(item: int, url: str, error: OSError) -> ItemError:
    return ItemError(item, f"GET {url}: {type(error).__name__}: {error}")
