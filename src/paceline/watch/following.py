"""
From a process that is watched to the records of its log, as they come.
"""

import os
import tempfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from multiprocessing import connection
from pathlib import Path

from paceline import piped
from paceline.observed import Log, Record
from paceline.piped_worker import Failed
from paceline.server.process import Instrument
from paceline.watch.messages import Ran, Request
from paceline.watch.wish import Wish

CHUNK = 1 << 16  # bytes, as much as a pipe holds


class WatchError(Exception):
    """
    What was to be watched could not be done.

    Args:
        why: in words.
        misuse: whether the name given leads to no function.
    """

    def __init__(self, why: str, *, misuse: bool = False) -> None:
        super().__init__(why)
        self.misuse = misuse


@contextmanager
def rounds(wished: Wish, *, spans: bool = False) -> Iterator[tuple[Iterable[Record | Ran], Instrument | None]]:
    """
    Run what is wished for, twice: a warm round and then, after a `Forgotten`, the one to look at.

    Args:
        wished: a strategy that can run here.
        spans: have the server leave spans too.

    Yields:
        The records as they come, `Ran` last, which raise a WatchError if it can't be done; and the server, if any.
    """
    strategy = wished.strategy
    with wished.workload(spans=spans) as (workload, server), fifo() as (log, reader):
        request = Request(strategy.name, workload, strategy.workers, strategy.chosen, wished.items, log)
        with closing(followed(request, reader)) as records:
            yield records, server


@contextmanager
def fifo() -> Iterator[tuple[Path, int]]:
    """
    Make a FIFO; give its path, and a descriptor that reads it without waiting.
    """
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


def followed(request: Request, reader: int) -> Generator[Record | Ran, None, None]:
    """
    Start a process, have it do what is asked, and give what its workers write down; its answer comes last.

    Raises:
        WatchError: if it can't be done, or the process ends on the way.
    """
    log = Log()
    with piped.running("paceline.watch.inside") as child:
        child.requests.send(request)
        while child.answers not in connection.wait([child.answers, reader]):
            yield from log.read(os.read(reader, CHUNK))
        answer = _answer(child)
        yield from log.read(_rest(reader))
    if isinstance(answer, Failed):
        raise WatchError(answer.why, misuse=answer.misuse)
    yield answer


def _answer(child: piped.Piped) -> Ran | Failed:
    try:
        answer: Ran | Failed = child.answers.recv()
    except (EOFError, OSError):
        return Failed(child.death(), misuse=False)
    return answer


def _rest(reader: int) -> bytes:
    """
    Read what is still in the FIFO; all that was written before the answer is.
    """
    pieces = []
    try:
        while piece := os.read(reader, CHUNK):
            pieces.append(piece)
    except BlockingIOError:
        pass
    return b"".join(pieces)
