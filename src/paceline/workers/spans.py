"""What each worker did when: a log of spans that all processes append to, and the workload that writes them."""

import heapq
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from paceline.contracts import AWAITED, AsyncRun, Flavour, Item, Result, Run, Workload, Wrapper


@dataclass(frozen=True)
class Span:
    """One item on one worker.

    Attributes:
        item: itself if it is a whole number, else a running one.
        worker: which, from 0.
        thread: by the system's number.
        cpu_start: the CPU on which it began; None where the system doesn't say.
        start: seconds on `time.monotonic()`, one clock for all processes of a machine.
    """

    item: int
    worker: int
    pid: int
    thread: int
    cpu_start: int | None
    cpu_end: int | None
    start: float
    end: float


@dataclass(frozen=True)
class Opened:
    """A worker had its workload open at `at`, seconds on `time.monotonic()`."""

    worker: int
    pid: int
    thread: int
    at: float


@dataclass(frozen=True)
class Forgotten:
    """The records before no longer count; the workers stay."""


Record = Opened | Span | Forgotten


def append(log: Path, **fields: Any) -> None:
    """Append a record to a log that isn't open."""
    with opened_for_appending(log) as descriptor:
        write(descriptor, fields)


@contextmanager
def opened_for_appending(log: Path) -> Iterator[int]:
    """Open a file, which is made if there is none, or a FIFO.

    A FIFO without a reader is an `OSError` at once, where a plain open would wait for one.
    """
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    try:
        os.set_blocking(descriptor, True)  # a reader that is slow is waited for
        yield descriptor
    finally:
        os.close(descriptor)


def write(descriptor: int, fields: Mapping[str, Any]) -> None:
    """Write a record in one piece: far below PIPE_BUF (512 or more), so that those of several workers don't mix."""
    os.write(descriptor, json.dumps(fields, separators=(",", ":")).encode() + b"\n")


