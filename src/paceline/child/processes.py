"""A process of ours: start it, ask it for one answer, end it with all it has started."""

import fcntl
import os
import pickle
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import IO, Any, NoReturn

import psutil

from paceline.child.inside import Request
from paceline.workers import gil
from paceline.workers.errors import Raised, standard_library_first

MEMORY_KIND = "PSS" if sys.platform == "linux" else "USS"
"""PSS shares out what several processes have in common; where the system has none, USS leaves it out."""

_GONE = (psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError)
_CHECK_INTERVAL = 0.002  # seconds
_TRACKER_TIMEOUT = 2.0  # seconds
_KILL_TIMEOUT = 5.0  # seconds; SIGKILL takes effect when the system next gets round to the process


def members(pid: int) -> list[psutil.Process]:
    """Return a process and its descendants, as far as they are alive."""
    with suppress(*_GONE):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def workers_cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of a process's descendants so far; the process itself counts its own better."""
    return _summed(_cpu_seconds_of, members(pid)[1:])


def memory_bytes(pid: int) -> int:
    """Return the memory of a process tree, in bytes of `MEMORY_KIND`."""
    return int(_summed(_memory_of, members(pid)))


def wait_for_end(processes: Iterable[psutil.Process], timeout: float) -> None:
    """Wait until processes have ended; their exit status is left to others."""
    deadline = time.monotonic() + timeout
    for process in processes:
        while _runs(process) and time.monotonic() < deadline:
            time.sleep(_CHECK_INTERVAL)


def end_session(pid: int) -> None:
    """Kill a process that leads a session of its own, and all that descend from it; none is left when it returns.

    Must be called before the process has been waited for, or its number could be another's by now. The trackers of
    multiprocessing end last and by themselves, once they have removed the semaphores that the others have left.
    """
    found = {process.pid: process for process in (*members(pid), *_group(pid))}
    trackers = [process for process in found.values() if _tracks(process)]
    others = [process for process in found.values() if process not in trackers]
    _kill(others)
    wait_for_end([process for process in others if process.pid != pid], _KILL_TIMEOUT)
    wait_for_end(trackers, _TRACKER_TIMEOUT)
    _kill(trackers)
    wait_for_end(trackers, _KILL_TIMEOUT)


def end_tree(pid: int) -> None:
    """Kill a process and all its descendants, whatever groups they are in, except this process.

    They are stopped first, so that none of them starts another meanwhile.
    """
    found: list[psutil.Process] = []
    while more := [each for each in members(pid) if each not in found and each.pid != os.getpid()]:
        found += more
        for each in more:
            with suppress(*_GONE):
                each.suspend()
    _kill(found)
    wait_for_end(found, _KILL_TIMEOUT)


def end_own() -> NoReturn:
    """Kill all of this process's own group but the trackers, and end it."""
    if os.getpgrp() == os.getpid():
        _kill(process for process in _group(os.getpid()) if process.pid != os.getpid() and not _tracks(process))
    os._exit(1)


def _group(number: int) -> Iterator[psutil.Process]:
    """Yield the processes of a group, among them those whose parents are gone."""
    for pid in psutil.pids():
        with suppress(*_GONE, PermissionError):
            if os.getpgid(pid) == number:
                yield psutil.Process(pid)


