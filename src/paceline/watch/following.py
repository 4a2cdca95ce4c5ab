"""One round to look at, and the records of its log as they come."""

import os
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path
from typing import Any, TypeAlias

from paceline.child import processes
from paceline.child.inside import Failed
from paceline.contracts import Workload
from paceline.race.racing import LEAVE_TIMEOUT
from paceline.server.process import Instrument, existing, running
from paceline.strategies import Strategy
from paceline.watch.inside import Ended, Ran, RunTwice
from paceline.workers.spans import Log, Opened, Record


@dataclass(frozen=True)
class WatchRequest:
    """What to watch.

    Attributes:
        what: its items, in words.
        made: makes the workload of a server's URL; there is none where `served` is false.
        timeout: seconds for any one step.
        server_python: the Python that runs the server; None for this one.
    """

    strategy: Strategy
    items: int
    what: str
    served: bool
    made: Callable[[str], Workload]
    timeout: float
    server_python: Path | None = None

    @contextmanager
    def workload(self, *, spans: bool = False) -> Iterator[tuple[Workload, Instrument | None]]:
        """Yield the workload, and the server that it needs, if any, which leaves spans if it shall."""
        if not self.served:
            yield self.made(""), None
            return
        with running(spans=spans, python=self.server_python) as instrument:
            if self.server_python:
                existing(instrument.url)  # of another Paceline, its answers may be others
            yield self.made(instrument.url), instrument


CHUNK = 1 << 16  # bytes, as much as a pipe holds


class WatchError(Exception):
    """What was to be watched could not be done; a misuse, where the name given leads to no function."""

    def __init__(self, why: str, *, misuse: bool = False) -> None:
        super().__init__(why)
        self.misuse = misuse


Followed: TypeAlias = Record | Ran | Ended


@contextmanager
def rounds(request: WatchRequest, *, spans: bool = False) -> Iterator[tuple[Iterable[Followed], Instrument | None]]:
    """Run what is asked for, twice: a warm round and then, after a `Forgotten`, the one to look at.

    Args:
        request: with a strategy that can run here.
        spans: have the server leave spans too.

    Yields:
        The records as they come, `Ran` and `Ended` last, which raise a WatchError if it can't be done; and the server,
        if any.
    """
    strategy = request.strategy
    with request.workload(spans=spans) as (workload, server), fifo() as (log, reader):
        twice = RunTwice(strategy.name, workload, strategy.workers, strategy.chosen, request.items, log)
        with closing(followed(twice, reader, request.timeout)) as records:
            yield records, server


@contextmanager
def fifo() -> Iterator[tuple[Path, int]]:
    """Make a FIFO; yield its path, and a descriptor that reads it without waiting."""
    with tempfile.TemporaryDirectory(prefix="paceline-") as folder:
        path = Path(folder, "spans")
        os.mkfifo(path)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        writer = os.open(path, os.O_WRONLY)  # held, or a FIFO that nobody writes to just now would read as ended
        try:
            yield path, reader
        finally:
            os.close(reader)
            os.close(writer)


def followed(request: RunTwice, reader: int, timeout: float) -> Generator[Followed, None, None]:
    """Start a process, have it do what is asked, and yield what its workers write down; its answers come last.

    Raises:
        WatchError: if it can't be done, takes more than `timeout` seconds for a step, or the process ends on the way.
    """
    log = Log()
    with processes.running("paceline.watch.inside") as child:
        child.requests.send(request)
        step = "its start"
        while child.answers not in (ready := connection.wait([child.answers, reader], timeout)):
            if not ready:
                raise WatchError(f"no end of {step} within {timeout:g} s; --timeout allows more")
            for record in log.read(os.read(reader, CHUNK)):
                step = "its start" if isinstance(record, Opened) and record.worker + 1 < request.workers else "an item"
                yield record
        answer = _answer(child)
        yield from log.read(_rest(reader))
        if isinstance(answer, Failed):
            raise WatchError(answer.why, misuse=answer.misuse)
        yield answer
        yield _ended(child)


def _answer(child: processes.Child) -> Any:
    try:
        return child.answers.recv()
    except (EOFError, OSError):
        return Failed(child.death(), misuse=False)


def _ended(child: processes.Child) -> Ended:
    """Wait for the end of the strategy, which is no part of the round: what is wrong with it is a word, no failure."""
    if not child.answers.poll(LEAVE_TIMEOUT):
        return Ended(f"no end within {LEAVE_TIMEOUT:g} s")
    answer = _answer(child)
    return answer if isinstance(answer, Ended) else Ended(answer.why)


def _rest(reader: int) -> bytes:
    """Read what is still in the FIFO; all that was written before the answer is."""
    pieces = []
    with suppress(BlockingIOError):
        while piece := os.read(reader, CHUNK):
            pieces.append(piece)
    return b"".join(pieces)