class Log:
    """Reads a log from its beginning, as it grows, and counts the items that were no whole numbers: `unnamed`.

    Workers get their numbers here, 0, 1, 2 ... in the order of their "opened" records, which come before their first
    items: there is no counter that threads, processes and interpreters could share.
    """

    def __init__(self) -> None:
        self.unnamed = 0
        self._rest = b""
        self._workers = 0
        self._first: dict[str, int] = {}  # session -> the worker number of its first place

    def read(self, data: bytes) -> Iterator[Record]:
        """Yield the records that the next piece of the log completes."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            yield from self._records(json.loads(line))

    def _records(self, fields: dict[str, Any]) -> Iterator[Record]:
        match fields:
            case {"opened": session, "places": places, **where}:
                first = self._first[session] = self._workers
                self._workers += places
                yield from (Opened(worker, **where) for worker in range(first, self._workers))
            case {"session": session, "place": place, "item": item, **rest}:
                yield Span(self._number(item), self._first[session] + place, **rest)
            case _:
                yield Forgotten()

    def _number(self, item: int | None) -> int:
        if item is not None:
            return item
        self.unnamed += 1
        return self.unnamed - 1


_STAT = Path("/proc/thread-self/stat")
_PROCESSOR = 39 - 3  # field 39 of proc(5); those after the name, which may hold blanks and brackets, begin with field 3

Finder = Callable[[], int | None]


def finder() -> Finder:
    """Return the best way that works here, by trying."""
    for make in (from_c_library, from_proc):
        with suppress(ImportError, OSError, AttributeError, TypeError, ValueError, IndexError):
            find = make()
            if (cpu := find()) is not None and cpu >= 0:
                return find
    return _unknown


def from_c_library() -> Finder:
    """Ask the C library, with the GIL held: letting it go for so short a call would invite another thread in."""
    import ctypes  # here: an interpreter that can't load it must be able to load this module

    find: Finder = ctypes.PyDLL(None).sched_getcpu
    return find


def from_proc() -> Finder:
    return _read


def _read() -> int:
    return int(_STAT.read_text().rpartition(")")[2].split()[_PROCESSOR])


def _unknown() -> None:
    return None


LARGEST = 2**63  # beyond, an item is no number that anybody counts with, and its record could become long


class Session:
    """One opening, with its own way into the log."""

    def __init__(self, descriptor: int, places: int) -> None:
        self._descriptor = descriptor
        self._name = os.urandom(8).hex()  # differs in every process and interpreter, after a fork too
        self._cpu = finder()
        where = {"pid": os.getpid(), "thread": threading.get_native_id(), "at": time.monotonic()}
        write(descriptor, {"opened": self._name, "places": places, **where})

    def begin(self) -> tuple[int | None, float]:
        return self._cpu(), time.monotonic()

    def end(self, item: Item, place: int, begun: tuple[int | None, float]) -> None:
        end, cpu_end = time.monotonic(), self._cpu()
        span = {
            "session": self._name,
            "place": place,
            "item": number(item),
            "pid": os.getpid(),
            "thread": threading.get_native_id(),
            "cpu_start": begun[0],
            "cpu_end": cpu_end,
            "start": begun[1],
            "end": end,
        }
        write(self._descriptor, span)


@contextmanager
def session(log: Path, places: int) -> Iterator[Session]:
    """Open the log, say that so many places are ready, and close it after."""
    with opened_for_appending(log) as descriptor:
        yield Session(descriptor, places)


def number(item: Item) -> int | None:
    """Return the number that stands for an item in its span; None if it is no whole number."""
    whole = isinstance(item, int) and not isinstance(item, bool)
    return int(item) if whole and abs(item) < LARGEST else None


@dataclass(frozen=True)
class Observed(Wrapper):
    """Has each worker leave a span for every item, one that fails too.

    A blocking opening is one worker; on a loop there are as many as it keeps items in flight, and the lowest free place
    takes the next item. Workers append to the `log`, a file, or a FIFO that something else reads.
    """

    workload: Workload
    log: Path

    @contextmanager
    def around(self, run: Any, flavour: Flavour, places: int) -> Iterator[Any]:
        watch = _watched_on_loop if flavour in AWAITED else _watched
        with session(self.log, places) as opened:
            yield watch(run, opened, places)

    def spans(self) -> list[Span]:
        """Return the spans since the last `forget`, in order of completion.

        Items that are no whole numbers are numbered as they began: as they were submitted, if that is one by one.
        """
        log = Log()
        spans: list[Span] = []
        for record in self._records(log):
            if isinstance(record, Span):
                spans.append(record)
            elif isinstance(record, Forgotten):
                spans.clear()
        if log.unnamed:
            spans.sort(key=lambda span: span.start)
            spans = [replace(span, item=number) for number, span in enumerate(spans)]
        return sorted(spans, key=lambda span: span.end)

    def opened(self) -> list[Opened]:
        """Return the workers, in the order of their numbers."""
        return [record for record in self._records(Log()) if isinstance(record, Opened)]

    def forget(self) -> None:
        """Drop the spans so far, between two rounds; the workers keep their numbers.

        It is one more record, not a shorter file: a FIFO can't be cut, and its reader gets to know.
        """
        append(self.log, forgotten=True)

    def _records(self, log: Log) -> Iterator[Record]:
        return log.read(self.log.read_bytes() if self.log.exists() else b"")


def _watched(run: Run, opened: Session, places: int) -> Run:
    del places

    def watched(item: Item) -> Result:
        begun = opened.begin()
        try:
            return run(item)
        finally:
            opened.end(item, 0, begun)

    return watched


def _watched_on_loop(run: AsyncRun, opened: Session, places: int) -> AsyncRun:
    free = list(range(places))

    async def watched(item: Item) -> Result:
        place = heapq.heappop(free)
        begun = opened.begin()
        try:
            return await run(item)
        finally:
            opened.end(item, place, begun)
            heapq.heappush(free, place)

    return watched
