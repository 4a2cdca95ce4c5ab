"""One download, checked: the lesson's I/O-bound work, and the HTTP clients that do it."""

import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

from paceline.contracts import AWAITED, EveryFlavour, Flavour, ItemError, adapted

OK = 200

Get = Callable[[str], bytes]
AsyncGet = Callable[[str], Awaitable[bytes]]


class AnswerError(OSError):
    """The server answered, but not as it should."""


def accept(status: int) -> None:
    """Raise an `AnswerError` for every status but 200."""
    if status != OK:
        raise AnswerError(f"status {status} instead of {OK}")


@contextmanager
def requests_client(timeout: float, concurrency: int) -> Iterator[Get]:
    """One `requests.Session`, with nothing taken from the environment: a proxy there would be measured too."""
    import requests

    del concurrency
    with requests.Session() as session:
        session.trust_env = False

        def get(url: str) -> bytes:
            with session.get(url, timeout=timeout, allow_redirects=False) as response:
                accept(response.status_code)
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
                    accept(response.status)
                    return await response.read()
            except aiohttp.ClientError as error:
                raise OSError(f"{type(error).__name__}: {error}") from error

        yield get


def _raw_client(module: str, timeout: float, concurrency: int) -> Any:
    """The minimal client, whose module is imported where it is used: it needs the library of its loop."""
    return import_module(f"paceline.workloads.{module}").open_client(timeout, concurrency)


CLIENTS: dict[Flavour, dict[str, Callable[[float, int], Any]]] = {
    "blocking": {"requests": requests_client, "raw": partial(_raw_client, "raw")},
    "async": {"aiohttp": aiohttp_client, "raw": partial(_raw_client, "raw_async")},
    "trio": {"raw": partial(_raw_client, "raw_trio")},
    "gevent": {"raw": partial(_raw_client, "raw_gevent")},
}
"""Name -> what opens one, given its time-out in seconds and how many items it serves at once."""

DEFAULTS: dict[Flavour, str] = {"blocking": "requests", "async": "aiohttp", "trio": "raw", "gevent": "raw"}
NAMES = tuple(dict.fromkeys(name for names in (DEFAULTS.values(), *CLIENTS.values()) for name in names))


def load_client(name: str) -> None:
    """Import what the client stands on, as a program does at its top: later, its first use would pay for it."""
    import_module("paceline.workloads.raw" if name == "raw" else name)


Answer = tuple[int, int]
"""(length in bytes, CRC-32) of a body: small, so that processes are not charged for carrying it back."""


@dataclass(frozen=True)
class Fetch(EveryFlavour):
    """GET one URL per item, read the whole body, and give its length and CRC-32.

    Args:
        url: "{item}" in it stands for the item; for expected answers it must lead to an instrument.
        size: bytes that every answer has.
        client: one of `NAMES`; None takes the one that people use with the workers' flavour.
        timeout: seconds without an answer until an item counts as failed.

    Raises:
        ItemError: from its workers, for an answer that failed, came back short or has another status than 200.
    """

    url: str
    size: int
    client: str | None = None
    timeout: float = 30.0

    @staticmethod
    def fits(client: str, flavour: Flavour) -> bool:
        """Return whether `client` can serve workers of that flavour."""
        return client in CLIENTS[flavour]

    @staticmethod
    def default_client(flavour: Flavour) -> str:
        """Name the client that people use with that flavour."""
        return DEFAULTS[flavour]

    def client_for(self, flavour: Flavour) -> str:
        """Name the client that workers of that flavour use."""
        return self.client or self.default_client(flavour)

    def expected(self, item: int) -> Answer:
        """Return what the instrument answers to `item`."""
        from paceline.server.body import body  # no worker needs it

        return checked(body(item, self.size))

    def open(self, flavour: Flavour, concurrency: int) -> Any:
        """Open one session, as the lesson's initializer does, for `concurrency` items at once.

        Raises:
            ValueError: if the client has no such flavour.
        """
        fitting, name = CLIENTS[flavour], self.client_for(flavour)
        if name not in fitting:
            raise ValueError(f"client {name!r} has no {flavour} flavour; those that have: {', '.join(fitting)}")
        fetch = self._fetch_async if flavour in AWAITED else self._fetch
        return adapted(fitting[name](self.timeout, concurrency), flavour, lambda get: nullcontext(partial(fetch, get)))

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
    return len(answer), zlib.crc32(answer)


def _failed(item: int, url: str, error: OSError) -> ItemError:
    return ItemError(item, f"GET {url}: {type(error).__name__}: {error}")