def _kill(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with suppress(*_GONE):
            process.kill()


def _tracks(process: psutil.Process) -> bool:
    with suppress(*_GONE):
        return any("multiprocessing.resource_tracker" in word for word in process.cmdline())
    return False


def _runs(process: psutil.Process) -> bool:
    """Whether it has not ended; a zombie has."""
    with suppress(*_GONE):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _summed(figure: Callable[[psutil.Process], float], tree: Iterable[psutil.Process]) -> float:
    total = 0.0
    for process in tree:
        with suppress(*_GONE):
            total += figure(process)
    return total


def _cpu_seconds_of(process: psutil.Process) -> float:
    """Return the CPU seconds of a process and of its children that are gone.

    On Linux a process has a clock, exact to the nanosecond; the system's other figures come in ticks of 10 ms.
    """
    times = process.cpu_times()
    gone = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    if sys.platform == "linux":
        with suppress(OSError):
            return time.clock_gettime((~process.pid << 3) | 2) + gone  # CPUCLOCK_SCHED of linux/posix-timers.h
    return times.user + times.system + gone


def _memory_of(process: psutil.Process) -> float:
    whole = process.memory_full_info()
    return float(getattr(whole, "pss", whole.uss))


END_TIMEOUT = 1.0  # seconds from the end of its pipe to its own
LAST_OUTPUT = 4096  # bytes
LONGEST_PLACE = 64  # bytes; a socket's whole path has room for some 100, and 36 are in folders and names below it


class Child:
    """A running process, in a session of its own: Ctrl-C reaches this process only, which then ends it.

    `pid` leads the session; `requests` and `answers` are the pipes to it and from it.
    """

    def __init__(self, process: subprocess.Popen[bytes], output: IO[bytes]) -> None:
        assert process.stdin
        assert process.stdout
        self._process, self._output = process, output
        self.pid = process.pid
        self.requests: Connection[Any, Any] = Connection(os.dup(process.stdin.fileno()), readable=False)
        self.answers: Connection[Any, Any] = Connection(os.dup(process.stdout.fileno()), writable=False)
        process.stdin.close()  # it ends when its pipe closes, so nothing else may hold it open
        process.stdout.close()

    def death(self, when: str = "") -> str:
        """Return how it ended, `when`, with the last line it wrote; for when its pipe has closed."""
        wait_for_end(members(self._process.pid)[:1], END_TIMEOUT)  # the pipe closes a little earlier
        end_session(self._process.pid)
        status = self._process.wait()
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        self._output.seek(0)
        last = self._output.read()[-LAST_OUTPUT:].decode("utf-8", "replace").strip().rpartition("\n")[2]
        return f"its process ended with {how}{when}" + (f": {last}" if last else "")

    def end(self) -> None:
        """Kill it and all that it started, whatever state they are in."""
        if self._process.returncode is None:
            end_session(self._process.pid)
            self._process.wait()
        self.requests.close()
        self.answers.close()


@contextmanager
def running(module: str) -> Iterator[Child]:
    """Run `main` of a module of ours in another process while the context lasts; its argument is a folder to make."""
    with (
        _folder() as folder,
        _appended_file() as output,
        subprocess.Popen(  # noqa: S603 - our own module, in our own interpreter
            [sys.executable, *gil.as_here(), "-P", "-m", "paceline.child", module, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            start_new_session=True,
        ) as process,
    ):
        child = Child(process, output)
        try:
            yield child
        finally:
            child.end()


@contextmanager
def _folder() -> Iterator[str]:
    """Return a folder's name for the process's temporary files, and remove it at the end.

    The process makes it, and removes it if this one is killed, which could leave it behind if it made it beforehand.
    """
    place = tempfile.gettempdir()
    if len(place) > LONGEST_PLACE and os.path.isdir("/tmp"):  # noqa: PTH112, S108 - as multiprocessing does since 3.14
        place = "/tmp"  # noqa: S108
    folder = os.path.join(place, f"pl-{secrets.token_hex(4)}")  # noqa: PTH118 - an argument is text
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _appended_file() -> Iterator[IO[bytes]]:
    """Open a nameless file that can be emptied while processes append to it; `TemporaryFile("a+b")` drops the flag."""
    with tempfile.TemporaryFile() as file:
        fcntl.fcntl(file, fcntl.F_SETFL, fcntl.fcntl(file, fcntl.F_GETFL) | os.O_APPEND)
        yield file


TIMEOUT = 120.0  # seconds


class LostError(RuntimeError):
    """A new interpreter gave no answer: it hung or ended."""


class HungError(LostError):
    """It gave none in time."""


def call(function: str, *arguments: Any, timeout: float = TIMEOUT, **keywords: Any) -> Any:
    """Call a function in a new interpreter, which imports from where this process does, the standard library first.

    Args:
        function: `module:function`.
        arguments: picklable, as the result must be.
        timeout: seconds from its start until its answer.
        keywords: further arguments, by name.

    Raises:
        HungError: if no answer comes in time. Nothing that it started is left.
        LostError: if the interpreter ends without one. Nor is it then.
        Exception: whatever the function raised, with a note on where.
    """
    request = Request(tuple(standard_library_first(sys.path)), function, pickle.dumps((arguments, keywords)))
    with running("paceline.child.inside") as interpreter:
        answer = _answer(interpreter, request, timeout)
    if isinstance(answer, Raised):
        answer.error.add_note(f"raised by {function} in a fresh interpreter:\n{answer.trace}")
        raise answer.error
    return answer


def _answer(interpreter: Child, request: Request, timeout: float) -> Any:
    try:
        interpreter.requests.send(request)
        if not interpreter.answers.poll(timeout):
            raise HungError(f"{request.function} hung: no answer within {timeout:g} s; its interpreter is ended")
        return interpreter.answers.recv()
    except (EOFError, OSError):
        raise LostError(f"{request.function} gave no answer: {interpreter.death()}") from None
