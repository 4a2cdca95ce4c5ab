"""From a process that is watched to the records of its log, as they come."""

import os
import tempfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from multiprocessing import connection
from pathlib import Path
from typing import Any, TypeAlias

from paceline.child import processes
from paceline.child.inside import Failed
from paceline.race.child import FAREWELL
from paceline.server.process import Instrument
from paceline.watch.messages import Ended, Ran, Request
from paceline.watch.wish import Wish
from paceline.workers.spans import Log, Opened, Record

CHUNK = 1 << 16  # bytes, as much as a pipe holds


class WatchError(Exception):
    """What was to be watched could not be done.

    Args:
        why: in words.
        misuse: whether the name given leads to no function.
    """

    def __init__(self, why: str, *, misuse: bool = False) -> None:
        super().__init__(why)
        self.misuse = misuse


Followed: TypeAlias = Record | Ran | Ended


@contextmanager
def rounds(wished: Wish, *, spans: bool = False) -> Iterator[tuple[Iterable[Followed], Instrument | None]]:
    """Run what is wished for, twice: a warm round and then, after a `Forgotten`, the one to look at.

    Args:
        wished: a strategy that can run here.
        spans: have the server leave spans too.

    Yields:
        The records as they come, `Ran` and `Ended` last, which raise a WatchError if it can't be done; and the server,
        if any.
    """
    strategy = wished.strategy
    with wished.workload(spans=spans) as (workload, server), fifo() as (log, reader):
        request = Request(strategy.name, workload, strategy.workers, strategy.chosen, wished.items, log)
        with closing(followed(request, reader, wished.timeout)) as records:
            yield records, server


@contextmanager
def fifo() -> Iterator[tuple[Path, int]]:
    """Make a FIFO; give its path, and a descriptor that reads it without waiting."""
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


def followed(request: Request, reader: int, timeout: float) -> Generator[Followed, None, None]:
    """Start a process, have it do what is asked, and give what its workers write down; its answers come last.

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


def _answer(child: processes.Piped) -> Any:
    try:
        return child.answers.recv()
    except (EOFError, OSError):
        return Failed(child.death(), misuse=False)


def _ended(child: processes.Piped) -> Ended:
    """Wait for the end of the strategy, which is no part of the round: what is wrong with it is told, and no more."""
    if not child.answers.poll(FAREWELL):
        return Ended(f"no end within {FAREWELL:g} s")
    answer = _answer(child)
    return answer if isinstance(answer, Ended) else Ended(answer.why)


def _rest(reader: int) -> bytes:
    """Read what is still in the FIFO; all that was written before the answer is."""
    pieces = []
    try:
        while piece := os.read(reader, CHUNK):
            pieces.append(piece)
    except BlockingIOError:
        pass
    return b"".join(pieces)
