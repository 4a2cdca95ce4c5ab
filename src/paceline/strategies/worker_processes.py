"""What strategies with worker processes have in common: the meeting before the first round, and the end."""

import multiprocessing
import os
import signal
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import connection, forkserver
from types import TracebackType
from typing import Any

from paceline.strategies.base import START_TIMEOUT, STOP_TIMEOUT, NotEnded, NotReady, Strategy, WorkerDied


def meet(strategy: Strategy, ready: Any, processes: Sequence[Any], broken: Callable[[str], WorkerDied]) -> None:
    """Wait until each of a strategy's processes has said that its workload is open.

    Args:
        strategy: whose workers they are.
        ready: the connection on which each says so: None, or the error that kept it from opening the workload.
        processes: all of them.
        broken: makes the error for a death, told when it was.

    Raises:
        Exception: the first error that a worker told.
        WorkerDied: if one ended without a word.
        NotReady: if not all have said so within `START_TIMEOUT`.
    """
    deadline = time.monotonic() + START_TIMEOUT
    sentinels = [process.sentinel for process in processes]
    for _ in range(strategy.workers):
        told = connection.wait([ready, *sentinels], deadline - time.monotonic())
        if ready in told:
            if (error := ready.recv()) is not None:
                raise error
        elif told:
            raise broken("before it was ready")
        else:
            raise NotReady(f"{strategy.name}: {strategy.workers} workers were not all ready within {START_TIMEOUT:g} s")


KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # which ends a process at once on Windows


def ended(processes: Sequence[Any]) -> list[Any]:
    """Those of `processes` that have ended, by their sentinels.

    Their exit codes are left alone: a pool's own thread may be reading one just now, and only one reader gets it.
    """
    ready = connection.wait([process.sentinel for process in processes], 0)
    return [process for process in processes if process.sentinel in ready]


def wait_for_ends(processes: Sequence[Any], timeout: float) -> list[Any]:
    """Wait for the end of all processes; stop at the first that ended badly, or when `timeout` seconds are over.

    Returns:
        Those that ended badly or not at all.
    """
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
    """Make the error that says how workers ended."""
    ends = ", ".join(f"process {process.pid} ({_end(process.exitcode)})" for process in processes)
    return WorkerDied(f"a worker ended {when}: {ends}; its items have no result")


def late_end(processes: Sequence[Any], words: Sequence[str]) -> NotEnded | WorkerDied:
    """Make the error for workers that did not end well once their work was done.

    Args:
        processes: they.
        words: what they said themselves: who waits for what.
    """
    if not words:
        return death(processes, "on the way out")
    return NotEnded(
        f"workers did their items and did not end, as they waited for what those left: {', '.join(words)};"
        " end such a thread or process, or start it with daemon=True"
    )


def last_words(pipes: Sequence[Any]) -> list[str]:
    """Read what workers said on their way out; everything else that is in their pipes is dropped."""
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
    """A strategy that kills its processes where it is interrupted, says which have ended where some have, and else lets
    them finish.

    Attributes:
        _over: whether there is nothing to end: not yet, or not any more.
    """

    computes_in = "processes"
    pickles = True
    _over: bool

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._over:
            return
        if kind is not None and not issubclass(kind, Exception):
            self._kill()
            return
        self._stop_if_dead("between two rounds")
        self._close()

    def _stop_if_dead(self, when: str) -> None:
        """Put everything down if a process has ended: nothing can be relied on from then on.

        Raises:
            WorkerDied: saying which, and how.
        """
        if self._dead():
            raise self._broken(when)

    @abstractmethod
    def _dead(self) -> Sequence[Any]:
        """Return the processes that have ended."""

    @abstractmethod
    def _broken(self, when: str) -> WorkerDied:
        """Put everything down, and make the error that says which processes have ended."""

    @abstractmethod
    def _kill(self) -> None:
        """End all processes at once."""

    @abstractmethod
    def _close(self) -> None:
        """Let the workers close the workload and end, and wait for them.

        Raises:
            WorkerDied: if one does not end well.
        """
