"""The HTTP clients behind `Fetch`: what people use, and a minimal one to compare strategies without comparing clients.

Every client raises an OSError of some kind for whatever goes wrong, and gives the whole body of a 200 answer otherwise.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from importlib import import_module
from typing import Literal, TypeVar

from paceline.contracts import Face
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
    from paceline.workloads.raw_async import async_client

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


def load(name: str) -> None:
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
