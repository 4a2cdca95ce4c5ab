"""Bytes of HTTP/1.1: heads, short texts, and what a request's target asks for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus

from paceline.server.body import body, piece
from paceline.server.parameters import ParameterError, printable
from paceline.server.service import Service

MAX_TARGET = 2048
PIECE = 2**20
KEPT = 4096

ITEM = re.compile(r"/item/(\d{1,18})", re.ASCII)
REASONS = {status.value: status.phrase for status in HTTPStatus}
CLOSE = b"Connection: close\r\n"


def head(status: int, size: int, *, keep: bool) -> bytes:
    """Write an answer's head, with the blank line that ends it; 204 and 304 have no body, so no length either."""
    length = b"" if status in (204, 304) else b"Content-Type: text/plain\r\nContent-Length: %d\r\n" % size
    reason = REASONS.get(status, "Unnamed").encode()
    return b"HTTP/1.1 %d %b\r\n%b%b\r\n" % (status, reason, length, b"" if keep else CLOSE)


def text(status: int, line: str, *, keep: bool, bare: bool = False, extra: bytes = b"") -> bytes:
    """Write an answer of one line; a `bare` one, to a HEAD request, leaves the line itself out."""
    content = f"{line}\n".encode()
    start, end = head(status, len(content), keep=keep)[:-2], b"\r\n"
    return start + extra + end + (b"" if bare else content)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that can't be honoured, and why."""

    status: int
    line: str


@dataclass(frozen=True, slots=True)
class Order:
    """What a request asks for, worked out once per target.

    Args:
        item: the item's number.
        service: how it is to be served.
        seconds: its service time.
        sent: bytes of body that are really sent; with a fault only half of them.
        whole: the whole answer where it is short enough to be kept, else nothing.
        prompt: the whole answer may be given straight away.
    """

    item: int
    service: Service
    seconds: float
    sent: int
    whole: bytes
    prompt: bool

    def pieces(self, length: int, *, keep: bool) -> Iterator[bytes]:
        """Cut the answer into the head with some body, and more body, in pieces of about `length` bytes."""
        start = min(length, self.sent)
        yield head(self.service.status, self.service.size, keep=keep) + body(self.item, start)
        while start < self.sent:
            end = min(start + length, self.sent)
            yield piece(self.item, start, end)
            start = end


@lru_cache(maxsize=4096)
def order(target: bytes) -> Order | Refusal:
    """Work out what a request's target asks for: `/item/N?...`, or the refusal that tells why not."""
    if len(target) > MAX_TARGET:
        return Refusal(414, f"the request's target is longer than {MAX_TARGET} bytes")
    path, _, query = without_origin(target.decode("latin-1")).partition("#")[0].partition("?")
    match = ITEM.fullmatch(path)
    if match is None:
        return Refusal(404, f"no such path: {printable(path)}; items are at /item/N?latency=SECONDS&size=BYTES")
    try:
        service = Service.parse(query)
    except ParameterError as error:
        return Refusal(400, str(error))
    return prepare(int(match[1]), service)


def prepare(item: int, service: Service) -> Order:
    """Work out an item's answer as far as it can be kept."""
    seconds = service.seconds(item)
    if service.fault is not None:
        sent = 0 if service.fault == "reset" else service.size // 2
        return Order(item, service, seconds, sent, whole=b"", prompt=False)
    if service.size > KEPT:
        return Order(item, service, seconds, service.size, whole=b"", prompt=False)
    whole = head(service.status, service.size, keep=True) + body(item, service.size)
    return Order(item, service, seconds, service.size, whole, prompt=not seconds)


def without_origin(target: str) -> str:
    """Take the scheme and host off an absolute target, as proxies send it."""
    if not target.startswith("http://"):
        return target
    return "/" + target.removeprefix("http://").partition("/")[2]
