"""What strategies with worker processes have in common: start, the meeting before the first round, and the end."""

import multiprocessing
import os
import signal
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import connection, forkserver
from typing import Any, TypeAlias

from paceline.strategies.base import (
    START_TIMEOUT,
    STOP_TIMEOUT,
    NotEnded,
    NotReady,
    Strategy,
    WorkerDied,
    undone_on_error,
)

CLEAN_START = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
"""The cheapest start method whose processes are no copies of this one."""

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # which ends a process at once on Windows

Pipe: TypeAlias = "connection.Connection[Any, Any]"


def start_process(method: str, main: Callable[..., None], *arguments: Any, daemon: bool = True) -> tuple[Any, Pipe]:
    """Start a process that runs `main(pipe, *arguments)`, and return it with the other end of its pipe."""
    context: Any = multiprocessing.get_context(method)
    ours, its = context.Pipe()
    with its:
        process = context.Process(target=main, args=(its, *arguments), daemon=daemon)
        with undone_on_error(ours.close):
            process.start()
    return process, ours


def receive(pipe: Pipe, process: Any, when: str) -> Any:
    """Return the next answer of a process, or raise a `WorkerDied` if it ended instead."""
    try:
        return pipe.recv()
    except (EOFError, OSError):  # the other end closed with its process
        process.join(STOP_TIMEOUT)
        raise death([process], when) from None


def kill_all(processes: Sequence[Any], pipes: Sequence[Pipe]) -> None:
    """End processes at once, whatever state they are in, and close their pipes."""
    for process in processes:
        process.kill()
    for process in processes:
        process.join()
    for pipe in pipes:
        pipe.close()


def meet(strategy: Strategy, ready: Pipe, processes: Sequence[Any], broken: Callable[[str], WorkerDied]) -> None:
    """Wait until each of a strategy's processes has said on `ready` that its workload is open, or its error.

    Args:
        broken: returns the error for a death, given when it was.

    Raises:
        Exception: the first error that a worker sent.
        WorkerDied: if one ended without a word.
        NotReady: if not all have said so within `START_TIMEOUT`.
    """
    deadline = time.monotonic() + START_TIMEOUT
    sentinels = [process.sentinel for process in processes]
    for _ in range(strategy.workers):
        said = connection.wait([ready, *sentinels], deadline - time.monotonic())
        if ready in said:
            if (error := ready.recv()) is not None:
                raise error
        elif said:
            raise broken("before it was ready")
        else:
            raise NotReady(f"{strategy.name}: {strategy.workers} workers were not all ready within {START_TIMEOUT:g} s")


def ended(processes: Sequence[Any]) -> list[Any]:
    """Return those of `processes` that have ended, by their sentinels.

    Their exit codes are left alone: a pool's own thread may be reading one just now, and only one reader gets it.
    """
    ready = connection.wait([process.sentinel for process in processes], 0)
    return [process for process in processes if process.sentinel in ready]


def wait_for_ends(processes: Sequence[Any], timeout: float) -> list[Any]:
    """Wait `timeout` seconds for the end of all, or until one ends badly; return those that did not end well."""
    deadline = time.monotonic() + timeout
    left = list(processes)
    while left and (ready := connection.wait([process.sentinel for process in left], deadline - time.monotonic())):
        gone = [process for process in left if process.sentinel in ready]
        for process in gone:
            process.join()
        if bad := [process for process in gone if process.exitcode]:
            return bad
        left = [process for process in left if process not in gone]
    return left


def death(processes: Sequence[Any], when: str) -> WorkerDied:
    ends = ", ".join(f"process {process.pid} ({_end(process.exitcode)})" for process in processes)
    return WorkerDied(f"a worker ended {when}: {ends}; its items have no result")


def late_end(processes: Sequence[Any], words: Sequence[str]) -> NotEnded | WorkerDied:
    """Return the error for workers that did not end well once their work was done, and say what they waited for."""
    if not words:
        return death(processes, "on the way out")
    return NotEnded(
        f"workers did their items and did not end, as they waited for what those left: {', '.join(words)};"
        " end such a thread or process, or start it with daemon=True"
    )


def last_words(pipes: Sequence[Pipe]) -> list[str]:
    """Return what workers said on their way out; everything else in their pipes is dropped."""
    words = []
    for pipe in pipes:
        with suppress(EOFError, OSError):  # the other end closed with its process
            while pipe.poll():
                words.append(pipe.recv())
    return [word for word in words if isinstance(word, str)]


@contextmanager
def killed_in_time(processes: Sequence[Any]) -> Iterator[None]:
    """Kill processes that have not let the context end within `STOP_TIMEOUT`."""
    timer = threading.Timer(STOP_TIMEOUT, _kill, [processes])
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def _kill(processes: Sequence[Any]) -> None:
    for process in processes:
        if process.exitcode is None:
            os.kill(process.pid, KILL)  # loky's have no `kill`


def _end(exitcode: int | None) -> str:
    if exitcode is None:
        return "it did not end in time"
    return f"signal {signal.Signals(-exitcode).name}" if exitcode < 0 else f"exit status {exitcode}"


def stop_forkserver() -> None:
    """Stop the fork server once nobody needs it.

    It would stay until this process ends, and the next start would find it running: not the same start.
    """
    if not multiprocessing.active_children():
        forkserver._forkserver._stop()  # type: ignore[attr-defined]  # noqa: SLF001 - there is no public way


class InProcesses(Strategy):
    """A strategy that kills its processes if it is interrupted, reports those that have died, else lets them finish.

    `_processes` are those of ours; `_over` says whether there is nothing to end: not yet, or not any more.
    """

    computes_in = "processes"
    pickles = True
    _processes: Sequence[Any] = ()
    _over: bool

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._over:
            return
        if kind is not None and not issubclass(kind, Exception):
            self._kill()
            return
        self._stop_if_dead("between two rounds")
        self._close()

    def _stop_if_dead(self, when: str) -> None:
        """End everything and raise the `WorkerDied` if a process has ended: nothing can be relied on from then on."""
        if ended(self._processes):
            raise self._broken(when)

    @abstractmethod
    def _broken(self, when: str) -> WorkerDied:
        """End everything, and return the error that says which processes have ended."""

    @abstractmethod
    def _kill(self) -> None:
        """End all processes at once."""

    @abstractmethod
    def _close(self) -> None:
        """Let the workers close the workload and end, and wait; one that does not end well is a `WorkerDied`."""
