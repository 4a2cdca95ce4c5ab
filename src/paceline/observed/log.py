"""The log of a watched workload: lines of JSON, each written at one stroke, by any number of workers."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Span:
    """One item on one worker.

    Attributes:
        item: the item itself if it is a whole number, else a running one.
        worker: which, from 0.
        pid: its process.
        thread: its thread, by the system's number.
        cpu_start: the CPU on which it began; None where the system doesn't say.
        cpu_end: the CPU on which it ended.
        start: seconds on `time.monotonic()`, one clock for all processes of a machine.
        end: likewise.
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
    """A worker had its workload open, `at` so many seconds on `time.monotonic()`."""

    worker: int
    pid: int
    thread: int
    at: float


@dataclass(frozen=True)
class Forgotten:
    """What came before counts no more; the workers stay."""


Record = Opened | Span | Forgotten


def append(log: Path, **fields: Any) -> None:
    """Write a record into a log that nobody here keeps open."""
    descriptor = opened_for_appending(log)
    try:
        write(descriptor, fields)
    finally:
        os.close(descriptor)


def opened_for_appending(log: Path) -> int:
    """Open a file, which is made if there is none, or a FIFO.

    Raises:
        OSError: if it can't be opened; for a FIFO without a reader at once, where a plain open would wait for one.
    """
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    os.set_blocking(descriptor, True)  # a reader that is slow is waited for
    return descriptor


def write(descriptor: int, fields: Mapping[str, Any]) -> None:
    """Write a record in one piece: far below PIPE_BUF (512 or more), so that those of several workers don't mix."""
    os.write(descriptor, json.dumps(fields, separators=(",", ":")).encode() + b"\n")


class Log:
    """Reads a log from its beginning, as it grows.

    Workers get their numbers here, in the order in which their "opened" records stand in the log: 0, 1, 2 ... without
    gaps, since each opens before its first item. The workers themselves know of no number: there is no counter that
    threads, processes and interpreters could share.

    Attributes:
        unnamed: how many items were no whole numbers.
    """

    def __init__(self) -> None:
        self.unnamed = 0
        self._rest = b""
        self._workers = 0
        self._first: dict[str, int] = {}  # session -> the worker number of its first place

    def read(self, data: bytes) -> Iterator[Record]:
        """Yield what became complete with the next piece of the log."""
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
