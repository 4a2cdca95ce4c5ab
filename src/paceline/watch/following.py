"""One round to look at: what was typed, and the records of its log as they come."""

import os
import tempfile
from argparse import Namespace
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path
from typing import Any, TypeAlias

from paceline import machine
from paceline.child import processes
from paceline.child.inside import Failed
from paceline.contracts import Option, Workload
from paceline.race.racing import LEAVE_TIMEOUT
from paceline.server.process import Instrument, running
from paceline.server.service import Service, read_jitter
from paceline.strategies import STRATEGIES, Strategy
from paceline.text.formats import setting
from paceline.watch.messages import Ended, Ran, Request
from paceline.workers.spans import Log, Opened, Record
from paceline.workloads import Call, Compute, Fetch, Mixed

LATENCY = 0.05  # seconds: slow enough to be watched
CPU_SECONDS = 0.01
STEPS = 200_000
SIZE = 1024  # bytes of an answer
WAITING_WORKERS = 4  # as in the lesson
ITEMS = 40

NAMES = [strategy.name for strategy in STRATEGIES]
TAKES = {"downloads": ("latency", "jitter"), "computing": ("n",), "mixed": ("latency", "jitter", "cpu")}
"""Workload -> the options that are for it."""


class MisuseError(ValueError):
    """What was typed makes no sense."""


@dataclass(frozen=True)
class Wish:
    """What to watch.

    Attributes:
        what: its items, in words.
        made: makes the workload of a server's URL; there is none where `served` is false.
        timeout: seconds for any one step.
    """

    strategy: Strategy
    items: int
    what: str
    served: bool
    made: Callable[[str], Workload]
    timeout: float

    @contextmanager
    def workload(self, *, spans: bool = False) -> Iterator[tuple[Workload, Instrument | None]]:
        """Yield the workload, and the server that it needs, if any, for as long as it is needed.

        Args:
            spans: have the server leave a span for each item.
        """
        if not self.served:
            yield self.made(""), None
            return
        with running(spans=spans) as instrument:
            yield self.made(instrument.url), instrument


def wish(arguments: Namespace) -> Wish:
    """Make sense of what was typed.

    Raises:
        MisuseError: if there is none in it.
    """
    chosen = next((known for known in STRATEGIES if known.name == arguments.strategy), None)
    if chosen is None:
        raise MisuseError(f"there is no strategy {arguments.strategy!r}; there are: {', '.join(NAMES)}")
    _check_fitting(arguments)
    what, served, made = _work(arguments)
    workers = arguments.workers or (machine.whole_cpus() if arguments.workload == "computing" else WAITING_WORKERS)
    try:
        strategy = chosen(made(""), workers, **dict(map(_option, arguments.option)))
    except (TypeError, ValueError) as error:
        raise MisuseError(str(error)) from None
    return Wish(strategy, arguments.items or ITEMS, what, served, made, arguments.timeout)


def _check_fitting(arguments: Namespace) -> None:
    takes = TAKES.get(arguments.workload, ())
    for name in ("latency", "jitter", "n", "cpu"):
        if getattr(arguments, name) is not None and name not in takes:
            fit = " and ".join(workload for workload, taken in TAKES.items() if name in taken)
            raise MisuseError(f"--{name} is for {fit}; {arguments.workload} has no use for it")


def _work(arguments: Namespace) -> tuple[str, bool, Callable[[str], Workload]]:
    """Return what the items are, whether a server serves them, and how their workload is made of its URL."""
    match arguments.workload:
        case "computing":
            steps = arguments.n or STEPS
            return f"computations of {steps} squares", False, lambda _: Compute("squares", steps)
        case "downloads":
            query = _query(arguments)
            return _downloads(arguments), True, lambda url: _fetch(url, query)
        case "mixed":
            query, cpu = _query(arguments), CPU_SECONDS if arguments.cpu is None else arguments.cpu
            what = f"{_downloads(arguments)}, then {setting(cpu)} of computing"
            return what, True, lambda url: Mixed(_fetch(url, query), cpu)
        case name if ":" in name:
            return f"calls of {name}", False, lambda _: Call(name)
        case name:
            raise MisuseError(f"there is no workload {name!r}; there are: {', '.join(TAKES)}, module:function")


def _downloads(arguments: Namespace) -> str:
    jitter = f" (jitter {arguments.jitter})" if arguments.jitter else ""
    return f"downloads of {setting(_latency(arguments))}{jitter}"


def _latency(arguments: Namespace) -> float:
    return LATENCY if arguments.latency is None else float(arguments.latency)


def _query(arguments: Namespace) -> str:
    try:
        jitter = read_jitter("jitter", arguments.jitter) if arguments.jitter is not None else None
        return Service(latency=_latency(arguments), jitter=jitter, size=SIZE).query()
    except ValueError as error:
        raise MisuseError(str(error)) from None


def _fetch(url: str, query: str) -> Fetch:
    return Fetch(f"{url}/item/{{item}}?{query}", SIZE)


def _option(text: str) -> tuple[str, Option]:
    """Read NAME=VALUE; a value that reads as a number is one."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise MisuseError(f"--option {text}: write NAME=VALUE, as in chunksize=5")
    return name, int(value) if value.isascii() and value.isdigit() else value


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
    if not child.answers.poll(LEAVE_TIMEOUT):
        return Ended(f"no end within {LEAVE_TIMEOUT:g} s")
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
