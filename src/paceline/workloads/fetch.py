"""One download, checked: the lesson's I/O-bound work."""

import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial

from paceline.contracts import Face, ItemError
from paceline.server.body import body
from paceline.workloads import clients

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
        return client in clients.FACES[face]

    @staticmethod
    def default_client(face: Face) -> str:
        """Name the client that people use on that face."""
        return clients.DEFAULTS[face]

    def client_for(self, face: Face) -> str:
        """Name the client that workers of that face use."""
        return self.client or self.default_client(face)

    def expected(self, item: int) -> Answer:
        """Return what the instrument answers to `item`."""
        return checked(body(item, self.size))

    @contextmanager
    def worker(self) -> Iterator[Callable[[int], Answer]]:
        """Open one session, as the lesson's initializer does, and close it after."""
        with clients.blocking(self.client_for("blocking"))(self.timeout) as get:
            yield partial(self._fetch, get)

    @asynccontextmanager
    async def async_worker(self, concurrency: int) -> AsyncIterator[Callable[[int], Awaitable[Answer]]]:
        """Open one session for `concurrency` items at once."""
        async with clients.asynchronous(self.client_for("async"))(self.timeout, concurrency) as get:
            yield partial(self._fetch_async, get)

    @asynccontextmanager
    async def trio_worker(self, concurrency: int) -> AsyncIterator[Callable[[int], Awaitable[Answer]]]:
        """Open one session for `concurrency` items at once, under trio."""
        async with clients.asynchronous(self.client_for("trio"), "trio")(self.timeout, concurrency) as get:
            yield partial(self._fetch_async, get)

    @contextmanager
    def gevent_worker(self) -> Iterator[Callable[[int], Answer]]:
        """Open one greenlet's session."""
        with clients.blocking(self.client_for("gevent"), "gevent")(self.timeout) as get:
            yield partial(self._fetch, get)

    def _fetch(self, get: clients.Get, item: int) -> Answer:
        url = self.url.replace("{item}", str(item))
        try:
            return self._whole(item, url, get(url))
        except OSError as error:
            raise _failed(item, url, error) from error

    async def _fetch_async(self, get: clients.AsyncGet, item: int) -> Answer:
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
