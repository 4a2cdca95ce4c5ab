"""From a request to the bytes of its answer, and when they leave."""

import json
import platform
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from http import HTTPStatus
from time import monotonic
from typing import Protocol

from paceline import __version__
from paceline.server.body import body, piece
from paceline.server.clock import Alarm
from paceline.server.ledger import Spans, Tally
from paceline.server.service import ParameterError, Service, printable

MAX_TARGET = 2048
PIECE = 2**20
KEPT = 4096

ITEM = re.compile(r"/item/(\d{1,18})", re.ASCII)
REASONS = {status.value: status.phrase for status in HTTPStatus}
CLOSE = b"Connection: close\r\n"


def head(status: int, size: int, *, keep: bool) -> bytes:
    """Format an answer's head, with the blank line that ends it; 204 and 304 have no body, so no length either."""
    length = b"" if status in (204, 304) else b"Content-Type: text/plain\r\nContent-Length: %d\r\n" % size
    reason = REASONS.get(status, "Unnamed").encode()
    return b"HTTP/1.1 %d %b\r\n%b%b\r\n" % (status, reason, length, b"" if keep else CLOSE)


def text(status: int, line: str, *, keep: bool, bare: bool = False, extra: bytes = b"") -> bytes:
    """Format an answer of one line; a `bare` one, to a HEAD request, leaves the line itself out."""
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
    """What a request asks for, worked out once per target."""

    item: int  # the item's number
    service: Service
    seconds: float  # its service time
    sent: int  # bytes of body that are really sent; with a fault only half of them
    whole: bytes  # the whole answer where it is short enough to be kept, else nothing
    prompt: bool  # the whole answer may be given straight away

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


CHUNK_SECONDS = 0.005
MIN_CHUNK, MAX_CHUNK = 256, 65536


class Receiver(Protocol):
    """Takes a chunk that has crossed; the next one, if there is more, goes to the end of the queue."""

    def deliver(self, data: bytes) -> None: ...


class Link:
    """Carries one chunk at a time, in order of asking: senders that ask for one chunk each share the bandwidth evenly.

    A chunk is delivered when its last byte has crossed: n bytes never take less than `n / bandwidth` seconds, the bytes
    of heads among them.
    """

    waiting = True

    def __init__(self, alarm: Alarm, bandwidth: float) -> None:
        self.alarm = alarm
        self.bandwidth = bandwidth
        self.chunk = int(min(MAX_CHUNK, max(MIN_CHUNK, bandwidth * CHUNK_SECONDS)))
        self.queue: deque[tuple[Receiver, bytes]] = deque()
        self.crossed_at = 0.0
        self.delivering = False

    def carry(self, receiver: Receiver, data: bytes) -> None:
        """Queue a chunk behind the others."""
        self.queue.append((receiver, data))
        if len(self.queue) == 1 and not self.delivering:
            self.crossed_at = monotonic() + len(data) / self.bandwidth  # an idle link saves nothing up
            self.alarm.at(self.crossed_at, self)

    def ring(self) -> None:
        """Deliver the chunk that has crossed, and those that would have if the wake-up had not been late."""
        now = monotonic()
        self.delivering = True
        while self.queue and self.crossed_at <= now:
            receiver, data = self.queue.popleft()
            receiver.deliver(data)
            if self.queue:
                self.crossed_at += len(self.queue[0][1]) / self.bandwidth
        self.delivering = False
        if self.queue:
            self.alarm.at(self.crossed_at, self)


@dataclass(slots=True)
class Core:
    """What all connections share."""

    alarm: Alarm
    link: Link | None  # of limited bandwidth
    tally: Tally  # since the last reset
    spans: Spans | None = None  # of a tracing server


LEDGER = b"/-/ledger"
RESET = b"/-/reset"
SPANS = b"/-/spans"
ABOUT = b"/-/about"


def other(core: Core, method: bytes, target: bytes, refusal: Refusal | None, *, keep: bool) -> bytes:
    """Answer a request that asks for no item; a GET comes with the reason why there is none."""
    if target in (ABOUT, LEDGER, RESET) or (target == SPANS and core.spans is not None):
        return control(core, method, target, keep=keep)
    if refusal is None:
        return wrong_method("GET", bare=method == b"HEAD", keep=keep)
    return text(refusal.status, refusal.line, keep=keep)


def control(core: Core, method: bytes, target: bytes, *, keep: bool) -> bytes:
    """Format the ledger, the spans or what the server is, or start the first two afresh."""
    if target == LEDGER and method == b"GET":
        return text(200, json.dumps(asdict(core.tally.ledger())), keep=keep)
    if target == ABOUT and method == b"GET":
        python = f"{platform.python_implementation()} {platform.python_version()}"
        bandwidth = core.link and core.link.bandwidth
        return text(200, json.dumps({"paceline": __version__, "python": python, "bandwidth": bandwidth}), keep=keep)
    if target == SPANS and method == b"GET" and core.spans is not None:
        return text(200, core.spans.as_json(), keep=keep)
    if target == RESET and method == b"POST":
        core.tally = Tally()
        if core.spans is not None:
            core.spans.reset()
        return text(200, "a new ledger has begun", keep=keep)
    return wrong_method("POST" if target == RESET else "GET", bare=method == b"HEAD", keep=keep)


def wrong_method(allowed: str, *, bare: bool, keep: bool) -> bytes:
    """Refuse a method, naming the one that is answered."""
    allow = f"Allow: {allowed}\r\n".encode()
    return text(405, f"only {allowed} is answered here", keep=keep, bare=bare, extra=allow)
